/**
 * Mails made to cost memory: each in a process of its own, with its peak measured by the kernel. Each
 * is refused by name, and the mail behind it read. Work is counted in test/costs.
 */

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeInbox } from "../../bench/inbox.ts";
import { LONG } from "../support/long.ts";
import { signMails } from "../support/signing.ts";
import { newFolder } from "./support.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
const MIB = 1 << 20;

const FROM = "From a@example.org Tue Feb  3 10:00:00 2026\n";
const HEAD =
  "From: Mallory <m@example.org>\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nMessage-ID: <1@x>\nSubject: [PATCH] x\n";
const DIFF =
  "diff --git a/a b/a\nindex 1111111..2222222 100644\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const GOOD = signMails([
  Buffer.from(
    `From: Alice <alice@example.org>\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nSubject: [PATCH] y\n\nm\n---\n a | 2 +-\n\n${DIFF}`,
  ),
])[0]!;

type Text = string | Buffer;
/** A text, and how often it comes; so that no test holds what it writes. */
type Part = Text | readonly [text: Text, times: number];

const multipart = (boundary: string): string =>
  `Content-Type: multipart/mixed; boundary="${boundary}"\n\n`;
const PART = "--b\nContent-Type: text/plain\n\n";
const boundary = (n: number): string => `b${String(n).padStart(5, "0")}`;
const nested = Array.from(
  { length: 10_000 },
  (_, i) => `--${boundary(i)}\n${multipart(boundary(i + 1))}x\n`,
);
const base64 = Buffer.from(DIFF + " \n".repeat(10_000)).toString("base64");

const TEXT = `${Buffer.from(`m\n---\n\n${DIFF}\n`).toString("base64")}\n`;

/** What stands in the mail, the code of its finding (none: the mail is fine), and megabytes of memory. */
const CASES: readonly [string, readonly Part[], string | null, number][] = [
  ["96 MB", [HEAD, "\nm\n---\n", DIFF, ["-- \n", 24 * MIB]], null, 400],
  ["more than 100 MB", [HEAD, "\nm\n---\n", DIFF, ["-- \n", 27 * MIB]], "mail-too-large", 300],
  ["50,000 parts", [HEAD, multipart("b"), [`${PART}x\n`, 50_000], "--b--\n"], "too-big", 300],
  ["1,000,000 headers", [HEAD, ["X-A: b\n", 1_000_000], "\nm\n---\n", DIFF], "too-big", 300],
  ["a header of 10 MB", [HEAD, "X-A: ", ["b", 10 * MIB], "\n\nm\n---\n", DIFF], "too-big", 300],
  [
    "a folded header of 10 MB",
    [HEAD, "X-A: b", ["\n b", 4 * MIB], "\n\nm\n---\n", DIFF],
    "too-big",
    300,
  ],
  [
    "multiparts in multiparts, 10,000",
    [HEAD, multipart(boundary(0)), "x\n", ...nested],
    "nesting-too-deep",
    300,
  ],
  [
    "base64 of 60 MB",
    [HEAD, "Content-Transfer-Encoding: base64\n\n", [`${base64.slice(0, 20_000)}\n`, 3000]],
    null,
    400,
  ],
  [
    "10,000 blocks",
    [HEAD, "\nm\n---\n", [GOOD.subarray(GOOD.indexOf("untrusted")), 2000]],
    null,
    300,
  ],
  ["100,000 files in a diff", [HEAD, "\nm\n---\n", [DIFF, 100_000]], null, 400],
  [
    "a line of 20 MB",
    [HEAD, "\nm\n---\n", DIFF.slice(0, -3), "+", ["x", 20 * MIB], "\n"],
    null,
    400,
  ],
  [
    "a refused mail with escapes of 60 MB",
    ["X: a\rb\n", HEAD, "\nm\n---\n", DIFF, [`${"=2d".repeat(25)}=\n`, 800_000]],
    "malformed-header",
    600,
  ],
  [
    "10,000,000 lines below base64",
    [HEAD, "Content-Transfer-Encoding: base64\n\n", TEXT, ["#!\n", 10_000_000]],
    null,
    300,
  ],
  ["3,000,000 From lines", [HEAD, "\nm\n---\n", DIFF, ["From x\n", 3_000_000]], null, 300],
];

/** Seconds each, by default left out: each of their kind has another one. */
const SLOW = new Set([
  "96 MB",
  "a folded header of 10 MB",
  "base64 of 60 MB",
  "a line of 20 MB",
  "a refused mail with escapes of 60 MB",
  "3,000,000 From lines",
]);

function write(parts: readonly Part[]): string {
  const file = join(newFolder(), "hostile.mbox");
  const fd = openSync(file, "w");
  for (const part of [FROM, ...parts, `\n${FROM}`, GOOD]) {
    const [text, times] = typeof part === "string" || Buffer.isBuffer(part) ? [part, 1] : part;
    const bytes = Buffer.from(text);
    const most = Math.max(1, Math.floor(MIB / bytes.length));
    for (let left = times; left > 0; left -= most)
      writeSync(fd, Buffer.alloc(Math.min(left, most) * bytes.length, bytes));
  }
  closeSync(fd);
  return file;
}

interface PatchRecord {
  readonly type: string;
  readonly findings: readonly { readonly code: string }[];
}

/** Verifies in a process that says what the kernel says of its memory. */
function verify(
  file: string,
  ...options: string[]
): {
  records: PatchRecord[];
  peak: number;
} {
  const measure = join(newFolder(), "measure.mjs");
  writeFileSync(
    measure,
    `import { readFileSync, writeFileSync } from "node:fs";\n` +
      `process.on("exit", () => writeFileSync(${JSON.stringify(`${measure}.peak`)}, readFileSync("/proc/self/status")));\n`,
  );
  const run = spawnSync(
    process.execPath,
    ["--import", measure, PROGRAM, "verify", "--json", "--require=opt-in", ...options, file],
    {
      env: { ...process.env, XDG_DATA_HOME: newFolder() },
      maxBuffer: 64 * MIB,
    },
  );
  const status = readFileSync(`${measure}.peak`, "utf8");
  const lines = run.stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "");
  return {
    records: lines.map((line) => JSON.parse(line) as PatchRecord),
    peak: Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1]) / 1024,
  };
}

test.runIf(LONG && existsSync("/proc/self/status"))(
  "a public-inbox of large mails is read in portions",
  () => {
    const inbox = newFolder();
    const large = (_: unknown, n: number): Buffer =>
      Buffer.concat([Buffer.from(`${HEAD}X-Number: ${n}\n\n`), Buffer.alloc(20 * MIB, "x\n")]);
    writeInbox(inbox, [...Array.from({ length: 20 }, large), GOOD]);
    const { records, peak } = verify(inbox, "-j1");
    expect(records.at(-1)).toMatchObject({ type: "summary", messages: 21, patches: 1, pass: 1 });
    expect(peak).toBeLessThan(300);
  },
);

test.runIf(existsSync("/proc/self/status")).each(CASES.filter(([what]) => LONG || !SLOW.has(what)))(
  "%s",
  (_, parts, code, megabytes) => {
    const { records, peak } = verify(write(parts));
    const patches = records.filter(({ type }) => type === "patch");
    const codes = patches[0]?.findings.map((f) => f.code);
    if (code !== null) expect(codes).toContain(code);
    expect(patches.at(-1)).toMatchObject({ signer: "alice@example.org", verdict: "pass" });
    expect(peak).toBeLessThan(megabytes);
  },
);
