/** Encodings that survive: each kind of patch through each change that transports make, and git am is the judge. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodingWish, rehearse } from "../../src/app/send/rehearse.ts";
import { TRANSFER_ENCODINGS } from "../../src/outgoing/encoding.ts";
import { encodeToSurvive } from "../../src/outgoing/rehearse.ts";
import { JOURNEYS, SPOILING } from "../../src/outgoing/transports.ts";
import { messages } from "../../src/mail/mbox.ts";
import { commit, commitsSince, git, newRepository, temporaryFolder } from "../support/repo.ts";
import { check, isGood, signMails } from "../support/signing.ts";

const LONG_LINE = "la ".repeat(400) + "la";
const AUTO = { encoding: null, charset: "UTF-8" } as const;

type Content = string | Buffer;

/** Signed patches, one for each content of a file, and the repository that they are for. */
function patchesOf(contents: readonly Content[], message = "song: shout\n\nLoud.\n") {
  const folder = newRepository(temporaryFolder());
  const base = commit(folder, "start", { "old.txt": "one\n\ntwo\n" });
  for (const [i, content] of contents.entries()) {
    writeFileSync(join(folder, `song${i}.txt`), content);
    writeFileSync(join(folder, "old.txt"), `One ${i}\n\ntwo\n`);
    git(folder, ["add", "."]);
    git(folder, ["commit", "-q", "-m", message, "--author", "Alice <alice@example.org>"]);
  }
  const mbox = git(folder, ["format-patch", "-n", "--stdout", base]);
  const mails = messages(mbox, { keepCr: true }).map(({ bytes }) => bytes!);
  return { folder, base, mails: signMails(mails) };
}

function patchOf(content: Content, message?: string): Buffer {
  return patchesOf([content], message).mails[0]!;
}

function sent(mail: Buffer, wish: Parameters<typeof rehearse>[1]["wish"] = AUTO, dangers = false) {
  return rehearse([mail], { wish, titles: ["song"], dangers });
}

function encodingIn(mail: Buffer): string {
  return /^Content-Transfer-Encoding: (.*)$/m.exec(mail.toString("latin1"))?.[1] ?? "7bit";
}

describe("the plainest encoding that survives", () => {
  const KINDS = [
    ["7bit", "la\n"],
    ["7bit", "--\n.\nFrom here\n"],
    ["7bit", "la"],
    ["8bit", "lä\n"],
    ["quoted-printable", "\tla\n-- \nFrom here\n"],
    ["quoted-printable", "la\r\nla\n"],
    ["quoted-printable", "la\r\n"],
    ["quoted-printable", `${LONG_LINE}\n`],
    ["quoted-printable", "la \n"],
    ["quoted-printable", "la\t\n"],
    ["quoted-printable", Buffer.from("l\xe4\n", "latin1")],
  ] as const;

  test("for each kind of patch: it comes through, and git am makes the same commits", () => {
    const { folder, base, mails } = patchesOf(KINDS.map(([, content]) => content));
    const titles = KINDS.map(([, content]) => JSON.stringify(content.toString().slice(0, 20)));
    const out = rehearse(mails, { wish: AUTO, titles, dangers: false });
    expect(out.mails.map((mail, i) => [encodingIn(mail), titles[i]])).toEqual(
      KINDS.map(([encoding], i) => [encoding, titles[i]]),
    );
    expect(out.notes).toEqual(["7 of 11 sent as quoted-printable, to arrive unchanged"]);
    for (const { name, apply } of JOURNEYS.flat())
      for (const mail of out.mails) expect(isGood(check(apply(mail))), name).toBe(true);
    const other = temporaryFolder();
    git(other, ["clone", "-q", folder, "."]);
    git(other, ["reset", "-q", "--hard", base]);
    const from = Buffer.from("From x Thu Jan  1 00:00:00 2026\n");
    git(other, ["am", "-q", "--keep-cr"], Buffer.concat(out.mails.flatMap((mail) => [from, mail])));
    expect(commitsSince(other, base)).toEqual(commitsSince(folder, base));
  });

  test("a letter and an author that are not ASCII, in every encoding", () => {
    const mail = patchOf("lä\n", "song: Grüße\n\nFrom Köln.\n.\n");
    for (const encoding of TRANSFER_ENCODINGS.slice(1)) {
      const { mails } = sent(mail, { encoding, charset: "UTF-8" });
      expect(encodingIn(mails[0]!)).toBe(encoding);
      expect(isGood(check(mails[0]!)), encoding).toBe(true);
    }
  });
});

