/** `patchsig hook install`, `uninstall` and `status`: for one repository, or for all of a user's. */

import { accessSync, constants } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { ArgumentsCamelCase, Argv, CommandModule } from "yargs";
import { CliError, EXIT } from "../errors.ts";
import { hooksFolder, setGlobalHooksPath, sharedHooksPath, type HooksScope } from "../git/hooks.ts";
import { gitText } from "../git/run.ts";
import {
  hookState,
  installDispatchers,
  installHook,
  uninstallDispatchers,
  uninstallHook,
} from "../store/hook-file.ts";
import { defaultKeyPath } from "../store/key-path.ts";
import { note, out } from "./terminal.ts";

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

/** Scopes of core.hooksPath that reach further than one repository. */
const SHARED: ReadonlySet<HooksScope> = new Set(["global", "system"]);

async function install(settings: ArgumentsCamelCase<Settings>): Promise<void> {
  await checkPath();
  if (settings.global) return installGlobally();
  const { folder, scope } = await hooksFolder(process.cwd());
  if (SHARED.has(scope)) {
    if (hookState(folder).installed) return note(`signs in every repository already: ${folder}\n`);
    throw new CliError("exists", `core.hooksPath makes all repositories use ${folder}`, {
      hint: "git patchsig hook install --global",
    });
  }
  reportInstalled(folder, installHook(folder));
}

async function installGlobally(): Promise<void> {
  const cwd = process.cwd();
  const set = await sharedHooksPath(cwd, "global");
  const ours = ownFolder();
  if (set !== null && set !== ours) return reportInstalled(set, installHook(set));
  const system = await sharedHooksPath(cwd, "system");
  if (system !== null)
    throw new CliError("exists", `core.hooksPath is ${system} for the whole system`, {
      hint: "only who looks after it can put a hook there",
    });
  installDispatchers(ours);
  if (set === null) await setGlobalHooksPath(cwd, ours);
  note(`git send-email signs from now on, in every repository: core.hooksPath is ${ours}\n`);
  note(
    "all other hooks run as before; repositories with a core.hooksPath of their own do not sign\n",
  );
}

function reportInstalled(folder: string, kept: string | null): void {
  note(`git send-email signs from now on: ${hookState(folder).path}\n`);
  if (kept !== null) note(`the hook that was there runs first: ${kept}\n`);
}

async function uninstall(settings: ArgumentsCamelCase<Settings>): Promise<void> {
  const cwd = process.cwd();
  const { folder, scope } = settings.global
    ? { folder: await sharedHooksPath(cwd, "global"), scope: null }
    : await hooksFolder(cwd);
  if (SHARED.has(scope))
    throw new CliError("exists", `core.hooksPath makes all repositories use ${folder}`, {
      hint: "git patchsig hook uninstall --global",
    });
  if (folder === ownFolder()) {
    // first, so that git never looks for hooks in a folder that is gone
    await setGlobalHooksPath(cwd, null);
    if (!uninstallDispatchers(folder)) note(`${folder} holds other files too: they are left\n`);
    return note("uninstalled: core.hooksPath is unset\n");
  }
  const done = folder !== null && uninstallHook(folder);
  note(done ? `uninstalled: ${folder} is as before\n` : "it is not installed\n");
}

async function status(settings: ArgumentsCamelCase<{ readonly json: boolean }>): Promise<void> {
  const { folder, scope } = await hooksFolder(process.cwd());
  const { path, installed, other } = hookState(folder);
  const report = {
    type: "hook",
    installed,
    scope: SHARED.has(scope) ? "global" : "repository",
    path,
    other,
  };
  if (settings.json) out(`${JSON.stringify(report)}\n`);
  else if (installed)
    out(`git send-email signs ${SHARED.has(scope) ? "everywhere" : "here"}: ${path}\n`);
  else out("git send-email does not sign here: git patchsig hook install\n");
  if (!settings.json && other !== null)
    out(`${installed ? "runs first" : "another hook"}: ${other}\n`);
  if (!installed) process.exitCode = EXIT.unmet;
}

/** The folder that stands in for every repository's hooks. */
function ownFolder(): string {
  return join(dirname(defaultKeyPath(process.env)), "hooks");
}

/** CliError "not-found" if git would not find us. */
async function checkPath(): Promise<void> {
  const name = "git-patchsig";
  const places = (process.env["PATH"] ?? "").split(delimiter);
  places.push(await gitText(["--exec-path"], { cwd: process.cwd() }));
  if (places.some((folder) => isProgram(join(folder, name)))) return;
  throw new CliError("not-found", `${name} is not on the PATH: git would not find it`, {
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
