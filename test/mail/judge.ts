/** Stock git as the judge of src/mail. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { formatInfo, readMail } from "../../src/mail/mailinfo.ts";

interface Reading {
  readonly info: Buffer;
  readonly message: Buffer;
  readonly patch: Buffer;
}

/** What `git mailinfo` makes of mails; `close` removes its scratch directory. */
export interface Judge {
  read(mail: Buffer): Reading | null;
  close(): void;
}

export function openJudge(): Judge {
  const directory = mkdtempSync(join(tmpdir(), "patchsig-judge-"));
  const message = join(directory, "message");
  const patch = join(directory, "patch");
  const args = [
    "-c",
    "i18n.commitEncoding=UTF-8",
    "mailinfo",
    "-u",
    "--no-scissors",
    message,
    patch,
  ];
  return {
    read(mail) {
      const run = spawnSync("git", args, { input: mail, maxBuffer: 1 << 28 });
      if (run.error !== undefined) throw run.error;
      if (run.status !== 0) return null;
      return { info: run.stdout, message: readFileSync(message), patch: readFileSync(patch) };
    },
    close() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type Outcome =
  | { readonly kind: "same" }
  | {
      readonly kind: "refused";
      readonly reason: string;
      readonly detail: string;
      readonly byGit: boolean;
    }
  /** The one thing that must not be: `what` names the value that differs. */
  | {
      readonly kind: "different";
      readonly what: string;
      readonly ours: string;
      readonly git: string;
    };

/** Reads a mail both ways. A mail that git refuses and we read is "different" too. */
export function compare(mail: Buffer, judge: Judge): Outcome {
  const ours = readMail(mail);
  const git = judge.read(mail);
  if (!ours.ok) return { kind: "refused", ...ours.refusal, byGit: git === null };
  if (git === null)
    return { kind: "different", what: "git refuses it", ours: "read", git: "refused" };
  const values = {
    info: formatInfo(ours.value.info),
    message: ours.value.message,
    patch: ours.value.patch,
  };
  for (const what of ["info", "message", "patch"] as const) {
    if (!values[what].equals(git[what])) {
      return {
        kind: "different",
        what,
        ours: values[what].toString("latin1"),
        git: git[what].toString("latin1"),
      };
    }
  }
  return { kind: "same" };
}
