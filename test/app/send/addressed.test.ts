/** Who gets which mail: as git send-email --dry-run says for the same commits and settings. */

import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { addresser, type AddressWishes } from "../../../src/app/send/addressed.ts";
import { projectAt } from "../../../src/app/send/project.ts";
import { LIST_CONFIG, parseConfig } from "../../../src/git/config.ts";
import { openRepository, type Repository } from "../../../src/git/repository.ts";
import { messages } from "../../../src/mail/mbox.ts";
import { withIdentity } from "../../../src/send/settings.ts";
import { newFolder } from "../../support/folders.ts";
import { gitIsAtLeast } from "../../support/gits.ts";
import { LONG } from "../../support/long.ts";
import { commit, git, newRepository } from "../../support/repo.ts";

const NOTHING: AddressWishes = {
  to: [],
  cc: [],
  bcc: [],
  no: new Set(),
  toCmd: null,
  ccCmd: null,
  headerCmd: null,
  suppress: [],
};

const ALICE = "Alice Ä <alice@example.org>";

let repository: Repository;
let folder: string;
beforeAll(async () => {
  folder = newRepository(newFolder());
  commit(folder, "base", { a: "1\n" });
  const trailers = [
    "Signed-off-by: Alice Ä <alice@example.org>",
    "Cc: stable@vger.kernel.org # 5.4+",
    'Cc: "Quoted, Name" <quoted@example.org>',
    "Reviewed-by: Bob <bob@example.org>",
    "Reported-by: nobody in particular",
    "CC: List One <LIST@example.org>",
    'Fixes: 123456789abc ("one")',
  ].join("\n");
  commit(folder, `a: two\n\nWhy.\n\n${trailers}\n`, { a: "2\n" });
  git(folder, ["commit", "-q", "--amend", "--no-edit", "--author", "Zoë <zoe@example.org>"]);
  commit(
    folder,
    "a: three\n\nMore.\n\nAcked-by: Bob <bob@example.org>\nSuggested-by: Carl <carl@example.org>\n",
    { a: "3\n" },
  );
  git(folder, ["commit", "-q", "--amend", "--no-edit", "--author", ALICE]);
  const program = join(folder, ".git", "who");
  writeFileSync(
    program,
    '#!/bin/sh\ngrep -q three "$1" && echo "Dora <dora@example.org>"\necho every@example.org\n',
  );
  chmodSync(program, 0o755);
  const header = join(folder, ".git", "header");
  writeFileSync(
    header,
    '#!/bin/sh\ngrep -q three "$1" && echo "To: Dora <dora@example.org>"\nprintf "Cc: every@example.org,\\n\\tü <one@example.org>\\nX-One: 1\\n"\n',
  );
  chmodSync(header, 0o755);
  writeFileSync(
    join(folder, ".git", "aliases"),
    "alias eve Eve <eve@example.org>\nalias both eve, bob@example.org # two\nalias two eve, bob@example.org\n",
  );
  const mailmap = join(folder, ".git", "mailmap");
  writeFileSync(
    mailmap,
    "Robert <robert@example.org> <bob@example.org>\n<l@example.org> <list@example.org>\n",
  );
  writeFileSync(`${mailmap}.own`, "Rob <rob@example.org> <bob@example.org>\n");
  git(folder, ["config", "mailmap.file", mailmap]);
  repository = await openRepository(folder);
});

