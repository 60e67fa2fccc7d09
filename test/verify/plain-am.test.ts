/** Where settings make another commit of a verified mail, verify says so: stock git am is the judge. */

import { some } from "../support/long.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messages } from "../../src/mail/mbox.ts";
import { withPlainAm } from "../../src/verify/plain-am.ts";
import { base64, quotedPrintable, withBody, withHeaders } from "../support/reshape.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { check, isGood, signMails } from "../support/signing.ts";
import { type AmJudge, openAm } from "../support/soundness.ts";
import { amSettingsOf } from "./git-settings.ts";

const START = { lf: "one\ntwo\nthree\nfour\n", crlf: "one\r\ntwo\r\nthree\r\nfour\r\n" };
const LF = { lf: START.lf.replace("two", "TWO") };
const CRLF = { crlf: START.crlf.replace("two", "TWO") };

/** What is changed, and the message. */
const CHANGES: Record<string, [files: Record<string, string>, message: string]> = {
  lf: [LF, "lf: louder\n\nAll of it.\n"],
  crlf: [CRLF, "crlf: louder\n\nAll of it.\n"],
  new: [{ new: "a\n\tb\n" }, "new: one\n"],
  trailing: [{ lf: `${START.lf}five \n` }, "lf: more\n"],
  "space before tab": [{ new: "  \tb\n" }, "new: one\n"],
  "blank at the end": [{ lf: `${START.lf}\n\n` }, "lf: more\n"],
  "no end": [{ lf: `${START.lf}five` }, "lf: more\n"],
  eight: [{ new: `${" ".repeat(8)}b\n` }, "new: one\n"],
  scissors: [LF, "lf: louder\n\nabove\n-- >8 --\nbelow\n"],
  umlaut: [LF, "lf: louder\n\nGr\u00fc\u00dfe.\n"],
  "umlaut in the title": [LF, "lf: Gr\u00fc\u00dfe\n"],
};

type Edit = (mail: string) => string;
const encoded =
  (name: string, encode: Edit): Edit =>
  (mail) =>
    withBody(
      withHeaders(
        mail.replace(/^(?:MIME|Content)-.*\n/gm, ""),
        `MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${name}\n`,
      ),
      encode,
    );
const crlf: Edit = (mail) => mail.replace(/\r?\n/g, "\r\n");
const FORMS: Record<string, Edit> = {
  plain: (mail) => mail,
  CRLF: crlf,
  "quoted-printable": encoded("quoted-printable", quotedPrintable),
  "quoted-printable, CRLF": (mail) => crlf(encoded("quoted-printable", quotedPrintable)(mail)),
  base64: encoded("base64", (body) => base64(body, 76)),
  "base64, CRLF": (mail) => crlf(encoded("base64", (body) => base64(body, 76))(mail)),
  "words without one": (mail) => mail.replaceAll("=?UTF-8?", "=??"),
  "without a charset": (mail) => mail.replace(/^(?:MIME|Content)-.*\n/gm, ""),
};

const MEND = "apply.whitespace=fix";
/** Settings, and the mails (change, form) of which git am makes another commit under them, or none. */
const SETTINGS: readonly (readonly [config: readonly string[], differ: RegExp])[] = [
  [["am.keepcr=true"], /: (?:quoted-printable, )?CRLF$/],
  [["mailinfo.quotedCr=strip"], /^crlf/],
  [["mailinfo.scissors=true"], /^scissors/],
  [["i18n.commitEncoding=ISO-8859-1"], /^umlaut(?:: without| in the title: words)/],
  [["i18n.commitEncoding=utf8"], /^$/],
  [[MEND], /^(?:trailing|space before tab|blank at the end)/],
  [["apply.whitespace=strip", "core.whitespace=-trailing-space"], /^space before tab/],
  [[MEND, "core.whitespace=tab-in-indent"], /^(?:new|trailing|space before tab|blank at the end)/],
  [[MEND, "core.whitespace=indent-with-non-tab"], /^(?:eight|trailing|space before|blank at)/],
  [[MEND, "core.whitespace=cr-at-eol,-blank-at-eof"], /^(?:trailing|space before tab)/],
  [["apply.whitespace=warn"], /^$/],
  [["apply.ignoreWhitespace=change"], /^$/],
  [["am.threeWay=true"], /^$/],
  [["core.autocrlf=true"], /^$/],
  [["core.autocrlf=input"], /^$/],
  [["core.eol=crlf", "core.safecrlf=true"], /^$/],
];

