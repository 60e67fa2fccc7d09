/** `patchsig hook install`, `uninstall` and `status`: for one repository, or for all of a user's. */

import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import type { ArgumentsCamelCase, Argv, CommandModule } from "yargs";
import { PatchsigError, EXIT } from "../errors.ts";
import {
  hooksFolder,
  refuseNoFile,
  setGlobalHooksPath,
  sharedHooks,
  unvalidated,
} from "../git/hooks.ts";
import { gitText } from "../git/run.ts";
import { escapeText } from "../report/escape.ts";
import { formatRecord } from "../report/json.ts";
import {
  hookState,
  installDispatchers,
  installHook,
  overwritten,
  uninstallDispatchers,
  uninstallHook,
} from "../store/hook-file.ts";
import { defaultKeyPath } from "../store/key-path.ts";
import { gitConfig } from "../app/settings.ts";
import { out, say } from "./terminal.ts";

interface Settings {
  readonly global: boolean;
}

const global = {
  global: { type: "boolean", default: false, describe: "for all repositories of this user" },
} as const;
const json = { json: { type: "boolean", default: false, describe: "one line of JSON" } } as const;

export const setupCommand: CommandModule = {
  command: "hook",
  describe: "let git send-email sign by itself",
  builder: (yargs: Argv) =>
    yargs
      .command(
        "install",
        "sign whatever git send-email sends from this repository",
        (command) => command.options(global),
        install,
      )
      .command(
        "uninstall",
        "take the hook away, and put back what was there",
        (command) => command.options(global),
        uninstall,
      )
      .command(
        "status",
        "say whether git send-email signs here",
        (command) => command.options(json),
        status,
      )
      .demandCommand(1, "hook: install, uninstall or status?")
      .strict(),
  // never reached: demandCommand asks for one of the above
  handler: () => {},
};

async function install(settings: ArgumentsCamelCase<Settings>): Promise<void> {
  await checkPath();
  if (settings.global) return installGlobally();
  const { folder, shared } = await hooksFolder(process.cwd());
  if (shared && !hookState(folder).installed)
    throw new PatchsigError("exists", `core.hooksPath makes all repositories use ${folder}`, {
      hint: "git patchsig hook install --global",
    });
  if (shared) say(`signs in every repository already: ${folder}`);
  else reportInstalled(folder, installHook(folder));
  sayUnvalidated();
}

async function installGlobally(): Promise<void> {
  const cwd = process.cwd();
  const ours = ownFolder();
  const { path, scope, sometimes } = await sharedHooks();
  if (sometimes.length > 0)
    throw new PatchsigError(
      "exists",
      `core.hooksPath is set for some repositories, by ${sometimes[0]}`,
      {
        hint: "one setting for all would hide their hooks: git patchsig hook install in each repository",
      },
    );
  if (path !== null && !isAbsolute(path))
    throw new PatchsigError(
      "exists",
      `core.hooksPath is ${path}: each repository has hooks of its own`,
      {
        hint: "git patchsig hook install in each repository",
      },
    );
  if (path !== null && path !== ours && scope === "system")
    throw new PatchsigError("exists", `core.hooksPath is ${path} for the whole system`, {
      hint: "only who looks after it can put a hook there",
    });
  if (path !== null && path !== ours) {
    reportInstalled(path, installHook(path));
    return sayUnvalidated();
  }
  // before anything is made
  if (path === null) refuseNoFile(process.env);
  const others = overwritten(ours).filter((one) => existsSync(one));
  installDispatchers(ours);
  if (path === null) await setGlobalHooksPath(cwd, ours);
  if ((await sharedHooks()).path !== ours)
    throw new PatchsigError(
      "exists",
      `git does not use ${ours}: another setting hides core.hooksPath`,
      {
        hint: "git config --show-origin --get core.hooksPath",
      },
    );
  say("git send-email signs from now on, in every repository: core.hooksPath is now");
  say(ours);
  say("all other hooks run as before; repositories that set core.hooksPath themselves");
  say("do not sign");
  for (const one of others) say(`another program's hook is kept, and runs first: ${one}`);
  sayUnvalidated();
}

