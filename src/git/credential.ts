/**
 * Passwords from git's credential helpers or the terminal, as git imap-send and git send-email get
 * theirs. They go through pipes, never through arguments (git-credential(1)).
 */

import { PatchsigError } from "../errors.ts";
import { git, runGit } from "./run.ts";
import { whoseSettings } from "./scope.ts";

export interface Login {
  readonly protocol: string;
  /** With `:PORT` if that is not the usual one. */
  readonly host: string;
  readonly username: string;
}

const FIELD = "password=";

/** PatchsigError "no-password" if no helper has it and nobody can be asked. */
export async function fillCredential(login: Login): Promise<string> {
  const { status, stdout } = await runGit(["credential", "fill"], {
    cwd: process.cwd(),
    purpose: "work",
    env: whoseSettings(process.cwd()),
    input: textOf(login),
  });
  const lines = stdout.toString("utf8").split("\n");
  const password = lines.find((line) => line.startsWith(FIELD))?.slice(FIELD.length);
  stdout.fill(0);
  if (status !== 0 || password === undefined)
    throw new PatchsigError("no-password", `no password for ${login.username} at ${login.host}`, {
      hint: "credential.helper can store one, see gitcredentials(7)",
    });
  return password;
}

/** Tells the helpers that the password was the right one. */
export async function approveCredential(login: Login, password: string): Promise<void> {
  await tell("approve", login, password);
}

/** Tells the helpers that it was wrong: they forget it. */
export async function rejectCredential(login: Login, password: string): Promise<void> {
  await tell("reject", login, password);
}

async function tell(what: "approve" | "reject", login: Login, password: string): Promise<void> {
  const input = `${textOf(login)}password=${password}\n`;
  const cwd = process.cwd();
  // a repository's settings could name any program as a helper
  const options = { cwd, purpose: "work", env: whoseSettings(cwd) } as const;
  await git(["credential", what], { ...options, input });
}

function textOf({ protocol, host, username }: Login): string {
  const lines = [`protocol=${protocol}`, `host=${host}`, `username=${username}`];
  // a line end in a value would be another field
  if (lines.some((line) => /[\r\n\0]/.test(line)))
    throw new PatchsigError("usage", "a line end in the address of a mailbox");
  return `${lines.join("\n")}\n`;
}
