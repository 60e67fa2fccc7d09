/**
 * What mail transports do to a patch, a heading for each: the mail is made by git format-patch and
 * signed, changed as a transport would, and held against what stock git am makes of it.
 */

import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { dropCr } from "../../src/mail/line-ends.ts";
import { messages } from "../../src/mail/mbox.ts";
import { asSigned } from "../../src/verify/check.ts";
import type { Checked } from "../../src/verify/result.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { commit, git, newRepository } from "../support/repo.ts";
import { check, isGood, signMails } from "../support/signing.ts";
import { type AmJudge, openAm, sameCommits } from "../support/soundness.ts";

let judge: AmJudge;
let honest: Buffer;
let honestCommit: string[];
let latin: Buffer;

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-transport-"));
  const base = newRepository(join(folder, "base"));
  commit(base, "start", {
    "hello.txt": "one\n\ntwo\nthree\nfour\n",
    "latin.txt": Buffer.from("caf\xe9\nend\n", "latin1"),
  });
  git(folder, ["clone", "-q", base, "work"]);
  const work = join(folder, "work");
  commit(
    work,
    "hello: shout two, st,stm32\n\nMake it loud.\n\nFrom the top it was not.\n\nSigned-off-by: Alice <alice@example.org>\n",
    { "hello.txt": "one\n\nTWO\nthree\nf\xf6ur\n", "new.mk": "all:\n\ttrue\n" },
  );
  const formatPatch = ["format-patch", "--stdout", "-v2", "-1"];
  honest = signMails([mail(git(work, formatPatch))])[0]!;
  judge = openAm(base);
  honestCommit = judge.am(honest)!;
  git(work, ["reset", "-q", "--hard", "HEAD^"]);
  commit(work, "latin: plural\n\nMore of it.\n", {
    "latin.txt": Buffer.from("caf\xe9s\nend\n", "latin1"),
  });
  latin = signMails([mail(git(work, ["format-patch", "--stdout", "-1"]))])[0]!;
  return () => {
    judge.close();
    rmSync(folder, { recursive: true, force: true });
  };
});

function mail(mbox: Buffer): Buffer {
  return messages(mbox, { keepCr: true })[0]!.bytes!;
}

/** What verify says of the bytes as they arrived. */
function received(bytes: Buffer): Checked {
  return check(messages(bytes, { keepCr: true })[0]!.bytes!);
}

function edit(bytes: Buffer, change: (text: string) => string): Buffer {
  const before = bytes.toString("latin1");
  const after = change(before);
  expect(after).not.toBe(before);
  return Buffer.from(after, "latin1");
}

/** Good, and stock git am makes the commit that the honest mail makes. */
function expectGood(bytes: Buffer): Checked {
  const checked = received(bytes);
  expect(checked.findings.filter((f) => f.severity === "fail")).toEqual([]);
  expect(checked.signature).toBe("good");
  const made = judge.am(bytes);
  if (made !== null) expect(sameCommits(made, honestCommit)).toBe(true);
  return checked;
}

function expectChanged(bytes: Buffer, ...parts: string[]): Checked {
  const checked = received(bytes);
  expect(checked.signature).toBe("bad");
  expect(checked.changed).toEqual(parts);
  expect(isGood(checked)).toBe(false);
  return checked;
}

const HEADERS = /^(?:MIME-Version|Content-Type|Content-Transfer-Encoding):.*\n/gm;

/** The same mail with another transfer encoding. */
function reencode(bytes: Buffer, encoding: string, encode: (body: Buffer) => string): Buffer {
  const text = bytes.toString("latin1").replace(HEADERS, "");
  const at = text.indexOf("\n\n");
  const headers = `MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${encoding}\n\n`;
  const body = encode(Buffer.from(text.slice(at + 2), "latin1"));
  return Buffer.from(`${text.slice(0, at + 1)}${headers}${body}`, "latin1");
}

function base64(body: Buffer): string {
  return body.toString("base64").replace(/.{1,76}/g, "$&\n");
}

