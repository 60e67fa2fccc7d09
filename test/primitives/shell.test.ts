/** What people are told to paste means the same to a shell, whatever a mail or a path has put into it. */

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { finding } from "../../src/findings.ts";
import { renderNote } from "../../src/report/text.ts";
import { shellCommand, shellWord, shellWords } from "../../src/primitives/shell.ts";

const ASCII = Array.from({ length: 127 }, (_, i) => String.fromCharCode(i + 1));
const WORDS = [
  ...ASCII,
  ...ASCII.map((c) => `a${c}b`),
  ...ASCII.map((c) => `${c}${c}'${c}`),
  ASCII.join(""),
  "",
  "`evil`@evil.example",
  "$(evil)@evil.example",
  "a;evil@evil.example",
  "~root",
  "=ls",
  "!!",
  "{a,b}",
  "bücher \u202e",
  "'\\''",
];

/** What a shell hands to a program: its arguments. */
function argumentsOf(shell: string, command: string): string[] {
  const script = `print() { for word; do printf '%s\\0' "$word"; done; }\n${command}\n`;
  const { stdout, status } = spawnSync(shell, ["-s"], { input: script });
  expect(status).toBe(0);
  return stdout.toString().split("\0").slice(0, -1);
}

test.each(["sh", "bash"])("a word with a metacharacter stays one word: %s", (shell) => {
  expect(argumentsOf(shell, `print ${WORDS.map(shellWord).join(" ")}`)).toEqual(WORDS);
});

test("no word becomes an option", () => {
  expect(shellCommand("git patchsig trust accept", "-rf@example.org", "RW+/")).toBe(
    "git patchsig trust accept -- -rf@example.org RW+/",
  );
  expect(shellCommand("git fetch", "origin", "a b")).toBe("git fetch origin 'a b'");
});

test("a quoted command splits into the same words", () => {
  const words = WORDS.map(shellWord);
  expect(shellWords(words.join(" "))).toEqual(words);
});

test("a wrapped hint can be pasted, whatever is in it", () => {
  const printable = WORDS.filter((word) => /^[ -~]+$/.test(word));
  for (const columns of [24, 40, 80]) {
    const hint = `after checking: ${shellCommand("git patchsig trust accept", ...printable)}`;
    const note = {
      type: "note",
      source: "-",
      messageId: "",
      subject: "",
      read: true,
      findings: [finding("key-policy", "", hint)],
    } as const;
    const lines = renderNote(note, { columns, color: false }).join("\n");
    const command = `git() { shift 3; print "$@"; }\n${lines.slice(lines.indexOf("git "))}`;
    const words = argumentsOf("sh", command);
    expect(words[0] === "--" ? words.slice(1) : words).toEqual(printable);
  }
});
