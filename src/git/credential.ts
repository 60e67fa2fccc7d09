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
/** git's answer has a password and a few words; a helper could write without end. */
const MAX_ANSWER = 1 << 16;

export interface Credential {
  readonly password: string;
  /** Tells the helpers whether it was the right one: they keep it, or forget it. */
  readonly onLogin: (right: boolean) => Promise<void>;
}

/** PatchsigError "no-password" if no helper has it and nobody can be asked; "too-large". */
export async function fillCredential(login: Login): Promise<Credential> {
  const { status, stdout } = await runGit(["credential", "fill"], {
    ...terms(),
    input: textOf(login),
    maxBytes: MAX_ANSWER,
  });
  const answer = stdout.toString("utf8");
  const password = answer.split("\n").find((line) => line.startsWith(FIELD));
  stdout.fill(0);
  if (status !== 0 || password === undefined)
    throw new PatchsigError("no-password", `no password for ${login.username} at ${login.host}`, {
      hint: "credential.helper can store one, see gitcredentials(7)",
    });
  return {
    password: password.slice(FIELD.length),
    // all of it: an access token's helper needs when it expires, and what gets another one
    onLogin: async (right) =>
      void (await git(["credential", right ? "approve" : "reject"], { ...terms(), input: answer })),
  };
}

/** A repository's settings could name any program as a helper. */
function terms(): {
  readonly cwd: string;
  readonly purpose: "work";
  readonly env: Record<string, string>;
} {
  const cwd = process.cwd();
  return { cwd, purpose: "work", env: whoseSettings(cwd) };
}

function textOf({ protocol, host, username }: Login): string {
  const lines = [`protocol=${protocol}`, `host=${host}`, `username=${username}`];
  // a line end in a value would be another field
  if (lines.some((line) => /[\r\n\0]/.test(line)))
    throw new PatchsigError("usage", "a line end in the address of a mailbox");
  return `${lines.join("\n")}\n`;
}
