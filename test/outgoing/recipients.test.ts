/** Who gets which mail: as git send-email says, with the same mails and settings. */

import { describe, expect, test } from "vitest";
import { readFields } from "../../src/mail/fields.ts";
import { readAliases, expandAlias } from "../../src/outgoing/aliases.ts";
import { encodeAddressees, type Addressee, readAddressees } from "../../src/outgoing/addressee.ts";
import {
  type MailRecipients,
  type MailToAddress,
  type Recipient,
  type RecipientField,
  recipientsOf,
  type RecipientTerms,
  suppressions,
} from "../../src/outgoing/recipients.ts";
import { drySendEmail, type DryMail } from "../support/dry-send-email.ts";
import { type OtherGit, gits } from "../support/gits.ts";
import { LONG, some } from "../support/long.ts";

const SENDER = { name: "Sam Sender", address: "sam@example.org" };

interface Mail {
  readonly from?: string;
  readonly header?: string;
  readonly text?: string;
  readonly number?: string;
}

function mailOf({
  from = "Alice Author <alice@example.org>",
  header = "",
  text = "",
  number = "1/1",
}: Mail): string {
  return [
    "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001",
    `From: ${from}`,
    "Date: Sat, 28 Nov 2026 08:00:00 +0000",
    `Subject: [PATCH ${number}] a title`,
    ...(header === "" ? [] : [header]),
    "",
    text,
    "---",
    "diff --git a/a b/a",
    "",
  ].join("\n");
}

/** The same mail as `recipientsOf` gets it. */
function facts(text: string, said: MailToAddress["said"]): MailToAddress {
  const mail = Buffer.from(text.slice(text.indexOf("\n") + 1));
  const fields = readFields(mail).map(({ name, value }) => ({
    name,
    value: Buffer.from(value, "latin1").toString(),
  }));
  const of = (field: RecipientField): MailToAddress["header"] =>
    fields
      .filter(({ name }) => name === field)
      .flatMap(({ value }) => readAddressees(value))
      .map((mailbox) => ({ ...mailbox, field, why: "format" }));
  const [author] = readAddressees(fields.find(({ name }) => name === "from")!.value);
  return {
    author: author!,
    header: [...of("to"), ...of("cc")],
    text: text.slice(text.indexOf("\n\n") + 2),
    said,
  };
}

function named(field: RecipientField, list: readonly string[]): Recipient[] {
  return list
    .flatMap(readAddressees)
    .map((mailbox) => ({ ...mailbox, field, why: `--${field}`, by: "user" }));
}

const PLAIN: RecipientTerms = {
  sender: SENDER,
  named: named("to", ["t@example.org"]),
  suppressed: new Set(),
  toCover: false,
  ccCover: false,
  resolve: (mailbox) => [mailbox],
};

/** As git shows it. */
function asDry({ recipients }: MailRecipients): DryMail {
  const of = (field: RecipientField): string =>
    encodeAddressees(recipients.filter((one) => one.field === field)).replaceAll("\n", "");
  return { envelope: recipients.map(({ address }) => address), to: of("to"), cc: of("cc") };
}

/** Names, however they are quoted, encoded and spaced; comments are no part of them. */
function comparable({ envelope, to, cc }: DryMail): object {
  const people = (value: string): string[] =>
    readAddressees(value).map(
      ({ name, address }) => `${name.replaceAll(/[\s"\\]/g, "")} <${address}>`,
    );
  return { envelope, to: people(to), cc: people(cc) };
}

function expectSame(ours: readonly MailRecipients[], its: DryMail[] | string, what: string): void {
  if (typeof its === "string") throw new Error(`${what}: git refused: ${its}`);
  expect(ours.map(asDry).map(comparable), what).toEqual(its.map(comparable));
}

/** The newest form of a name with blanks or commas before an address in a trailer: git 2.48 and later. */
const isNewer = ({ version: [major, minor] }: OtherGit): boolean => major > 2 || minor >= 48;

