/** Which series are in a branch, however they came there: git applies, rebases, squashes and amends. */

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { AppliedFinder } from "../../../src/app/desk/applied.ts";
import { latestWorks } from "../../../src/app/desk/works.ts";
import { openRepository } from "../../../src/git/repository.ts";
import { newShelf, type Shelf, writeMbox } from "../search/index.ts";
import { newFolder } from "../../support/folders.ts";
import { commit, git, newRepository } from "../../support/repo.ts";

const FILE = Array.from({ length: 40 }, (_, i) => `line ${i}\n`);

/** The file with these lines replaced. */
function text(changes: Readonly<Record<number, string>>): string {
  return FILE.map((line, i) => changes[i] ?? line).join("");
}

let work: string;
let shelf: Shelf;
let mails: Buffer[];
let base: string;
let finder: AppliedFinder;

beforeAll(async () => {
  work = newRepository(newFolder());
  for (const [name, value] of [
    ["user.name", "Alice"],
    ["user.email", "alice@example.org"],
  ] as const)
    git(work, ["config", name, value]);
  base = commit(work, "base\n", { file: text({}), other: "1\n" });
  git(work, ["checkout", "-q", "-b", "topic"]);
  commit(work, "net: one\n\nWhy.\n", { file: text({ 5: "one\n" }) });
  commit(work, "net: two\n\nWhy.\n", { file: text({ 5: "one\n", 30: "two\n" }) });
  const all = git(work, ["format-patch", "--stdout", `--base=${base}`, "--thread", base]);
  mails = all
    .toString("latin1")
    .split(/^From [0-9a-f]{40} .*\n/m)
    .slice(1)
    .map((one, i) =>
      Buffer.from(
        one
          .replace(/^Message-I[Dd]: .*$/m, `Message-ID: <p${i + 1}@x>`)
          .replaceAll(/^(In-Reply-To|References): .*\n/gm, "$1: <p1@x>\n"),
        "latin1",
      ),
    );
  shelf = newShelf(newFolder());
  await shelf.update([writeMbox(join(shelf.folder, "mbox"), mails)]);
  finder = new AppliedFinder(shelf.index, await openRepository(work));
});

/** What is found of the series on a branch that begins at the base. */
async function found(make: () => void): Promise<string> {
  git(work, ["checkout", "-q", "-B", "main", base]);
  make();
  await finder.refresh();
  const works = latestWorks(shelf.index, [], 10);
  expect(works).toHaveLength(1);
  const { total, applied, alike } = (await finder.of(works)).get(works[0]!.work)!;
  expect(total).toBe(2);
  return `${applied} there, ${alike} alike`;
}

const am = (...which: readonly number[]): void => {
  for (const i of which) git(work, ["am", "-q"], mails[i]);
};
const amend = (message: string, ...args: readonly string[]): void =>
  void git(work, ["commit", "-q", "--amend", "-m", message, ...args]);
const edit = (file: string): void => appendFileSync(join(work, file), "more\n");

test.each<[string, () => void, string]>([
  ["nothing", () => {}, "0 there, 0 alike"],
  ["git am", () => am(0, 1), "2 there, 0 alike"],
  ["a part of it", () => am(1), "1 there, 0 alike"],
  [
    "on another base, where its lines have moved",
    () => {
      commit(work, "before\n", { file: `${"0\n".repeat(9)}${text({})}` });
      am(0, 1);
    },
    "2 there, 0 alike",
  ],
  [
    "with trailers, and other titles",
    () => {
      am(0);
      amend("net: One, but better\n\nWhy.\n\nReviewed-by: Bob <bob@example.org>\n");
      am(1);
      amend("net: two\n\nWhy.\n\nSigned-off-by: Carol <carol@example.org>\n");
    },
    "2 there, 0 alike",
  ],
  [
    "by somebody else, as a From line said",
    () => {
      am(0, 1);
      git(work, [
        "rebase",
        "-q",
        base,
        "--exec",
        "git commit -q --amend --author='Bob <b@x.org>' --no-edit",
      ]);
    },
    "2 there, 0 alike",
  ],
  [
    "squashed",
    () => {
      am(0, 1);
      git(work, ["reset", "-q", "--soft", base]);
      git(work, ["commit", "-q", "-m", "net: all of it"]);
    },
    "2 there, 0 alike",
  ],
  [
    "squashed by somebody else under another title",
    () => {
      am(0, 1);
      git(work, ["reset", "-q", "--soft", base]);
      git(work, ["commit", "-q", "-m", "other", "--author", "Bob <b@x.org>"]);
    },
    "2 there, 0 alike",
  ],
  [
    "changed when it was applied",
    () => {
      am(0, 1);
      edit("other");
      git(work, ["commit", "-q", "-a", "--amend", "--no-edit"]);
    },
    "1 there, 1 alike",
  ],
  [
    "changed, and linked to the mail",
    () => {
      am(0, 1);
      edit("other");
      amend("net: two!\n\nLink: https://lore.example.org/r/p2@x\n", "-a");
    },
    "2 there, 0 alike",
  ],
  [
    "a link to the mail in a commit about something else",
    () => {
      edit("other");
      const text = "fix\n\nLink: https://lore.example.org/all/p1%40x/\nMessage-ID: <p2@x>\n";
      git(work, ["commit", "-q", "-a", "-m", text, "--author", "Bob <b@x.org>"]);
    },
    "0 there, 0 alike",
  ],
  [
    "on a branch that is not checked out",
    () => {
      am(0, 1);
      git(work, ["checkout", "-q", "-B", "elsewhere"]);
      git(work, ["checkout", "-q", "-B", "main", base]);
    },
    "0 there, 0 alike",
  ],
  [
    "an older version, before this one was sent",
    () => {
      git(work, ["checkout", "-q", "topic~2"]);
      edit("other");
      const date = "1600000000 +0000";
      const script = `GIT_COMMITTER_DATE='${date}' git commit -q -a -m 'net: one' --date='${date}'`;
      git(work, ["-c", `alias.old=!${script}`, "old"]);
    },
    "0 there, 0 alike",
  ],
])("%s", async (_, make, expected) => expect(await found(make)).toBe(expected));

test("git is not asked again while nothing has changed", async () => {
  const works = latestWorks(shelf.index, [], 10);
  const before = await finder.of(works);
  await finder.refresh();
  const { PATH } = process.env;
  process.env["PATH"] = "/nowhere";
  try {
    expect(await finder.of(works)).toEqual(before);
  } finally {
    process.env["PATH"] = PATH;
  }
});