let folder: string;
let base: string;
let usual: AmJudge;
const mails = new Map<string, Buffer>();
/** What the signer committed, by change. */
const made = new Map<string, readonly string[]>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "patchsig-plain-am-"));
  base = newRepository(join(folder, "base"));
  const head = commit(base, "start", START);
  usual = openAm(base);
  for (const [change, [files, message]] of Object.entries(CHANGES)) {
    git(base, ["checkout", "-q", "--detach", head]);
    commit(base, message, files);
    const mbox = git(base, ["format-patch", "--stdout", "-1"]);
    const [signed] = signMails([messages(mbox, { keepCr: true })[0]!.bytes!]);
    made.set(change, usual.am(signed!, change === "crlf" ? ["--keep-cr"] : [])!);
    for (const [form, edit] of Object.entries(FORMS)) {
      const mail = Buffer.from(edit(signed!.toString("latin1")), "latin1");
      mails.set(`${change}: ${form}`, mail);
    }
  }
  git(base, ["checkout", "-q", "main"]);
});
afterAll(() => {
  usual.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(SETTINGS)("%j", (config, differ) => {
  test("is reported for the mails it affects, and no others", () => {
    const setting = { config };
    const settings = amSettingsOf(setting);
    const judge = openAm(base, setting);
    try {
      const row = SETTINGS.findIndex(([c]) => c === config);
      const those = (differs: boolean) =>
        [...mails].filter(([name]) => differ.test(name) === differs);
      for (const [name, mail] of [...some(those(true), 3), ...some(those(false), 7, row)]) {
        const before = check(mail);
        // a transport that ate what it should not: nothing to compare with
        if (!isGood(before)) continue;
        const { findings } = withPlainAm(mail, before, settings);
        const codes = findings.map(({ code }) => code);
        expect(codes.includes("am-differs"), name).toBe(differ.test(name));
        const commits = judge.am(mail, codes.includes("raw-cr") ? ["--keep-cr"] : []);
        if (!codes.includes("am-differs"))
          expect(commits, name).toEqual(made.get(name.split(":", 1)[0]!));
        else expect(commits, name).not.toEqual(made.get(name.split(":", 1)[0]!));
      }
    } finally {
      judge.close();
    }
  });
});

test("the text of findings; no finding about CRs that git am keeps", () => {
  const mail = mails.get("crlf: plain")!;
  const keep = amSettingsOf({ config: ["am.keepcr=true"] });
  const codes = (settings: typeof keep): string[] =>
    withPlainAm(mail, check(mail), settings).findings.map(({ code }) => code);
  expect(codes(null)).toContain("raw-cr");
  expect(codes(keep)).not.toContain("raw-cr");
  const both = amSettingsOf({ config: ["mailinfo.scissors=true", "am.keepcr=yes"] });
  const cut = mails.get("scissors: CRLF")!;
  const { message, hint, severity } = withPlainAm(cut, check(cut), both).findings.at(-1)!;
  expect([message, hint, severity]).toEqual([
    "plain git am here would keep the CRs of the mail (am.keepcr), and cut the message at its scissors line (mailinfo.scissors)",
    "git patchsig am does not",
    "warn",
  ]);
});

test("a patch with CRs added in base64, under apply.ignoreWhitespace", () => {
  const plain = mails.get("lf: plain")!.toString("latin1");
  const twin = Buffer.from(encoded("base64", (body) => base64(crlf(body), 76))(plain), "latin1");
  const setting = { config: ["apply.ignoreWhitespace=change"] };
  const checked = withPlainAm(twin, check(twin), amSettingsOf(setting));
  expect(isGood(checked)).toBe(true);
  expect(checked.findings.map(({ code }) => code)).toContain("am-differs");
  const judge = openAm(base, setting);
  expect(usual.am(twin)).toBeNull();
  expect(judge.am(twin)).not.toEqual(made.get("lf"));
  judge.close();
});

test("no finding for mails that are not good, nor without settings", () => {
  const mail = Buffer.from(
    mails.get("lf: CRLF")!.toString("latin1").replace("+TWO", "+TOO"),
    "latin1",
  );
  const bad = check(mail);
  expect(bad.signature).toBe("bad");
  expect(withPlainAm(mail, bad, amSettingsOf({ config: ["am.keepcr=true"] }))).toBe(bad);
  for (const config of [[], ["am.keepcr=false"], ["am.messageid=true"], ["mailinfo.quotedCr=warn"]])
    expect(amSettingsOf({ config })).toBeNull();
});