function quotedPrintable(body: Buffer): string {
  return body
    .toString("latin1")
    .replace(
      /[^\n !-<>-~]|[ ](?=\n)/g,
      (c) => `=${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .replace(/^.{75}(?=.)/gm, (line) => line)
    .replace(/[^\n]{1,70}(?<!=|=.)(?=[^\n])/g, "$&=\n");
}

test("the honest mail is good, and git am applies it", () => {
  expect(honestCommit).toHaveLength(1);
  expectGood(honest);
});

describe("re-encoding to quoted-printable or base64, header folding", () => {
  test("quoted-printable", () => {
    expectGood(reencode(honest, "quoted-printable", quotedPrintable));
  });
  test("base64", () => {
    expectGood(reencode(honest, "base64", base64));
  });
  test("header folding", () => {
    expectGood(edit(honest, (t) => t.replace("hello: shout", "hello:\n\tshout")));
  });
});

describe("CRLF, raw or inside base64/QP", () => {
  test("raw", () => {
    expectGood(edit(honest, (t) => t.replaceAll("\n", "\r\n")));
  });
  test("inside base64", () => {
    const crlf = (body: Buffer): string =>
      base64(Buffer.from(body.toString("latin1").replaceAll("\n", "\r\n"), "latin1"));
    const checked = expectGood(reencode(honest, "base64", crlf));
    expect(checked.diff!.allCr).toBe(true);
  });
  test("inside quoted-printable", () => {
    const crlf = (body: Buffer): string => quotedPrintable(body).replace(/(?<!=)\n/g, "=0D\n");
    expectGood(reencode(honest, "quoted-printable", crlf));
  });
  test("CR on all lines of the diff only: not the same as on some", () => {
    const some = edit(honest, (t) => t.replace("+TWO\n", "+TWO\r\n"));
    expectChanged(some, "diff");
  });
});

describe("list footer as text", () => {
  test("is ignored", () => {
    expectGood(
      edit(
        honest,
        (t) => `${t}\n_______________________________________________\nlist mailing list\n`,
      ),
    );
  });
  test("a diff in it that git would apply counts", () => {
    const footer = "diff --git a/new.mk b/new.mk\nold mode 100644\nnew mode 100755\n";
    expectChanged(
      edit(honest, (t) => `${t}\n____\n${footer}`),
      "diff",
    );
  });
});

describe("list footer or signature.asc as its own MIME part", () => {
  test("is ignored", () => {
    const multipart = edit(honest, (t) => {
      const at = t.indexOf("\n\n");
      const header = t.slice(0, at + 1).replace(HEADERS, "");
      const part = (type: string, body: string): string => `--b\nContent-Type: ${type}\n\n${body}`;
      return [
        `${header}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n`,
        part("text/plain; charset=UTF-8", t.slice(at + 2)),
        part("application/pgp-signature; name=signature.asc", "-----BEGIN PGP SIGNATURE-----\n"),
        part("text/plain", "_______________\nlist mailing list\n"),
        "--b--\n",
      ].join("");
    });
    expectGood(multipart);
  });
});

describe("[list] prefix, Re:", () => {
  test("is stripped", () => {
    expectGood(edit(honest, (t) => t.replace("Subject: [PATCH", "Subject: Re: [devel] [PATCH")));
  });
  test("version and n/m are signed separately", () => {
    expectChanged(
      edit(honest, (t) => t.replace("[PATCH v2]", "[PATCH v3]")),
      "series",
    );
    expectChanged(
      edit(honest, (t) => t.replace("[PATCH v2]", "[PATCH v2 1/2]")),
      "series",
    );
  });
});

describe("Mailman refolds st,stm32 to st, stm32", () => {
  test("is good", () => {
    expectGood(edit(honest, (t) => t.replace("st,stm32", "st,\n stm32")));
  });
});

/** What a list makes of `From: Alice <alice@example.org>`, and where it leaves her. */
const REPLACED: readonly string[] = [
  "Alice via devel <devel@lists.example>\nX-Original-From: Alice <alice@example.org>",
  "Alice via devel <devel@lists.example>\nReply-To: devel <devel@lists.example>, Alice <alice@example.org>",
  "'Alice' via devel <devel@lists.example>\nReply-To: alice@example.org",
  // Google Groups
  "'Alice' via devel <devel@lists.example>\nX-Original-Sender: alice@example.org",
  // Mailman 3: the envelope's sender
  "Alice via devel <devel@lists.example>\nX-MailFrom: alice@example.org\nReply-To: devel@lists.example",
  "Alice via devel <devel@lists.example>\nSender: Alice <alice@example.org>",
  "Alice via devel <devel@lists.example>\nSender: alice@example.org",
  "Alice via devel <devel@lists.example>\nCc: Bob <bob@x.example>, Alice <alice@example.org>",
  // LISTSERV
  "Alice <0000012a3b4c5d6e-dmarc-request@LISTS.EXAMPLE>\nReply-To: Alice <alice@example.org>",
  "Alice <0000012a3b4c5d6e-dmarc-request@lists.example>\nReply-To: alice@example.org",
  // FreeLists
  '"Alice" <dmarc-noreply@freelists.example>\nReply-To: alice@example.org',
  // groups.io, the lists of the IETF and of Apache
  "Alice <alice=example.org@groups.example>",
  "Alice via groups.example <alice=example.org@groups.example>",
  "Alice <alice=40example.org@dmarc.example>",
  "Alice <alice@example.org.INVALID>",
  "Alice via devel <alice@example.org.invalid>",
];

const replaced = (mail: Buffer, from: string): Buffer =>
  edit(mail, (t) => t.replace(/^From: .*\n/m, `From: ${from}\n`));

describe("a From line that a list replaced", () => {
  test.each(REPLACED)("%s", (from) => {
    const checked = received(replaced(honest, from));
    expect(isGood(checked)).toBe(true);
    expect(checked.author).toEqual({ name: "Alice", email: "alice@example.org" });
    expect(checked.findings.map((f) => f.code)).toContain("author-recovered");
  });

  test.each(REPLACED)("never without a signature: %s", (from) => {
    const unsigned = edit(honest, (t) => t.replace(/untrusted comment[\s\S]*?\n\n/, ""));
    const mail = replaced(unsigned, from);
    const checked = received(mail);
    expect(checked.signature).toBe("none");
    // whom git commits
    const shown = `${checked.author!.name.replace(/^'/, "")} <${checked.author!.email}>`;
    expect(judge.am(mail)![0]).toContain(shown);
    expect(checked.author!.email).not.toBe("alice@example.org");
    // but it is held against her key
    expect(checked.senders).toContain("alice@example.org");
  });

  test.each([
    "Linus <linus@example.org>\nReply-To: Alice <alice@example.org>",
    "Linus <linus@example.org>\nX-MailFrom: alice@example.org\nSender: Alice <alice@example.org>",
    "Linus <linus@invalid.example>\nX-Original-Sender: alice@example.org",
    "Linus <list-request@lists.example>\nReply-To: Alice <alice@example.org>",
    "Linus <linus=alice@lists.example>\nReply-To: Alice <alice@example.org>",
  ])("never unless the From line shows it: %s", (from) => {
    expectChanged(replaced(honest, from), "author");
  });

  test("gives a warning: git am would take the list as the author", () => {
    const munged = edit(honest, (t) =>
      t.replace(
        /^From: .*\n/m,
        "From: Alice via <devel@lists.example>\nReply-To: Alice <alice@example.org>\n",
      ),
    );
    const found = received(munged).findings.find((f) => f.code === "author-recovered")!;
    expect(found.severity).toBe("warn");
    expect(judge.am(munged)![0]).toContain("Alice via <devel@lists.example>");
  });
});

