/** Author dates as `am` hands them to git: the same day that git reads in the received mail. */

import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { CommitContents } from "../../src/mail/compose.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { checkMail } from "../../src/verify/check.ts";
import { mailFor } from "../../src/verify/commit.ts";
import type { Checked } from "../../src/verify/result.ts";

const DIFF = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n";

/** What git makes of a date, seconds since the epoch and zone. */
function gitDate(date: string): string {
  return execFileSync("git", ["var", "GIT_AUTHOR_IDENT"], {
    env: {
      ...process.env,
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@x",
      GIT_AUTHOR_DATE: date,
    },
  })
    .toString()
    .replace(/^.*> /, "");
}

test.each([
  "Mi\u00e9, 24 nov 2026 10:00:00 +0000",
  "\u00fa 24 Nov 2026 10:00:00 +0100",
  "\u6708, 24 Nov 2026 10:00:00 -0330 (\u4e2d\u56fd)",
  "24 Nov 2026 10:00:00 +0000",
  "24 Nov 2026 10:00:00 +0530",
  "24 Nov 2026 10:00 +0530",
  "Tue 24 Nov 2026 10:00:00 +05:30",
  "Tue, 24 Nov 2026 10:00:00 +0530 (IST)",
  "Tue, 24 Nov 2026 10:00:00 (IST) +0530",
  "Tue, 24 Nov 2026 10:00:00",
  "Tue, 24 Nov 2026 10:00:00 CET",
  "Tue, 24 Nov 2026 10:00:00 Z",
  "Tue Nov 24 10:00:00 2026 +0530",
  "2026-11-24T10:00:00+05:30",
  "11/24/2026 10:00 PM +0530",
  "@1795514400 +0530",
  "31 Nov 2026 10:00:00 +0000",
])("%s", (date) => {
  const mail = Buffer.from(`From: A <a@x>\nSubject: s\nDate: ${date}\n\nm\n---\n${DIFF}`);
  const composed = mailFor(checkMail(mail, createVerifier(1)), 0);
  if (!composed.ok) throw new Error(composed.refusal.detail);
  const handed = /^Date: (.*)$/m.exec(composed.value.mail.toString())![1]!;
  expect(/^[ -~]+$/.test(handed)).toBe(true);
  expect(gitDate(handed)).toBe(gitDate(date));
});

const PATCH = Buffer.from(`From: A <a@x>\nSubject: s\nDate: 24 Nov 2026\n\nm\n---\n${DIFF}`);

/** What only a fault of ours can bring here: git would read other values than were verified. */
test.each<[string, (checked: Checked) => Partial<Checked>]>([
  [
    "a message with an end of its own",
    ({ view }) => ({
      view: { ...view!, message: Buffer.from("m\n---\nmore\n") },
    }),
  ],
  [
    "a message with a diff of its own",
    ({ view }) => ({
      view: { ...view!, message: Buffer.from(`m\n${DIFF}`) },
    }),
  ],
  [
    "a subject with brackets",
    ({ view }) => ({
      view: { ...view!, info: { ...view!.info, subject: Buffer.from("[x] s") } },
    }),
  ],
  ["an author in two lines", () => ({ author: { name: "A\nSubject: t", email: "a@x" } })],
  ["a diff that is none", ({ diff }) => ({ diff: { ...diff!, canonical: Buffer.from("no\n") } })],
  [
    "a diff with more behind it",
    ({ diff }) => ({
      diff: { ...diff!, canonical: Buffer.concat([diff!.canonical, Buffer.from("x\n")]) },
    }),
  ],
])("%s is not handed to git", (_, change) => {
  const checked = checkMail(PATCH, createVerifier(1));
  expect(mailFor(checked, 0)).toMatchObject({ ok: true });
  expect(mailFor({ ...checked, ...change(checked) }, 0)).toMatchObject({
    ok: false,
    refusal: { reason: "not-composable" },
  });
});

describe("the commit that git is to make", () => {
  const checkedAs = (change: (mail: string) => string): Checked =>
    checkMail(Buffer.from(change(PATCH.toString())), createVerifier(1));
  const commitOf = (change: (mail: string) => string, now = 0): CommitContents => {
    const made = mailFor(checkedAs(change), now, { withMessageId: true });
    if (!made.ok) throw new Error(made.refusal.detail);
    return made.value.commit;
  };

  test("has the Message-ID below the message, in the last paragraph if that is of trailers", () => {
    const id = "Message-ID: <a@x>\n";
    const messageOf = (text: string, header = id): string =>
      commitOf((mail) => mail.replace("\n\nm\n", `\n${header}\n${text}`)).message.toString();
    expect(messageOf("m\n")).toBe(`m\n\n${id}`);
    expect(messageOf("m\n\nAcked-by: B <b@x>\n")).toBe(`m\n\nAcked-by: B <b@x>\n${id}`);
    expect(messageOf("(cherry picked from commit 1)\n")).toBe(
      `(cherry picked from commit 1)\n${id}`,
    );
    expect(messageOf("")).toBe(id);
    expect(messageOf("m\n", "")).toBe("m\n");
    expect(messageOf("m\n", `Message-ID: <${"a".repeat(250)}@x>\n`)).toBe("m\n");
  });

  test("has none, unless it is asked for", () => {
    const made = mailFor(
      checkedAs((mail) => mail.replace("\n\n", "\nMessage-ID: <a@x>\n\n")),
      0,
    );
    expect(made.ok && made.value.commit.message.toString()).toBe("m\n");
  });

  test("has the Date shown; if git could not read that, the time of now", () => {
    const dated = (date: string): string =>
      commitOf((mail) => mail.replace(/^Date: .*$/m, `Date: ${date}`), 1234).date;
    expect(dated("Tue, 24 Nov 2026 10:00:00 +0000")).toBe("Tue, 24 Nov 2026 10:00:00 +0000");
    expect(dated("yesterday")).toBe("@1234 +0000");
    expect(dated("1".repeat(101))).toBe("@1234 +0000");
  });

  test("is none of a mail or a diff that was refused", () => {
    const checked = checkedAs((mail) => mail);
    for (const lost of [{ view: null }, { diff: null }, { author: null }])
      expect(mailFor({ ...checked, ...lost }, 0)).toMatchObject({
        ok: false,
        refusal: { reason: "unreadable" },
      });
  });
});