const TRAILERS = [
  "Cc: foo@example.org (comment)",
  'Cc: "Quoted, Name" <q@example.org>',
  "Cc: a@example.org, b@example.org",
  "Cc: Name a2@example.org",
  "Cc: Name <a3@example.org> [reviewer]",
  "Cc: Name <a4@example.org> # comment <x@y>",
  "Cc: group: g1@example.org, g2@example.org;",
  "Cc: Dup <DUP@EXAMPLE.ORG>\nCc: Dup <dup@example.org>\nCc: dup@Example.org\nCc: x <dup@example.org>",
  "Cc:nospace@example.org",
  "Cc:   spaces@example.org  ",
  "Cc:   <spaces@example.org>  ",
  "CC: upper@example.org",
  "Cc: O'Neil <on@example.org>",
  'Cc: "J. R." Dot <dot2@example.org>',
  "Cc: =?UTF-8?q?=C3=9Cn?= <rfc@example.org>",
  "Suggested-by: Ünï Cödé <uni@example.org>",
  "Cc: stable@vger.kernel.org # 5.4+",
  "Cc: <stable@vger.kernel.org> # 5.4+",
  "Cc: stable@vger.kernel.org#5.4",
  "Cc: stable@vger.kernel.org 5.4+",
  "Cc: stable@vger.kernel.org, # v5.4",
  "Cc: linux-kernel@vger.kernel.org;",
  "Cc: <broken@example.org",
  "Cc: broken2@example.org>",
  "Cc: <>",
  "Cc: nobody",
  "Cc: Name <a5@example.org> <a6@example.org>",
  "Cc: Name<nosp@example.org>",
  'Cc: half"quote <hq@example.org>',
  "Cc: 'single' <sq@example.org>",
  "Cc: Name <with space@example.org>",
  "Cc: Name < sp@example.org >",
  "X-by: x@example.org",
  "Reviewed-and-tested-by: rt@example.org",
  "reviewed-BY: case@example.org",
  "by: by@example.org",
  "-by: b2@example.org",
  "Foo_by: nope@example.org",
  "Helped-by : sp@example.org",
  "Tested by: no@example.org",
  " Cc: indented@example.org\n> Cc: quoted@example.org",
  "Signed-off-by: Name at example.org",
  "Cc: <a7@example.org>,<a8@example.org>",
  "Cc: Mc <a9@[127.0.0.1]>",
  'Cc: "quoted local"@example.org',
  "Cc: .a@example.org\nCc: a..b@example.org\nCc: a@-example.org\nCc: a_b+c%d=e@sub.example.org",
  "Cc: a@example.org\t# tab",
  "---\nCc: notes@example.org",
  "Reported-by: syzbot+123@syzkaller.appspotmail.com",
];

/** Where git before 2.48 splits the name at a comma, or shows less of it. */
const NEW_TRAILERS = [
  "Cc: Quoted, NoQuote <q2@example.org>",
  "Cc: J. R. Dot <dot@example.org>",
  "Cc: Name (Org) <paren@example.org>",
  "Cc: back\\slash <bs@example.org>",
];

/** Of a header, or an option. */
const LISTS = [
  "foo@example.org (comment)",
  '"Quoted, Name" <q@example.org>',
  "a@example.org, b@example.org",
  "a@example.org,b@example.org;c@example.org",
  "Dup <DUP@EXAMPLE.ORG>, dup@example.org, Dup <DUP@EXAMPLE.ORG>",
  "  spaces@example.org  ",
  "J. R. Dot <dot@example.org>",
  "Name (Org) <paren@example.org>",
  '"J. R." Dot <dot2@example.org>',
  "=?UTF-8?q?=C3=9Cn?= <rfc@example.org>",
  "=?UTF-8?q?=C3=9Cn=2C_X?= <rfc@example.org>",
  "Ünï <u@example.org>",
  "a7@example.org a8@example.org",
  '"esc\\"q" <eq@example.org>',
  "a@example.org,",
  "<angle@example.org>, <angle2@example.org>",
];

