/** `patchsig hook install`, `uninstall` and `status`: for one repository, or for all of a user's. */

import { accessSync, constants } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { ArgumentsCamelCase, Argv, CommandModule } from "yargs";
import { CliError, EXIT } from "../errors.ts";
import { hooksFolder, setGlobalHooksPath, sharedHooksPath, type HooksScope } from "../git/hooks.ts";
import { gitText } from "../git/run.ts";
import { escapeText } from "../report/escape.ts";
import { formatRecord } from "../report/json.ts";
import {
  hookState,
  installDispatchers,
  installHook,
  uninstallDispatchers,
  uninstallHook,
} from "../store/hook-file.ts";
import { defaultKeyPath } from "../store/key-path.ts";
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

/** Scopes of core.hooksPath that reach further than one repository. */
const SHARED: ReadonlySet<HooksScope> = new Set(["global", "system"]);

async function install(settings: ArgumentsCamelCase<Settings>): Promise<void> {
  await checkPath();
  if (settings.global) return installGlobally();
  const { folder, scope } = await hooksFolder(process.cwd());
  if (SHARED.has(scope)) {
    if (hookState(folder).installed) return say(`signs in every repository already: ${folder}`);
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
  say("git send-email signs from now on, in every repository: core.hooksPath is now");
  say(ours);
  say("all other hooks run as before; repositories that set core.hooksPath themselves");
  say("do not sign");
}

function reportInstalled(folder: string, kept: string | null): void {
  say(`git send-email signs from now on: ${hookState(folder).path}`);
  if (kept !== null) say(`the hook that was there runs first: ${kept}`);
}

async function uninstall(settings: ArgumentsCamelCase<Settings>): Promise<void> {
  const cwd = process.cwd();
  if (settings.global) return uninstallGlobally(cwd);
  const { folder, scope } = await hooksFolder(cwd);
  if (SHARED.has(scope))
    throw new CliError("exists", `core.hooksPath makes all repositories use ${folder}`, {
      hint: "git patchsig hook uninstall --global",
    });
  reportUninstalled(folder, uninstallHook(folder));
}

async function uninstallGlobally(cwd: string): Promise<void> {
  const set = await sharedHooksPath(cwd, "global");
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
  const { folder, scope } = await hooksFolder(process.cwd());
  const { path, installed, other } = hookState(folder);
  const report = {
    type: "hook",
    installed,
    scope: SHARED.has(scope) ? "global" : "repository",
    path,
    other,
  };
  if (!installed) process.exitCode = EXIT.unmet;
  if (settings.json) return out(formatRecord(report));
  const line = (text: string): void => out(`${escapeText(text)}\n`);
  if (installed) line(`git send-email signs ${SHARED.has(scope) ? "everywhere" : "here"}: ${path}`);
  else line("git send-email does not sign here: git patchsig hook install");
  if (other !== null) line(`${installed ? "runs first" : "another hook"}: ${other}`);
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
