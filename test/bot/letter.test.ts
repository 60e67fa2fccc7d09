import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { render, SAMPLES, type TemplateName, type View } from "../../src/bot/letter.ts";
import type { PatchsigError } from "../../src/errors.ts";

const fill = (template: string, view: View = {}): string => {
  const { subject, body } = render(template, view, "t.txt");
  return `${subject}|${body}`;
};

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as PatchsigError).message;
  }
  throw new Error("it works");
}

describe("a template", () => {
  test("is filled in", () => {
    const template =
      "Subject: Re: {{title}}\n\nHello{{#name}} {{name}}{{/name}}!\n{{^sign}}\nno\n{{/sign}}\n";
    expect(fill(template, { title: "a < b & c", name: "Al", sign: false })).toBe(
      "Re: a < b & c|Hello Al!\nno\n",
    );
  });

  test("text from a mail cannot end a line, hide text or reverse its direction", () => {
    const title = "a\r\nBcc: b@c\u202e\u200b\u2028x\x1b[31m";
    const text = fill("Subject: {{title}}\n\n{{title}}\n", { title });
    expect(text).toBe("a Bcc: b@c x [31m|a Bcc: b@c x [31m\n");
  });

  test("text from a mail is never taken for a template", () => {
    expect(fill("Subject: {{title}}\n\n.\n", { title: "{{owner}}", owner: "x" })).toBe(
      "{{owner}}|.\n",
    );
  });

  test.each([
    ["Hello\n", "t.txt is not a template: it begins with"],
    ["Subject: x\nHello\n", "it begins with"],
    ["Subject: {{nmae}}\n\nx\n", "there is no {{nmae}}"],
    ["Subject: x\n\n{{#guess}}{{comit}}{{/guess}}\n", "there is no {{comit}}"],
    ["Subject: x\n\n{{#guess}}\n", "Unclosed section"],
    ["Subject: x\n\n{{{name}}}\n", "is not used here"],
    ["Subject: x\n\n{{>other}}\n", "is not used here"],
  ])("%j is refused", (template, why) => {
    const view = { name: "Al", guess: { commit: "1" } };
    expect(failure(() => fill(template, view))).toContain(why);
  });
});

const VIEW: View = {
  botName: "patchsig bot",
  owner: "Olga <olga@example.org>",
  about: "https://example.org/patchsig",
  name: "Alice",
  subject: "[PATCH v2 0/3] net: timers",
  title: "net: timers",
  list: "net@example.org",
  sign: true,
  base: true,
  signers: 7,
  others: "7 others here sign",
  guess: {
    commit: "0123456789abcdef0123456789abcdef01234567",
    short: "0123456789ab",
    described: "v7.2-rc3, 2026-09-01",
    evidence: "it has 4 of 4 files as they were, the series applies to it",
  },
  baseCommand: "git format-patch -v3 -3 --cover-letter --base=0123456789ab",
  signCommand: "git patchsig format-patch -v3 -3 --cover-letter -o out",
  sendCommand: "git send-email --to=net@example.org out/v3-*.patch",
  keyCommand: "git patchsig key generate",
  most: 3,
  days: 90,
  pauseDays: 180,
};

describe("the program's own letter", () => {
  const template = readFileSync("templates/suggest.txt", "utf8");

  test.each([
    [true, true],
    [true, false],
    [false, true],
  ])("sign %s, base %s: short, plain, and says how to stop", (sign, base) => {
    const { subject, body } = render(template, { ...VIEW, sign, base }, "suggest.txt");
    expect(subject).toBe("Re: [PATCH v2 0/3] net: timers");
    const lines = body.split("\n");
    expect(lines.length).toBeLessThan(40);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(78);
    expect(body).toContain('Reply "stop"');
    expect(body).toContain("run by Olga <olga@example.org>");
    expect(body.includes("is not signed")).toBe(sign);
    expect(body.includes("0123456789abcdef0123456789abcdef01234567")).toBe(base);
    expect(body).not.toMatch(/\n{3}| \n(?<!-- \n)|\{\{/);
  });

  test("leaves no gap where guess, name, list or owner are missing", () => {
    const view = { ...VIEW, guess: null, name: "", list: "", owner: "", about: "" };
    const { body } = render(template, view, "suggest.txt");
    expect(body).toContain(
      "Hello,\n\nthank you for what you sent to the list:\n\n    net: timers\n",
    );
    expect(body).toContain("patchsig bot, a program\n");
    expect(body).not.toContain("My guess");
  });
});

test.each(Object.keys(SAMPLES) as TemplateName[])(
  "%s.txt uses only placeholders that exist",
  (name) => {
    const file = `${name}.txt`;
    const { body } = render(readFileSync(join("templates", file), "utf8"), SAMPLES[name], file);
    expect(body).not.toContain("{{");
    expect(body.endsWith("\n-- \nbot, a program, run by Olga <olga@example.org>\n")).toBe(true);
  },
);

test("no line of a template is wider than a letter: it would be wrapped apart from the next", () => {
  const folder = join(import.meta.dirname, "../../templates");
  const lines = Object.keys(SAMPLES).flatMap((name) =>
    readFileSync(join(folder, `${name}.txt`), "utf8").split("\n"),
  );
  expect(lines.filter((line) => line.length > 72 && !line.includes("{{"))).toEqual([]);
});