describe.each(gits())("as git send-email of $name says", (one) => {
  const { path } = one;

  test("trailers", () => {
    const all = isNewer(one) ? [...TRAILERS, ...NEW_TRAILERS] : TRAILERS;
    const mails = all.map((text) => mailOf({ text }));
    const its = drySendEmail({ mails, args: ["--to=t@example.org"], path });
    const ours = mails.map((text) => recipientsOf([facts(text, [])], PLAIN)[0]!);
    if (typeof its === "string") throw new Error(its);
    for (const [i, text] of all.entries()) expectSame([ours[i]!], [its[i]!], text);
  });

  test("lists in the header, as git format-patch writes format.to and format.cc", () => {
    const mails = LISTS.flatMap((list) => [
      mailOf({ header: `Cc: ${list}` }),
      mailOf({ header: `To: ${list}\nCc: x@example.org` }),
    ]);
    const its = drySendEmail({ mails, args: ["--to=t@example.org"], path });
    if (typeof its === "string") throw new Error(its);
    for (const [i, text] of mails.entries())
      expectSame(recipientsOf([facts(text, [])], PLAIN), [its[i]!], text);
  });

  test("lists in settings and options", () => {
    for (const [field, key] of [
      ["to", "sendemail.to"],
      ["cc", "sendemail.cc"],
      ["bcc", "sendemail.bcc"],
    ] as const) {
      const mails = [mailOf({})];
      const own = LISTS.filter((list) => !list.startsWith("Ünï"));
      const its = drySendEmail({ mails, settings: own.map((list) => `${key}=${list}`), path });
      const ours = recipientsOf([facts(mails[0]!, [])], { ...PLAIN, named: named(field, own) });
      expectSame(ours, its, key);
    }
  });
});

const BODY = [
  "Cc: body@example.org",
  "Signed-off-by: Alice Author <alice@example.org>",
  "Signed-off-by: Other <other@example.org>",
  "Reviewed-by: Bob <bob@example.org>",
  "Acked-by: Sam Sender <sam@example.org>",
  "Cc: Sam Other <sam@example.org>",
  "Cc: hto@example.org",
].join("\n");
const SERIES: readonly Mail[] = [
  {
    number: "0/2",
    from: "Sam Sender <sam@example.org>",
    header: "To: cto@example.org\nCc: ccc@example.org",
    text: "Cc: cbody@example.org",
  },
  {
    number: "1/2",
    header: "To: hto@example.org\nCc: hcc@example.org, Sam Sender <sam@example.org>",
    text: BODY,
  },
  { number: "2/2", from: "Sam Sender <sam@example.org>", text: BODY },
];
const SAYS_TO = "tocmd@example.org\nSam Sender <sam@example.org>\n  t@example.org  \n";
const SAYS_CC =
  "Name <cccmd@example.org> (maintainer:FOO)\nhto@example.org\na@example.org, b@example.org\nSam Sender <sam@example.org>\n";

interface Case {
  readonly suppressCc: readonly string[];
  readonly suppressFrom: boolean | null;
  readonly signedOffByCc: boolean | null;
  readonly toCover: boolean;
  readonly ccCover: boolean;
}

/** Every value alone, pairs with the two old settings, and the cover's. */
function cases(): Case[] {
  const words = ["author", "self", "cc", "bodycc", "sob", "cccmd", "body", "all", "misc-by"];
  const base = { suppressFrom: null, signedOffByCc: null, toCover: false, ccCover: false };
  const pairs = words.flatMap((a, i) => words.slice(i + 1).map((b) => [a, b]));
  const three = [null, true, false];
  return [
    ...[[], ...words.map((word) => [word])].map((suppressCc) => ({ ...base, suppressCc })),
    ...[[], ["self"], ["sob"], ["body"], ["all"], ["author"]].flatMap((suppressCc) =>
      three.flatMap((suppressFrom) =>
        three.map((signedOffByCc) => ({ ...base, suppressCc, suppressFrom, signedOffByCc })),
      ),
    ),
    ...[[], ["cc"], ["self"], ["author", "bodycc"]].flatMap((suppressCc) => [
      { ...base, suppressCc, toCover: true },
      { ...base, suppressCc, ccCover: true },
      { ...base, suppressCc, toCover: true, ccCover: true },
    ]),
    ...pairs.map((suppressCc) => ({ ...base, suppressCc })),
  ];
}

