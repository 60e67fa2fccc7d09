import { expect, test } from "vitest";
import { fillCover, isTemplate } from "../../src/outgoing/cover-mail.ts";
import { withFields } from "../../src/outgoing/header.ts";
import { messageIdOf, messageIdParts } from "../../src/outgoing/message-id.ts";
import { readMail } from "../../src/mail/mailinfo.ts";
import { commit, git, newRepository, temporaryFolder } from "../support/repo.ts";

/** A cover letter that git began. */
function begun(options: readonly string[] = []): Buffer {
  const folder = newRepository(temporaryFolder());
  commit(folder, "first", { a: "1\n" });
  commit(folder, "second", { a: "2\n" });
  commit(folder, "third", { a: "3\n" });
  const mbox = git(folder, ["format-patch", "--stdout", "--cover-letter", ...options, "-2"]);
  return mbox.subarray(mbox.indexOf("\n") + 1, mbox.indexOf("\nFrom ") + 1);
}

function read(mail: Buffer) {
  const view = readMail(mail);
  if (!view.ok) throw new Error(view.refusal.detail);
  return view.value;
}

test.each([
  ["ASCII", { title: "two things", body: "They belong together.\n\nReally." }, []],
  [
    "UTF-8",
    { title: "zwei Änderungen für die Liste der Üblichen, die sehr lang ist", body: "Grüße" },
    [],
  ],
  ["a long prefix", { title: "two things", body: "x" }, ["--subject-prefix=RFC PATCH net-next"]],
  ["$ and & in it", { title: "a $& b $1", body: "c $& d" }, []],
])("a cover letter is filled in: %s", (_, cover, options) => {
  const mail = begun(options);
  expect(isTemplate(mail)).toBe(true);
  const filled = fillCover(mail, cover);
  expect(isTemplate(filled)).toBe(false);
  const view = read(filled);
  expect(view.info.subject.toString()).toBe(cover.title);
  expect(view.message.toString()).toContain(`${cover.body}\n\n`);
  expect(view.message.toString()).toContain("second\n  third\n");
  expect(view.unlabelled).toBe(false);
});

test("fields are replaced, and the rest stays as it was", () => {
  const mail = Buffer.from(
    "From: A <a@x>\nDate: today\nSubject: long\n title\nTo: old@x\nX-Y: 1\nMIME-Version: 1.0\n\nTo: text\n",
  );
  const out = withFields(mail, [
    ["Message-ID", "<1@x>"],
    ["To", "b@x,\n c@x"],
  ]);
  expect(out.toString()).toBe(
    "From: A <a@x>\nTo: b@x,\n c@x\nSubject: long\n title\nDate: today\nMessage-ID: <1@x>\nX-Y: 1\nMIME-Version: 1.0\n\nTo: text\n",
  );
});

test("a field without a value goes out of the header", () => {
  const mail = Buffer.from("From: A <a@x>\nBcc: b@x,\n c@x\nTo: d@x\n\n");
  const fields = [
    ["Bcc", ""],
    ["To", ""],
  ] as const;
  expect(withFields(mail, fields).toString()).toBe("From: A <a@x>\n\n");
});

test("bytes of other charsets in the header stay", () => {
  const mail = Buffer.from("From: A <a@x>\nX: \xe4\n\n\xe4\n", "latin1");
  expect(withFields(mail, [["To", "b@x"]]).toString("latin1")).toBe(
    "From: A <a@x>\nTo: b@x\nX: \xe4\n\n\xe4\n",
  );
});

test.each([
  [
    "20261128-net-timer-0102030405ff",
    "alice@Example.ORG",
    "<20261128-net-timer-v2-3-ab@example.org>",
  ],
  ["x", "alice@bücher.example", "<x-v2-3-ab@localhost.invalid>"],
])("a Message-ID of %s for %s", (changeId, address, expected) => {
  const parts = messageIdParts({ changeId, version: 2, address }, Buffer.from([0xab]));
  expect(messageIdOf(parts, 3)).toBe(expected);
});
