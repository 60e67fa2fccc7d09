/**
 * Texts on which a regular expression would try every way to divide them: here that takes minutes or hours. What is
 * counted in costs.test.ts does not show it. The limit is for what hangs.
 */

import { expect, test } from "vitest";
import { senderOf } from "../../src/bot/facts.ts";
import { mailboxes } from "../../src/mail/address-list.ts";
import { decodeLines } from "../../src/mail/transfer.ts";
import { isForwardSubject } from "../../src/patch/subject.ts";
import { readReviewText } from "../../src/review/text.ts";
import { matchOf } from "../../src/trailers/giver.ts";
import { trailersIn } from "../../src/trailers/reply.ts";
import { trailerNames } from "../../src/trailers/trailer.ts";
import type { MailView } from "../../src/types.ts";
import { senderAddresses } from "../../src/verify/author.ts";
import { tracesIn } from "../../src/verify/traces.ts";
import { pick, randomOf } from "../support/reshape.ts";
import { SEED } from "../support/seed.ts";

const MINUTE = 60_000;
const LETTERS = "AQZaz09+/=-_\n\n\r !".split("");
const HEADERS = { xOriginalFrom: "", xOriginalSender: "", xMailFrom: "", sender: "" };
const from = (text: string): MailView =>
  ({ headers: { ...HEADERS, replyTo: "", cc: "", from: text } }) as unknown as MailView;
const BOB = { sender: "bob@example.net", from: { name: "", email: "bob@example.net" } };

test.each<readonly [string, () => unknown, unknown]>([
  [
    "rules that divide a reply from nothing",
    () =>
      trailersIn(
        Buffer.from(`${"-".repeat(99)}${"@".repeat(99)}${"-".repeat(99)}x\n`.repeat(4000)),
        trailerNames([]),
      ).trailers,
    [],
  ],
  [
    "a Subject that was forwarded and forwarded, and has no brackets",
    () => isForwardSubject(`tx:${"fw:gg:".repeat(40_000)}`),
    false,
  ],
  [
    "a refused mail of lines that CRs end, each like a header line",
    () => tracesIn(Buffer.from(`X: a${"\rcontent-".repeat(50_000)}\n\nx\n`)),
    { wraps: false, block: false, diff: false },
  ],
  [
    "a list's address that has dots within",
    () => senderAddresses(from(`Alice via list <x=${".".repeat(600_000)}=@lists.example>`)),
    [],
  ],
  [
    "a name that is via everything",
    () =>
      matchOf(
        { address: "bob@example.org", value: "Bob Berg <bob@example.org>" },
        { ...BOB, from: { ...BOB.from, name: `${"\tvia\t".repeat(60_000)}\u2028x` } },
      ),
    "none",
  ],
  [
    "a person whose address is nothing but @",
    () => Array.from({ length: 30 }, () => mailboxes(`${"@".repeat(65_000)} x`)[0]?.address),
    Array.from({ length: 30 }, () => ""),
  ],
  [
    "a sender whose address is nothing but @, for the bot",
    () => senderOf(() => [`${"@".repeat(500_000)}\t`]),
    null,
  ],
  [
    "reviews with blanks instead of an address",
    () => {
      const text = `patchsig-review-v1\nTested-by: x${" ".repeat(4090)}y`;
      return Array.from({ length: 5000 }, () => readReviewText(text)).filter((one) => one !== null);
    },
    [],
  ],
])("%s", (_, work, expected) => expect(work()).toEqual(expected), MINUTE);

test("lines of base64 are decoded one by one, as Buffer decodes each", () => {
  const random = randomOf(SEED);
  for (let i = 0; i < 500; i++) {
    const bytes = Array.from({ length: 60 }, () => pick(random, LETTERS));
    const text = bytes.join("");
    const lines = text.split("\n").map((line) => line.replace(/[^A-Za-z0-9+/]/g, ""));
    const each = Buffer.concat(lines.map((line) => Buffer.from(line, "base64")));
    expect([text, decodeLines(Buffer.from(text)).toString("hex")]).toEqual([
      text,
      each.toString("hex"),
    ]);
  }
});
