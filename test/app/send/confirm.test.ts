/** `sendemail.confirm`: when `send` asks, in git send-email's words. */

import { expect, test } from "vitest";
import { confirming } from "../../../src/app/send/confirm.ts";
import { configOf } from "../../../src/git/config.ts";
import type { MailRecipients, Recipient } from "../../../src/outgoing/recipients.ts";

const of = (value: string | null) =>
  confirming(
    configOf(value === null ? [] : [{ key: "sendemail.confirm", value, origin: "", scope: "" }]),
  );
const to = (by: Recipient["by"], field: Recipient["field"]): MailRecipients => ({
  recipients: [{ name: "", address: "a@example.org", field, by, why: "" }],
  left: [],
});

test.each<readonly [string | null, boolean, boolean, boolean]>([
  // alone, a copy because of the patch, a cover letter
  [null, true, true, true],
  ["always", true, true, true],
  ["never", false, false, false],
  ["cc", false, true, false],
  ["compose", false, false, true],
  ["auto", false, true, true],
])("%s", (value, alone, copy, cover) => {
  const mustAsk = of(value);
  expect([
    mustAsk({ recipients: [to("user", "to")], hasCover: false }),
    mustAsk({ recipients: [to("user", "to"), to("patch", "cc")], hasCover: false }),
    mustAsk({ recipients: [to("user", "to")], hasCover: true }),
  ]).toEqual([alone, copy, cover]);
  // what a project wants has to be seen
  expect(mustAsk({ recipients: [to("project", "to")], hasCover: false })).toBe(true);
});

test("other words are refused", () => {
  for (const word of ["sometimes", "constructor"])
    expect(() => of(word)).toThrow(`sendemail.confirm is "${word}"`);
});
