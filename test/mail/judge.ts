/** Stock git as the judge of src/mail. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { formatInfo, readMail } from "../../src/mail/mailinfo.ts";

interface Reading {
  readonly info: Buffer;
  readonly message: Buffer;
  readonly patch: Buffer;
}

/** Runs `git mailinfo` on mails; `close` removes its temporary directory. */
export interface Judge {
  read(mail: Buffer): Reading | null;
  /** The same for many mails: a shell starts git several times faster than node does. */
  readAll(mails: readonly Buffer[]): (Reading | null)[];
  close(): void;
}

const READ = `i=0
while [ $i -lt $1 ]; do
  git -c i18n.commitEncoding=UTF-8 mailinfo -u --no-scissors $i.message $i.patch \\
    <$i.mail >$i.info 2>/dev/null || rm $i.info
  i=$((i + 1))
done`;

export function openJudge(): Judge {
  const directory = mkdtempSync(join(tmpdir(), "patchsig-judge-"));
  const file = (i: number, what: string): string => join(directory, `${i}.${what}`);
  const readAll = (mails: readonly Buffer[]): (Reading | null)[] => {
    for (const [i, mail] of mails.entries()) writeFileSync(file(i, "mail"), mail);
    execFileSync("sh", ["-c", READ, "sh", String(mails.length)], { cwd: directory });
    return mails.map((_, i) =>
      existsSync(file(i, "info"))
        ? {
            info: readFileSync(file(i, "info")),
            message: readFileSync(file(i, "message")),
            patch: readFileSync(file(i, "patch")),
          }
        : null,
    );
  };
  return {
    read: (mail) => readAll([mail])[0]!,
    readAll,
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
  /** The forbidden case: `what` names the value that differs. */
  | {
      readonly kind: "different";
      readonly what: string;
      readonly ours: string;
      readonly git: string;
    };

/** Reads a mail with git and with src/mail. A mail that only git refuses is "different" too. */
export function compare(mail: Buffer, judge: Judge): Outcome {
  return compareAll([mail], judge)[0]!;
}

export function compareAll(mails: readonly Buffer[], judge: Judge): Outcome[] {
  const read = judge.readAll(mails);
  return mails.map((mail, i) => compared(mail, read[i]!));
}

function compared(mail: Buffer, git: Reading | null): Outcome {
  const ours = readMail(mail);
  if (!ours.ok) return { kind: "refused", ...ours.refusal, byGit: git === null };
  if (git === null)
    return { kind: "different", what: "git refuses it", ours: "read", git: "refused" };
  const values = {
    info: formatInfo(ours.value.info),
    message: ours.value.message,
    patch: ours.value.patch,
  };
  // without a patch, nobody wants an attachment in the message
  const isBinary = ours.value.findings.some(({ code }) => code === "binary-part");
  const same = isBinary && git.patch.length === 0 ? ["message"] : [];
  for (const what of ["info", "message", "patch"] as const) {
    if (!same.includes(what) && !values[what].equals(git[what])) {
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