describe(">From at the start of a line", () => {
  test("in the message", () => {
    expectGood(edit(honest, (t) => t.replace("\nFrom the top", "\n>From the top")));
  });
  test("not in the diff", () => {
    expectChanged(
      edit(honest, (t) => t.replace("+TWO", "+>From TWO")),
      "diff",
    );
  });
});

describe("a blank context line loses its space", () => {
  test("is good", () => {
    expectGood(edit(honest, (t) => t.replace(" one\n \n", " one\n\n")));
  });
});

describe("trailing blanks stripped or added in +/- lines; `-- ` to `--`", () => {
  test("in the message", () => {
    expectGood(edit(honest, (t) => t.replace("loud.\n", "loud. \t\n")));
  });
  test("stripped in a + line", () => {
    const spaced = signMails([
      edit(honest, (t) => t.replace("+TWO", "+TWO ").replace(/untrusted comment[\s\S]*?\n\n/, "")),
    ])[0]!;
    expectChanged(
      edit(spaced, (t) => t.replace("+TWO \n", "+TWO\n")),
      "diff",
    );
  });
  test("added in a + line", () => {
    expectChanged(
      edit(honest, (t) => t.replace("+TWO\n", "+TWO \n")),
      "diff",
    );
  });
  test("`-- ` to `--` below the diff", () => {
    expectGood(edit(honest, (t) => t.replace("\n-- \n", "\n--\n")));
  });
});

describe("charset conversion", () => {
  test("of the message alone", () => {
    const latinMessage = signMails([
      Buffer.from(
        `From: Alice <alice@example.org>\nSubject: [PATCH] x\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: text/plain; charset=ISO-8859-1\nContent-Transfer-Encoding: 8bit\n\ncaf\xe9\n---\n\ndiff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n`,
        "latin1",
      ),
    ])[0]!;
    const utf8 = edit(latinMessage, (t) =>
      t.replace("ISO-8859-1", "UTF-8").replace("caf\xe9", "caf\xc3\xa9"),
    );
    expect(isGood(received(utf8))).toBe(true);
  });
  test("of the diff", () => {
    const utf8 = edit(latin, (t) => t.replaceAll("caf\xe9", "caf\xc3\xa9"));
    const checked = received(utf8);
    expect(isGood(received(latin))).toBe(true);
    expect(checked.changed).toEqual(["diff"]);
  });
});

describe("unknown charset", () => {
  test("is refused, as by git", () => {
    const checked = received(
      edit(
        reencode(honest, "8bit", (b) => b.toString("latin1")),
        (t) => t.replace("UTF-8", "y"),
      ),
    );
    expect(checked.signature).toBe("malformed");
    expect(
      judge.am(
        edit(
          reencode(honest, "8bit", (b) => b.toString("latin1")),
          (t) => t.replace("UTF-8", "y"),
        ),
      ),
    ).toBeNull();
  });
});

