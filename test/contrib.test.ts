/** contrib/patchsig-fold: a block becomes one line that claims nothing; all other text stays. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const MAIL = readFileSync(
  join(ROOT, "fixtures", "series", "v2-0001-hello-shout-two.patch"),
  "latin1",
);
const BLOCK = /^untrusted comment: patchsig(?:.*\n){4}/m;
const ONE = "[patchsig signature, signer not checked here: alice@example.org]\n";

function fold(text: string): string {
  const program = join(ROOT, "contrib", "patchsig-fold");
  return execFileSync(program, { input: Buffer.from(text, "latin1"), encoding: "latin1" });
}

/** The block with one of its lines, 0 to 3, changed. */
function withLine(number: number, change: (line: string) => string): string {
  return MAIL.replace(BLOCK, (block) =>
    block.replace(/.*\n/g, (line) => (number-- === 0 ? change(line) : line)),
  );
}

test("folds a block, a quoted one, and two of them", () => {
  const folded = MAIL.replace(BLOCK, ONE);
  expect(folded).not.toBe(MAIL);
  expect(fold(MAIL)).toBe(folded);
  expect(fold(MAIL.replace(BLOCK, (block) => block.replace(/\n/g, "\r\n")))).toBe(folded);
  const quoted = (text: string): string => text.replace(/^(?=[^])/gm, "> > ");
  expect(fold(quoted(MAIL))).toBe(quoted(folded));
  const [block = ""] = BLOCK.exec(MAIL)!;
  expect(fold(block.repeat(2))).toBe(ONE.repeat(2));
  expect(fold(block.split("\n")[0]! + "\n" + block)).toBe(block.split("\n")[0]! + "\n" + ONE);
});

test.each([
  ["nothing", () => ""],
  ["a mail without one", () => MAIL.replace(BLOCK, "")],
  ["text behind the key", () => withLine(0, (line) => line.replace("\n", " and more\n"))],
  ["another key's length", () => withLine(0, (line) => line.replace("\n", "A\n"))],
  ["text for a signature", () => withLine(1, () => "RU, which you should read\n")],
  ["text in the comment", () => withLine(2, (line) => line.replace("\n", " read this\n"))],
  [
    "a very long comment",
    () => withLine(2, (line) => line.replace("\n", ` x=${"y".repeat(600)}\n`)),
  ],
  ["another last line", () => withLine(3, () => "the last line\n")],
  ["its end cut off", () => MAIL.slice(0, MAIL.indexOf("trusted comment: patchsig-v1"))],
  ["a line between", () => withLine(1, (line) => `\n${line}`)],
  ["quoted in part", () => withLine(2, (line) => `> ${line}`)],
])("%s is left as it is", (_, make) => {
  expect(fold(make())).toBe(make());
});