function reportInstalled(folder: string, kept: string | null): void {
  const { path, otherLast } = hookState(folder);
  say(`git send-email signs from now on: ${path}`);
  if (kept === null) return;
  say(
    otherLast
      ? `the hook that was there signs too, and runs last: ${kept}`
      : `the hook that was there runs first: ${kept}`,
  );
}

/** What git is told, so that it starts no hook. */
function sayUnvalidated(): void {
  for (const line of hindrances(unvalidated(gitConfig()))) say(`but ${line}`);
}

function hindrances({ usual, identities }: ReturnType<typeof unvalidated>): string[] {
  return [
    ...(usual === null ? [] : [`git send-email starts no hook: ${usual} is false`]),
    ...identities.map(
      ({ identity, key }) =>
        `with --identity=${identity} git send-email starts no hook: ${key} is false`,
    ),
  ];
}

async function uninstall(settings: ArgumentsCamelCase<Settings>): Promise<void> {
  const cwd = process.cwd();
  if (settings.global) return uninstallGlobally(cwd);
  const { folder, shared } = await hooksFolder(cwd);
  if (shared)
    throw new PatchsigError("exists", `core.hooksPath makes all repositories use ${folder}`, {
      hint: "git patchsig hook uninstall --global",
    });
  reportUninstalled(folder, uninstallHook(folder));
}

async function uninstallGlobally(cwd: string): Promise<void> {
  const { path: set } = await sharedHooks();
  const ours = ownFolder();
  if (set !== null && set !== ours) return reportUninstalled(set, uninstallHook(set));
  // first, so that git never looks for hooks in a folder that is gone
  if (set !== null) await setGlobalHooksPath(cwd, null);
  const { found, empty } = uninstallDispatchers(ours);
  if (!empty) say(`${ours} holds other files too: they are left`);
  if (set !== null) say("uninstalled: core.hooksPath is unset");
  else reportUninstalled(ours, found);
}

function reportUninstalled(folder: string, done: boolean): void {
  say(done ? `uninstalled: ${folder} is as before` : "it is not installed");
}

async function status(settings: ArgumentsCamelCase<{ readonly json: boolean }>): Promise<void> {
  const { folder, shared } = await hooksFolder(process.cwd());
  const { path, installed, other, otherLast } = hookState(folder);
  const off = unvalidated(gitConfig());
  const lost = folder === ownFolder() && installed ? overwritten(folder) : [];
  const signs = installed && off.usual === null;
  const report = {
    type: "hook",
    installed,
    signs,
    scope: shared ? "global" : "repository",
    path,
    other,
    unvalidated: [off.usual ?? [], off.identities.map(({ key }) => key)].flat(),
    overwritten: lost,
  };
  if (!signs) process.exitCode = EXIT.unmet;
  if (settings.json) return out(formatRecord(report));
  const line = (text: string): void => out(escapeText(text));
  if (!installed) line("git send-email does not sign here: git patchsig hook install");
  else if (signs) line(`git send-email signs ${shared ? "everywhere" : "here"}: ${path}`);
  else line(`git send-email does not sign here, though the hook is there: ${path}`);
  for (const text of installed ? hindrances(off) : []) line(text);
  if (other !== null)
    line(
      `${!installed ? "another hook" : otherLast ? "signs too, and runs last" : "runs first"}: ${other}`,
    );
  for (const one of lost) line(`not ours any more, so that no repository's own hook runs: ${one}`);
  if (lost.length > 0) line("git patchsig hook install --global mends that, and keeps both");
}

/** The folder that stands in for every repository's hooks. */
function ownFolder(): string {
  return join(dirname(defaultKeyPath(process.env)), "hooks");
}

/** PatchsigError "not-found" if git would not find us. */
async function checkPath(): Promise<void> {
  const name = "git-patchsig";
  const places = (process.env["PATH"] ?? "").split(delimiter);
  places.push(await gitText(["--exec-path"], { cwd: process.cwd() }));
  if (places.some((folder) => isProgram(join(folder, name)))) return;
  throw new PatchsigError("not-found", `${name} is not on the PATH: git would not find it`, {
    hint: "npm install -g patchsig puts it there",
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