describe("tabs to spaces, NBSP, hard wrapping of the diff", () => {
  test("tabs to spaces", () => {
    expectChanged(
      edit(honest, (t) => t.replace("+\ttrue", "+        true")),
      "diff",
    );
  });
  test("NBSP", () => {
    const checked = received(edit(honest, (t) => t.replace("\n one\n", "\n\xc2\xa0one\n")));
    expect(isGood(checked)).toBe(false);
  });
  test("hard wrapping", () => {
    const long = signMails([
      edit(honest, (t) =>
        t.replace("+TWO", `+TWO ${"x".repeat(90)}`).replace(/untrusted comment[\s\S]*?\n\n/, ""),
      ),
    ])[0]!;
    const checked = received(edit(long, (t) => t.replace("+TWO x", "+TWO\nx")));
    expect(isGood(checked)).toBe(false);
  });
});

describe("format=flowed", () => {
  test("properly stuffed", () => {
    // a flowed writer stuffs every line that begins with a blank
    const flowed = edit(honest, (t) => {
      const at = t.indexOf("\n\n");
      const header = t
        .slice(0, at + 1)
        .replace(HEADERS, "")
        .concat(
          "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8; format=flowed\nContent-Transfer-Encoding: 8bit\n\n",
        );
      return (
        header +
        t
          .slice(at + 2)
          .replace(/^(?= |From )/gm, " ")
          .replace(/^ {2}\n/gm, "\n")
      );
    });
    const checked = received(flowed);
    expect(checked.signature).toBe("good");
  });
  test("declared for text that is not flowed", () => {
    const declared = edit(honest, (t) =>
      t
        .replace(HEADERS, "")
        .replace("\n\n", "\nContent-Type: text/plain; format=flowed; charset=UTF-8\n\n"),
    );
    expect(isGood(received(declared))).toBe(false);
  });
});

describe("trailers added above --- by an archive or maintainer", () => {
  test("are named", () => {
    const checked = expectChanged(
      edit(honest, (t) => t.replace("---\n", "Acked-by: Bob <bob@example.org>\n---\n")),
      "message",
    );
    const finding = checked.findings.find((f) => f.code === "trailers-added")!;
    expect(finding.message).toBe(
      'message changed after signing; the diff is intact; added: "Acked-by: Bob <bob@example.org>"',
    );
    // and what was signed is still at hand, as it was signed
    const signed = asSigned(checked);
    expect(isGood(signed)).toBe(true);
    expect(signed.attestation!.text).toEqual(received(honest).attestation!.text);
    expect(signed.view!.message.toString()).not.toContain("Acked-by");
  });
});

describe("the block's own lines wrapped at 72-78 columns", () => {
  test("at 72", () => {
    const wrapped = edit(honest, (t) => {
      const start = t.indexOf("untrusted comment:");
      const end = t.indexOf("\n\n", start);
      const block = t
        .slice(start, end)
        .split("\n")
        .map((line) =>
          line.replace(/.{1,72}(?: |$)|.{72}/g, (part) => `${part.trimEnd()}\n`).trimEnd(),
        );
      return t.slice(0, start) + block.join("\n") + t.slice(end);
    });
    expectGood(wrapped);
  });
});

describe("where the block belongs", () => {
  test("below the first of several --- lines", () => {
    const [first] = signMails([
      edit(honest, (t) => t.replace(/untrusted comment[\s\S]*?\n\n/, "Changes:\n---\nlouder\n\n")),
    ]);
    expect(first!.toString("latin1")).toContain("---\nuntrusted comment: patchsig");
    expectGood(first!);
  });
  test("a mail without a --- line gets one", () => {
    const [signed] = signMails([
      edit(honest, (t) => t.replace(/---\nuntrusted comment[\s\S]*?(?=diff --git)/, "")),
    ]);
    expectGood(signed!);
  });
  test("`-- ` in a hunk does not end the diff", () => {
    const [signed] = signMails([
      edit(honest, (t) =>
        t
          .replace(/untrusted comment[\s\S]*?\n\n/, "")
          .replace("@@ -0,0 +1,2 @@\n", "@@ -0,0 +1,3 @@\n+-- \n"),
      ),
    ]);
    expect(isGood(received(signed!))).toBe(true);
    expectChanged(
      edit(signed!, (t) => t.replace("+\ttrue", "+\tfalse")),
      "diff",
    );
  });
});

test("dropCr does what git mailsplit does: removes one CR, not two", () => {
  expect(dropCr(Buffer.from("a\r\r\nb\r\n")).toString()).toBe("a\r\nb\n");
});
