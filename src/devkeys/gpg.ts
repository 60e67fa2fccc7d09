/** Asks gpg about one OpenPGP message and one key, in a temporary home, not the user's. */

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../places.ts";
import type { OpenpgpResult } from "../devsig/verify.ts";

const TIME_LIMIT_MS = 10_000;
/** patatt signs 32 bytes; a message may unpack to any size. */
const MAX_OUTPUT = 1 << 16;

/** No settings, no network, no agent, no question. */
const ISOLATED = [
  "--no-options",
  "--batch",
  "--no-tty",
  "--no-autostart",
  "--disable-dirmngr",
  "--no-auto-key-retrieve",
  "--no-auto-key-locate",
  "--no-auto-check-trustdb",
  "--trust-model=always",
  "--no-default-keyring",
];

interface GpgOutput {
  readonly output: Buffer;
  /** Words of each status line. */
  readonly status: readonly (readonly string[])[];
}

/**
 * Checks a signed OpenPGP message against the keys of one file. Good means one good,
 * unexpired signature by a valid key, and nothing else in the message.
 */
export function verifyOpenpgp(key: Buffer, message: Buffer): OpenpgpResult {
  // mkdtemp makes it 0700
  const home = temporaryFolder("patchsig-gpg-");
  try {
    const imported = gpg(home, ["--import"], key);
    if (imported === null) return { outcome: "unsupported", detail: "gpg does not run" };
    if (!imported.status.some(([word]) => word === "IMPORT_OK"))
      return { outcome: "unsupported", detail: "no key that gpg reads" };
    const answer = gpg(home, ["--output=-", "--verify"], message);
    if (answer === null) return { outcome: "unsupported", detail: "gpg does not finish" };
    return judgeStatus(answer);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function gpg(home: string, args: readonly string[], input: Buffer): GpgOutput | null {
  const common = [...ISOLATED, `--homedir=${home}`, `--keyring=${join(home, "pub")}`];
  const run = spawnSync("gpg", [...common, "--status-fd=3", ...args], {
    input,
    stdio: ["pipe", "pipe", "ignore", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", GNUPGHOME: home },
    timeout: TIME_LIMIT_MS,
    killSignal: "SIGKILL",
    maxBuffer: MAX_OUTPUT,
  });
  if (run.error !== undefined || run.status === null) return null;
  const status = String(run.output[3] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("[GNUPG:] "))
    .map((line) => line.split(" ").slice(1));
  return { output: run.stdout, status };
}

/** Decisive status words, and what they mean. */
const REFUSED: Readonly<Record<string, OpenpgpResult>> = {
  BADSIG: { outcome: "bad", detail: "the openpgp signature does not verify" },
  EXPSIG: { outcome: "bad", detail: "the openpgp signature has expired" },
  EXPKEYSIG: { outcome: "bad", detail: "the openpgp key has expired" },
  REVKEYSIG: { outcome: "bad", detail: "the openpgp key is revoked" },
  NO_PUBKEY: { outcome: "unknown-key", detail: "signed by another openpgp key" },
  ERRSIG: { outcome: "unsupported", detail: "gpg cannot check the signature" },
};

function judgeStatus({ output, status }: GpgOutput): OpenpgpResult {
  const count = (word: string): number => status.filter(([first]) => first === word).length;
  // the most specific word first: gpg gives ERRSIG with NO_PUBKEY
  for (const [word, result] of Object.entries(REFUSED)) if (count(word) > 0) return result;
  const once = ["NEWSIG", "GOODSIG", "VALIDSIG", "PLAINTEXT"].every((word) => count(word) === 1);
  return once
    ? { outcome: "good", content: output }
    : { outcome: "bad", detail: "not one openpgp signature" };
}
