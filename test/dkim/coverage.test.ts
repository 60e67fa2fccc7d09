/** What a signed text covers of what git reads: each row leaves something out, or lets something in. */

import { describe, expect, test } from "vitest";
import { readDiff } from "../../src/diff/diff.ts";
import { coverageOf } from "../../src/dkim/coverage.ts";
import { readMail } from "../../src/mail/mailinfo.ts";

const FROM = "From: Alice <alice@example.org>\n";
const SUBJECT = "Subject: [PATCH v2 1/2] song: louder\n";
const DATE = "Date: Tue, 10 Nov 2026 10:00:00 +0000\n";
const HEADER = FROM + SUBJECT + DATE;
const QUOTED = "Content-Transfer-Encoding: quoted-printable\n";
const PLAIN = "Content-Type: text/plain; charset=utf-8\n";
const FLOWED = "Content-Type: text/plain; charset=utf-8; format=flowed\n";

const DIFF =
  "diff --git a/song b/song\n--- a/song\n+++ b/song\n@@ -1,2 +1,2 @@\n la\n-lo\n+lu  lu\n";
const BODY = `Louder is better.\n\n---\n song | 2 +-\n\n${DIFF}`;

/** @param signed header and body that are signed; the same as the mail's unless given */
function coverage(mail: readonly [string, string], signed: readonly [string, string] = mail) {
  const read = readMail(Buffer.from(mail.join("\n")));
  if (!read.ok) throw new Error(read.refusal.detail);
  const diff = readDiff(read.value.patch, read.value.crs);
  if (!diff.ok) throw new Error(diff.refusal.detail);
  return coverageOf(...signed, read.value, diff.value);
}

describe("everything is covered", () => {
  test.each([
    ["by itself", [HEADER, BODY]],
    ["with its type", [HEADER + PLAIN, BODY]],
    ["encoded, and signed so", [HEADER + QUOTED, BODY]],
    ["without a patch", [HEADER, "Good morning.\n"]],
  ] as const)("%s", (_, mail) => expect(coverage(mail)).toBe("all"));

  test("and what git does not read need not be signed", () =>
    expect(coverage([`To: bob@example.org\n${HEADER}`, BODY], [HEADER, BODY])).toBe("all"));

  test("empty lines at the end of the patch do not count", () =>
    expect(coverage([HEADER, `${BODY}\n\n`], [HEADER, BODY])).toBe("all"));
});

describe("open is", () => {
  test.each([
    ["Subject", FROM + DATE],
    ["Date", FROM + SUBJECT],
    ["Subject", FROM + SUBJECT.replace("louder", "lower") + DATE],
    // the same title to git, another patch to people
    ["Subject", FROM + SUBJECT.replace("1/2", "2/2") + DATE],
    ["Date", FROM + SUBJECT + DATE.replace("2026", "2025")],
    ["author", FROM.replace("Alice", "Mallory") + SUBJECT + DATE],
    ["author", FROM.replace("alice@", "mallory@") + SUBJECT + DATE],
    ["author", SUBJECT + DATE],
  ])("%s, if the header that is signed is %j", (open, header) =>
    expect(coverage([HEADER, BODY], [header, BODY])).toEqual({ open }),
  );

  test.each([
    ["a word of the message", BODY.replace("better", "worse")],
    ["a line of the diff", BODY.replace("+lu", "+la")],
    ["a file's name", BODY.replaceAll("/song", "/sing")],
    ["the message's last line", BODY.replace("better.\n", "better.\nMuch.\n")],
  ])("the text, if %s was changed", (_, body) =>
    expect(coverage([HEADER, body], [HEADER, BODY])).toEqual({ open: "message or diff" }),
  );

  test("the sender, though the body names the author", () => {
    const body = `From: Bob <bob@example.org>\n\n${BODY}`;
    const mail = [HEADER.replace("alice@", "mallory@"), body] as const;
    expect(coverage(mail, [HEADER, body])).toEqual({ open: "the sender" });
  });
});

describe("white space", () => {
  test("within lines is all that a relaxed body leaves open", () => {
    const relaxed = BODY.replace("lu  lu", "lu lu");
    expect(coverage([HEADER, BODY], [HEADER, relaxed])).toBe("but-space");
  });

  test("is open where an unsigned format=flowed would join lines", () => {
    // of another diff it would take the blanks that begin its lines, so that it is none
    const added =
      "diff --git a/s b/s\nnew file mode 100644\n--- /dev/null\n+++ b/s\n@@ -0,0 +1 @@\n+la\n";
    const body = `Louder \nis better.\n\n---\n\n${added}`;
    expect(coverage([HEADER, body])).toBe("but-space");
    expect(coverage([HEADER + PLAIN, body])).toBe("all");
    expect(coverage([HEADER + FLOWED, body])).toBe("all");
    expect(coverage([HEADER, `Louder \nis better.\n\n---\n\n${DIFF}`])).toBe("all");
  });
});

describe("an encoding that is not signed", () => {
  const open = { open: "the diff, or how it is encoded" };

  test("is open if format=flowed would make another diff of it", () => {
    const body = `Louder.\n\n---\n\n${DIFF.replace("\n la\n", "\n  la\n")}`;
    expect(coverage([HEADER, body])).toEqual(open);
    expect(coverage([HEADER + PLAIN, body])).toBe("all");
  });

  test("is open if the patch is another one with it", () => {
    const body = BODY.replace("+lu  lu", "+lu =3D lu");
    expect(coverage([HEADER, body])).toEqual(open);
    expect(coverage([HEADER + QUOTED, body], [HEADER, body])).toEqual(open);
    expect(coverage([HEADER + QUOTED, body])).toBe("all");
  });

  test("is not, if no program would have written the body with it", () =>
    expect(coverage([HEADER, BODY.replace("+lu  lu", "+lu = lu")])).toBe("all"));

  test("base64 is read, if only so it is a patch", () => {
    const encoded = `${Buffer.from(BODY).toString("base64").replace(/.{76}/g, "$&\n")}\n`;
    const header = `${HEADER}Content-Transfer-Encoding: base64\n`;
    expect(coverage([header, encoded], [HEADER, encoded])).toBe("all");
  });
});

test("parts are open if their boundary is not signed", () => {
  const type = 'Content-Type: multipart/mixed; boundary="b"\n';
  const body = `--b\nContent-Type: text/plain\n\n${BODY}\n--b--\n`;
  expect(coverage([HEADER + type, body])).toBe("all");
  expect(coverage([HEADER + type, body], [HEADER, body])).toMatchObject({
    open: expect.any(String) as string,
  });
});