test("who is left out, and what the cover letter's recipients get", { timeout: 600_000 }, () => {
  const mails = SERIES.map(mailOf);
  const files = {
    "to.sh": `#!/bin/sh\ncat <<'E'\n${SAYS_TO}E\n`,
    "cc.sh": `#!/bin/sh\ncat <<'E'\n${SAYS_CC}E\n`,
  };
  const said: MailToAddress["said"] = [
    { field: "to", why: "toCmd", by: "user", lines: SAYS_TO },
    { field: "cc", why: "ccCmd", by: "user", lines: SAYS_CC },
  ];
  for (const { path } of gits())
    for (const one of some(cases(), 9)) {
      const { suppressCc, suppressFrom, signedOffByCc, toCover, ccCover } = one;
      const settings = [
        "sendemail.to=t@example.org",
        "sendemail.cc=icc@example.org",
        "sendemail.bcc=bcc@example.org, icc@example.org",
        "sendemail.toCmd=./to.sh",
        "sendemail.ccCmd=./cc.sh",
        ...suppressCc.map((word) => `sendemail.suppressCc=${word}`),
        ...(suppressFrom === null ? [] : [`sendemail.suppressFrom=${suppressFrom}`]),
        ...(signedOffByCc === null ? [] : [`sendemail.signedOffByCc=${signedOffByCc}`]),
        `sendemail.toCover=${toCover}`,
        `sendemail.ccCover=${ccCover}`,
      ];
      const its = drySendEmail({ mails, settings, files, path });
      const terms = {
        ...PLAIN,
        named: [
          ...named("to", ["t@example.org"]),
          ...named("cc", ["icc@example.org"]),
          ...named("bcc", ["bcc@example.org, icc@example.org"]),
        ],
        suppressed: suppressions(suppressCc, suppressFrom, signedOffByCc),
        toCover,
        ccCover,
      };
      const ours = recipientsOf(
        mails.map((text) => facts(text, said)),
        terms,
      );
      expectSame(ours, its, JSON.stringify(one));
    }
});

test("words that git does not know are refused, here as there", () => {
  const [{ path }] = gits() as [OtherGit];
  for (const word of LONG ? ["non-self", "misc-cc", "author,cc", "Author"] : ["author,cc"]) {
    const settings = [`sendemail.suppressCc=${word}`];
    expect(drySendEmail({ mails: [mailOf({})], settings, path })).toContain("Unknown");
    expect(() => suppressions([word], null, null)).toThrow(`"${word}" is none of author, self`);
  }
});

/** Files of each kind, and what of them git reads. */
const ALIASES = {
  mutt: [
    'alias bob Bob B <bob@example.org>\nalias many Al <al@example.org>, bob , eve@example.org\nalias -group work -group x carl "Carl, C" <carl@example.org>\n# alias no no@example.org\n  alias ind Ind <ind@example.org>\nalias cmt cmt@example.org # hi\nalias twice one@example.org\nalias twice two@example.org\nalias par par@example.org (Par Name)\n',
    ["bob", "many", "carl", "ind,cmt", "twice", "par"],
  ],
  mailrc: [
    'alias bob \'Bob B <bob@example.org>\'\nalias many bob eve@example.org "Al <al@example.org>"\nalias carl carl@example.org\nalias q "Q Q <q@example.org>"\n',
    ["bob", "many", "carl", "q"],
  ],
  pine: [
    "bob\tBob B\tbob@example.org\nmany\tMany\t(bob,eve@example.org)\ncarl\tCarl, C\tcarl@example.org\tfcc\tcomment\nlong\tLong\t(a@example.org,\n   b@example.org)\n",
    ["bob", "many", "carl", "long"],
  ],
  elm: ["bob = Bob B = bob@example.org\nmany = Many = bob,eve@example.org\n", ["bob", "many"]],
  sendmail: [
    "bob: Bob B <bob@example.org>\nmany: bob, eve@example.org\ncont: a@example.org,\n  b@example.org\ncont2: a@example.org, \\\n  b@example.org\n# c\n   \nnocolon\nsp : sp@example.org\nUP: up@example.org\n",
    ["bob", "many", "cont", "cont2", "sp", "UP"],
  ],
  gnus: [
    '(define-mail-alias "bob" "bob@example.org")\n  (define-mail-alias "carl" "carl@example.org")\n',
    ["bob", "carl"],
  ],
} as const;

