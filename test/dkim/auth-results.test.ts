/** Authentication-Results: only the reader's own server's, and only where the sender cannot write. */

import { describe, expect, test } from "vitest";
import { serverWords } from "../../src/dkim/auth-results.ts";
import { readFields } from "../../src/mail/fields.ts";
import { PLAIN } from "../devsig/mails.ts";
import { signed, ZONE } from "./sign.ts";
import { dkimOf } from "./support.ts";

const IN =
  "Received: from mail.example.org (mail.example.org [192.0.2.1])\n\tby mx.reader.example (Postfix) with ESMTPS; Tue, 2 Jan 2024 10:00:01 +0000\n";
const LOCAL =
  "Received: from mx.reader.example by imap.reader.example with LMTP; Tue, 2 Jan 2024 10:00:02 +0000\n";
const BEFORE = "Received: from laptop by mail.example.org; Tue, 2 Jan 2024 10:00:00 +0000\n";
const GOOD =
  "Authentication-Results: mx.reader.example; dkim=pass header.d=example.org header.s=main\n";
const OTHER = "Authentication-Results: mx.other.example; dkim=pass header.d=example.org\n";
const FAIL = "Authentication-Results: mx.reader.example; dkim=fail header.d=example.org\n";

const words = (...lines: string[]) =>
  serverWords(readFields(Buffer.from(`${lines.join("")}From: a@example.org\n\n`)), [
    "mx.reader.example",
  ]);

describe("which field counts", () => {
  const word = { server: "mx.reader.example", domain: "example.org", selector: "main", b: "" };

  test.each([
    ["above its server's line", [GOOD, IN, BEFORE]],
    ["below it, above all others", [IN, GOOD, BEFORE]],
    ["below lines within the house", [LOCAL, IN, GOOD, BEFORE]],
    ["beside another server's", [OTHER, IN, OTHER, GOOD]],
    ["with no line before", [IN, GOOD]],
    ["on a machine of a provider", ["Received: by 2002:a05:6a20:a1 with SMTP id x;\n", IN, GOOD]],
  ])("%s: it does", (_, lines) => {
    expect(words(...lines)).toEqual([word]);
  });

  test.each([
    ["below another host's line", [IN, BEFORE, GOOD]],
    ["below a line that says it is the server's", [IN, IN, GOOD]],
    ["in a mail that came another way", [BEFORE, IN, GOOD]],
    ["above another host's line", [GOOD, BEFORE, IN]],
    ["without any line", [GOOD]],
    ["below the server's own, which says no", [IN, FAIL, GOOD, BEFORE]],
    ["of another server", [IN, OTHER]],
    ["beyond a bound", [IN, "X: y\n".repeat(200), GOOD]],
  ])("%s: it does not", (_, lines) => {
    expect(words(...lines)).toEqual([]);
  });
});

test.each([
  ["mx.reader.example; dkim=pass header.d=example.org", ["example.org"]],
  ["mx.reader.example 1; spf=pass; dkim=pass (2048-bit key) header.d=example.org", ["example.org"]],
  ["MX.reader.example; DKIM=PASS HEADER.D=Example.ORG", ["example.org"]],
  ["mx.reader.example;\n dkim=pass header.i=@example.org header.b=abcdefgh", ["example.org"]],
  ['mx.reader.example; dkim = pass reason="a;b" header.d = "example.org"', ["example.org"]],
  [
    "mx.reader.example; dkim=pass header.d=a.example; dkim=pass header.d=b.example",
    ["a.example", "b.example"],
  ],
  ["mx.reader.example; dkim=fail header.d=a.example; dkim=pass header.d=b.example", ["b.example"]],
  ["(x; \\( (mx)) mx.reader.example; dkim=pass header.d=example.org", ["example.org"]],
  ["mx.reader.example; dkim=pass (header.d=evil.example) header.d=example.org", ["example.org"]],
  ["mx.reader.example; dkim=pass", []],
  ["mx.reader.example; dkim=none", []],
  ['mx.reader.example; x="dkim=pass header.d=example.org', []],
  ['mx.reader.example; spf=pass reason="; dkim=pass header.d=example.org"', []],
  ["mx.reader.example 2; dkim=pass header.d=example.org", []],
  ["mx.reader.example x; dkim=pass header.d=example.org", []],
  ["mx.reader.example.evil.example; dkim=pass header.d=example.org", []],
  ["; dkim=pass header.d=example.org", []],
])("%s", (value, domains) => {
  expect(words(IN, `Authentication-Results: ${value}\n`).map(({ domain }) => domain)).toEqual(
    domains,
  );
});

describe("what the server's word does", () => {
  const server = "mx.reader.example";
  const simple = { body: "simple" } as const;
  const word = { server, domain: "example.org", selector: "", b: "" };
  const mail = signed(PLAIN, simple);
  const outcome = (text: string, ...given: (typeof word)[]) =>
    dkimOf(text, {}, { words: given })!.outcome;

  test("it stands for the key alone", () => {
    expect(dkimOf(mail, {}, { words: [word] })).toMatchObject({
      outcome: "vouched",
      saidBy: server,
    });
    expect(outcome(mail)).toBe("dkim-no-key");
    expect(outcome(mail.replace("quiet", "loud"), word)).toBe("dkim-body");
    expect(outcome(signed(PLAIN, { ...simple, names: ["from"] }), word)).toBe("dkim-uncovered");
    expect(outcome(signed(PLAIN, { ...simple, tags: { l: "5" }, length: 5 }), word)).toBe(
      "dkim-partial",
    );
    expect(outcome(signed(PLAIN, { ...simple, tags: { x: "1704189601" } }), word)).toBe("vouched");
    expect(outcome(PLAIN, word)).toBe("dkim-none");
  });

  test("it must be about one signature", () => {
    const b = /; b=(.*)/.exec(mail)![1]!;
    const forged = mail.split("\n", 1)[0]!.replace(/; b=.*/, "; b=AAAAAAAAAAAA");
    const both = `${forged}\n${mail}`;
    expect(outcome(both, word)).toBe("dkim-no-key");
    expect(outcome(both, { ...word, selector: "main" })).toBe("dkim-no-key");
    expect(outcome(both, { ...word, b: b.slice(0, 8) })).toBe("vouched");
    expect(outcome(both, { ...word, b: "BBBBBBBB" })).toBe("dkim-no-key");
    expect(outcome(mail, { ...word, selector: "other" })).toBe("dkim-no-key");
    expect(outcome(mail, { ...word, domain: "example.net" })).toBe("dkim-no-key");
    // the server may mean one that does not count here
    const sha1 = forged.replace("a=ed25519-sha256", "a=rsa-sha1");
    expect(outcome(`${sha1}\n${mail}`, word)).toBe("dkim-no-key");
    expect(dkimOf(`${sha1}\n${mail}`, ZONE, { words: [word] })!.outcome).toBe("vouched");
  });
});