test("each change changes some mail", () => {
  const all = Buffer.from(`lä\t\n  \xa0 \n${LONG_LINE}\n\xff\n`, "latin1");
  const mail = patchOf(
    all,
    "song: a title that is so long that git has to fold it, and then once more\n\nFrom x\n",
  );
  for (const { name, apply } of [...JOURNEYS.flat(), ...SPOILING])
    expect(apply(mail).equals(mail), name).toBe(false);
});

describe("sendemail.transferEncoding", () => {
  const wish = (settings: Record<string, string>) =>
    encodingWish({
      all: (key) => (settings[key] === undefined ? [] : [settings[key]]),
      string: (key) => settings[key] ?? null,
      path: (key) => settings[key] ?? null,
      paths: () => [],
    });

  test.each([
    ["7bit", "lä\n", "cannot be sent as 7bit: it is not ASCII"],
    ["7bit", `${LONG_LINE}\n`, "it has a line over 998 bytes"],
    ["8bit", `${LONG_LINE}\n`, "it has a line over 998 bytes"],
    ["8bit", "la\r\nla\n", "it has carriage returns"],
  ])("%s is refused", (encoding, content, why) => {
    const mail = patchOf(content);
    expect(() => sent(mail, wish({ "sendemail.transferEncoding": encoding }))).toThrow(why);
  });

  test("is taken where it can hold the mail, and what may spoil that is said", () => {
    const mail = patchOf("la \n");
    const { mails, notes } = sent(mail, wish({ "sendemail.transferEncoding": "8bit" }));
    expect(encodingIn(mails[0]!)).toBe("7bit");
    expect(notes).toEqual(["song: would not survive: blanks at ends of lines removed"]);
  });

  test("of an identity; other words are refused", () => {
    const settings = { "sendemail.identity": "work", "sendemail.work.transferEncoding": "base64" };
    expect(wish(settings)).toEqual({ encoding: "base64", charset: "UTF-8" });
    expect(() => wish({ "sendemail.transferEncoding": "binary" })).toThrow("not one of auto, 7bit");
  });

  test("assume8bitEncoding names the charset of a body that names none", () => {
    const mail = patchOf(Buffer.from("l\xe4\n", "latin1"));
    const { mails } = sent(mail, wish({ "sendemail.assume8bitEncoding": "ISO-8859-1" }));
    expect(mails[0]!.toString("latin1")).toContain(
      "Content-Type: text/plain; charset=ISO-8859-1\n",
    );
    expect(isGood(check(mails[0]!))).toBe(true);
    expect(() => wish({ "sendemail.assume8bitEncoding": "x\ny" })).toThrow("no charset");
  });
});

test("nearly always, two verifications tell", () => {
  let asked = 0;
  const survives = (): boolean => (asked++, true);
  expect(encodeToSurvive(patchOf("la\n"), AUTO, survives).encoding).toBe("7bit");
  expect(asked).toBe(2);
});

test("what only broken servers do is told when asked, with what helps", () => {
  const mail = patchOf("\tla  la\n");
  expect(sent(mail).notes).toEqual([]);
  expect(sent(mail, AUTO, true).notes).toContain(
    "1 of 1 would not survive tabs made blanks: sendemail.transferEncoding=base64 helps",
  );
});