test("aliases of all kinds", { timeout: 120_000 }, () => {
  const [{ path }] = gits() as [OtherGit];
  const mails = [mailOf({ header: "Cc: bob", text: "Cc: bob" })];
  for (const [type, [text, names]] of Object.entries(ALIASES)) {
    const args = names.map((name) => `--to=${name}`);
    const settings = ["sendemail.aliasesFile=names", `sendemail.aliasFileType=${type}`];
    const its = drySendEmail({ mails, args, settings, files: { names: text }, path });
    const aliases = readAliases([text], type as keyof typeof ALIASES);
    const resolve = (mailbox: Addressee) => expandAlias(aliases, mailbox);
    const terms = { ...PLAIN, named: named("to", names), resolve };
    expectSame(recipientsOf([facts(mails[0]!, [])], terms), its, type);
  }
});

test("an alias that stands for itself is refused, here as there", () => {
  const [{ path }] = gits() as [OtherGit];
  const names = "alias a b\nalias b a\n";
  const settings = ["sendemail.aliasesFile=names", "sendemail.aliasFileType=mutt"];
  const its = drySendEmail({
    mails: [mailOf({})],
    args: ["--to=a"],
    settings,
    files: { names },
    path,
  });
  expect(its).toContain("expands to itself");
  const aliases = readAliases([names], "mutt");
  expect(() => expandAlias(aliases, { name: "", address: "a" })).toThrow(
    'the alias "a" stands for itself',
  );
});

/** git sends to these, or stops; here they are left out, and the user is told (docs/sending.md). */
test("what is no address is left out, with its reason", () => {
  const text = [
    "Cc: Name <local>",
    "Cc: a@b@c.org",
    "Cc: stable@kernel.org+noautosel",
    "Link-by: https://foo@bar.org/x",
    "Cc: тест@example.org",
    "Cc: x@münchen.de",
    "Cc: -oX@example.org",
    "Cc: \u202ename\u202c <bidi@example.org>",
    `Cc: ${"n".repeat(300)} <long@example.org>`,
    `Cc: ${"l".repeat(300)}@example.org`,
    "Cc: [email protected]",
  ].join("\n");
  const [one] = recipientsOf([facts(mailOf({ text }), [])], PLAIN);
  expect(one!.recipients.map(({ address }) => address)).toEqual([
    "t@example.org",
    "alice@example.org",
  ]);
  expect(one!.left.map((line) => line.slice(0, 40))).toHaveLength(11);
});

test("each recipient comes with its reason, of several the first", () => {
  const [one] = recipientsOf(
    [facts(mailOf({ text: BODY, header: "Cc: bob@example.org" }), [])],
    PLAIN,
  );
  expect(one!.recipients.map(({ address, why }) => [address, why])).toEqual([
    ["t@example.org", "--to"],
    ["alice@example.org", "author"],
    ["bob@example.org", "format"],
    ["body@example.org", "Cc"],
    ["other@example.org", "Signed-off-by"],
    ["sam@example.org", "Acked-by"],
    ["hto@example.org", "Cc"],
  ]);
});