/** The envelopes of the mails, and their To and Cc, by git. */
function asGit(settings: readonly string[], options: readonly string[]): string[] {
  const words = [
    "-c",
    `sendemail.from=${ALICE}`,
    ...settings.flatMap((one) => ["-c", one]),
    "send-email",
    "--dry-run",
    "--confirm=never",
  ];
  const args = [...words, "--smtp-server=127.0.0.1", ...options, "-2"];
  const said = execFileSync("git", args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return said
    .split(/^(?:Dry-)?(?:OK|Sent)\b.*$/m)
    .slice(1)
    .map((mail) =>
      [...mail.matchAll(/^RCPT TO:<(.*)>/gm)]
        .map(([, address]) => address!)
        .toSorted()
        .join(" "),
    );
}

async function asHere(
  settings: readonly string[],
  wishes: Partial<AddressWishes>,
  identity: string | null,
): Promise<string[]> {
  const own = settings.flatMap((one) => ["-c", one]);
  const config = parseConfig(git(folder, [...own, ...LIST_CONFIG]).toString());
  const address = await addresser(repository, {
    wishes: { ...NOTHING, ...wishes },
    config: withIdentity(config, identity),
    from: ALICE,
    hasCover: false,
    project: null,
    mayRun: () => Promise.resolve(false),
    say: () => {},
  });
  const mbox = git(folder, [...own, "format-patch", "--stdout", "--encode-email-headers", "-2"]);
  const mails = messages(mbox).map(({ bytes }) => bytes!);
  return (await address(mails)).map(({ recipients }) =>
    recipients
      .map((one) => one.address)
      .toSorted()
      .join(" "),
  );
}

type Row = readonly [
  name: string,
  settings: readonly string[],
  options?: readonly string[],
  wishes?: Partial<AddressWishes>,
  identity?: string,
];

const TO = "sendemail.to=list@example.org";
const WHO = "sendemail.ccCmd=.git/who";
const ALIASES = ["sendemail.aliasesFile=ALIASES", "sendemail.aliasFileType=mutt"];

const ROWS: readonly Row[] = [
  ["to", [TO]],
  [
    "everything else",
    [
      TO,
      "sendemail.cc=x@example.org, Y <y@example.org>",
      "sendemail.bcc=z@example.org",
      "format.to=f@example.org",
      "format.cc=g@example.org",
      WHO,
      "sendemail.toCmd=.git/who",
    ],
  ],
  [
    "options over settings",
    [TO, "sendemail.cc=x@example.org"],
    ["--to=o@example.org", "--no-cc", "--bcc=h@example.org"],
    { to: ["o@example.org"], no: new Set(["cc"]), bcc: ["h@example.org"] },
  ],
  [
    "an identity",
    [TO, "sendemail.work.to=work@example.org", "sendemail.work.suppressCc=all"],
    ["--identity=work"],
    {},
    "work",
  ],
  ["aliases", [...ALIASES, "sendemail.to=both"]],
  ["toCover, ccCover", [TO, "sendemail.toCover=true", "sendemail.ccCover=true", WHO]],
];

const LONG_ROWS: readonly Row[] = [
  ...["author", "self", "cc", "bodycc", "sob", "misc-by", "cccmd", "body", "all"].map(
    (word): Row => [
      `suppressCc ${word}`,
      [TO, WHO, "format.cc=g@example.org", `sendemail.suppressCc=${word}`],
    ],
  ),
  ["suppressFrom", [TO, "sendemail.suppressFrom=true"]],
  ["suppressFrom false over all", [TO, "sendemail.suppressCc=all", "sendemail.suppressFrom=false"]],
  ["no sign-offs", [TO, "sendemail.signedOffByCc=false"]],
  ["no sign-offs, as it was called", [TO, "sendemail.signedOffCc=false"]],
  [
    "suppress by option",
    [TO, WHO],
    ["--suppress-cc=cccmd", "--suppress-cc=author"],
    { suppress: ["cccmd", "author"] },
  ],
  [
    "programs by option",
    [TO],
    ["--to-cmd=.git/who", "--cc-cmd=.git/who"],
    { toCmd: ".git/who", ccCmd: ".git/who" },
  ],
  [
    "no-to",
    [TO],
    ["--no-to", "--to=p@example.org"],
    { to: ["p@example.org"], no: new Set(["to"]) },
  ],
  [
    "the same address twice",
    [TO, "sendemail.cc=list@example.org", "sendemail.bcc=list@example.org"],
  ],
  ["several", [TO, "sendemail.to=second@example.org"]],
];

const MAPPED = "sendemail.mailmap=true";
/** Fields that a program says; git has known it since 2.41. */
const HEADER_ROWS: readonly Row[] = [
  ["headerCmd", [TO, "sendemail.headerCmd=.git/header"]],
  ["headerCmd, suppressCc", [TO, "sendemail.headerCmd=.git/header", "sendemail.suppressCc=cc"]],
  [
    "headerCmd by option",
    [TO, "sendemail.headerCmd=false"],
    ["--header-cmd=.git/header"],
    { headerCmd: ".git/header" },
  ],
];

/** git has known these since 2.47. */
const MAILMAP_ROWS: readonly Row[] = [
  ["mailmap", [TO, MAPPED]],
  // of `both`, git maps "bob@example.org " with the blank before the comment: nobody
  ["mailmap of aliases", [...ALIASES, "sendemail.to=two", MAPPED]],
  ["mailmap.file", [TO, MAPPED, "sendemail.mailmap.file=MAILMAP"]],
  ["mailmap.blob", [TO, MAPPED, "sendemail.mailmap.blob=HEAD:.mailmap"]],
  ["mailmap.file alone", [TO, "sendemail.mailmap.file=MAILMAP"]],
];

test("people whose address has changed get it where they are now", async () => {
  const [first] = await asHere([TO, MAPPED], {}, null);
  expect(first!.split(" ")).toEqual(
    expect.arrayContaining(["l@example.org", "robert@example.org"]),
  );
  expect(first).not.toMatch(/bob@|\blist@/);
});

describe("as git send-email", () => {
  const rows = [
    ...ROWS,
    ...(LONG ? LONG_ROWS : []),
    ...(LONG && gitIsAtLeast(2, 41) ? HEADER_ROWS : []),
    ...(LONG && gitIsAtLeast(2, 47) ? MAILMAP_ROWS : []),
  ];
  test.each(rows.map((row) => [row[0], row] as const))("%s", async (_, row) => {
    const [, set, options = [], wishes = {}, identity = null] = row;
    const settings = set.map((one) =>
      one
        .replace("ALIASES", join(folder, ".git", "aliases"))
        .replace("MAILMAP", join(folder, ".git", "mailmap.own")),
    );
    const expected = asGit(settings, options);
    expect(expected).toHaveLength(2);
    expect(await asHere(settings, wishes, identity)).toEqual(expected);
  });
});

describe("what the project asks for", () => {
  async function asked(text: string, may = false): Promise<readonly string[]> {
    const included = join(folder, ".git", "included");
    writeFileSync(included, "[send]\n\tto = included@example.org\n");
    writeFileSync(join(folder, ".patchsig"), text.replace("INCLUDED", included));
    git(folder, ["add", ".patchsig"]);
    const tree = git(folder, ["write-tree"]).toString().trim();
    const base = git(folder, ["commit-tree", "-m", "x", tree]).toString().trim();
    git(folder, ["reset", "-q"]);
    const { project, fault } = await projectAt(repository, base);
    const said: string[] = fault === null ? [] : [fault];
    const address = await addresser(repository, {
      wishes: NOTHING,
      config: parseConfig(""),
      from: ALICE,
      hasCover: false,
      project,
      mayRun: () => Promise.resolve(may),
      say: (line) => said.push(line),
    });
    const [mail] = await address([git(folder, ["format-patch", "--stdout", "-1"])]);
    const theirs = mail!.recipients.filter(({ by }) => by === "project");
    return [...theirs.map((one) => `${one.field} ${one.address}: ${one.why}`), ...said];
  }

  test.each<readonly [string, string, readonly string[]]>([
    [
      "addresses",
      "[send]\n\tto = list@example.org\n\tcc = Carl <carl@example.org>, d@example.org\n",
      [
        "to list@example.org: .patchsig of this project",
        "cc carl@example.org: .patchsig of this project",
        "cc d@example.org: .patchsig of this project",
      ],
    ],
    ["nothing for us", "[user]\n\tname = x\n", []],
    ["what another file says", "[include]\n\tpath = INCLUDED\n", []],
    [
      "no settings file",
      "to: x@example.org\n",
      [".patchsig of this project does not count: git cannot read it"],
    ],
    [
      "a control character",
      '[send]\n\tto = "x@example.org\\nBcc: y"\n',
      [expect.stringMatching(/does not count: .*invisible characters/) as string],
    ],
    [
      "no address",
      "[send]\n\tto = nobody\n",
      [expect.stringMatching(/does not count: "nobody"/) as string],
    ],
    [
      "too many",
      `[send]\n${"\tto = x@example.org\n".repeat(200)}`,
      [expect.stringMatching(/too many addresses/) as string],
    ],
    [
      "too long",
      `#${"x".repeat(70_000)}\n`,
      [".patchsig of this project does not count: it is too long"],
    ],
    [
      "a program, not allowed",
      '[send]\n\tccCmd = "touch ran; echo x@example.org"\n',
      ["not run: touch ran; echo x@example.org, which .patchsig of this project names"],
    ],
  ])("%s", async (_, text, lines) => {
    expect(await asked(text)).toEqual(lines);
  });

  test("a program that was allowed", async () => {
    expect(await asked('[send]\n\tccCmd = "echo x@example.org #"\n', true)).toEqual([
      "cc x@example.org: .patchsig of this project",
    ]);
  });
});
