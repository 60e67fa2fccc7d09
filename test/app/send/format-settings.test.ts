/** Settings of git format-patch in a series that is sent: each row of the table in docs/sending.md. */

import { describe, expect, test } from "vitest";
import { openRepository } from "../../../src/git/repository.ts";
import { messages } from "../../../src/mail/mbox.ts";
import { some } from "../../support/long.ts";
import { commit, commitsSince, git } from "../../support/repo.ts";
import { check, isGood } from "../../support/signing.ts";
import { clone, made } from "./support.ts";
import type { SendWishes } from "../../../src/app/send/plan.ts";

/** What a series of two is with these settings, and what git am makes of it. */
async function sent(settings: readonly string[], wishes: Partial<SendWishes> = {}) {
  const { cwd } = await clone();
  for (const one of settings) {
    const [key = "", ...value] = one.split("=");
    git(cwd, ["config", "--add", key, value.join("=")]);
  }
  const repository = await openRepository(cwd);
  const { mails, titles, plan } = await made(repository, wishes);
  return { cwd, mails, titles, plan, text: mails.map(String).join("\n") };
}

type Row = readonly [setting: string, is: RegExp | null, not: RegExp | null];

/** A setting; what stands in the mails by it, and what does not. */
const ROWS: readonly Row[] = [
  ["format.signature=my own words", /\n-- \nmy own words\n/, null],
  ["format.signatureFile=.git/HEAD", /\n-- \nref: refs\/heads\/topic\n/, null],
  ["format.headers=X-Mine: 1", /^X-Mine: 1$/m, null],
  ["format.notes=true", /\nNotes:\n {4}a note\n/, null],
  ["format.signOff=true", /^Signed-off-by: /m, null],
  ["format.forceInBodyFrom=true", /\n\nFrom: /, null],
  ["format.numbered=false", /^Subject: \[PATCH 1\/2\] /m, null],
  ["format.attach=true", null, /^Content-Type: multipart/m],
  ["format.encodeEmailHeaders=false", /^Subject: .*=\?UTF-8\?q\?/m, null],
  ["format.noprefix=true", /^diff --git a\/a b\/a$/m, null],
  ["format.mboxrd=true", null, /^>From here/m],
  ["format.pretty=oneline", /^Subject: \[PATCH 2\/2\] b: two$/m, null],
  ["format.suffix=.txt", null, /\.txt/],
  ["format.thread=deep", null, null],
  ["format.useAutoBase=true", null, null],
  ["format.from=Other <other@example.org>", /^From: Alice <alice@example.org>$/m, /other@/],
  ["format.outputDirectory=elsewhere", null, null],
  ["format.filenameMaxLength=10", null, null],
];

test.each(some(ROWS, 3))(
  "%s: as the table says, and the same commits",
  async (setting, is, not) => {
    const { cwd } = await clone(1);
    commit(cwd, "b: two\n\nFrom here on\n", { b: "2\n" });
    git(cwd, ["notes", "add", "-m", "a note"]);
    const [key = "", value = ""] = setting.split(/=(.*)/s);
    git(cwd, ["config", key, value]);
    const repository = await openRepository(cwd);
    const { mails } = await made(repository);
    const text = mails.map(String).join("\n");
    if (is !== null) expect(text).toMatch(is);
    if (not !== null) expect(text).not.toMatch(not);
    for (const mail of mails) expect(isGood(check(mail))).toBe(true);
    if (key === "format.signOff") return;
    const before = commitsSince(cwd, "origin/main");
    git(cwd, ["checkout", "-q", "origin/main"]);
    const from = Buffer.from("From x Thu Jan  1 00:00:00 2026\n");
    const mbox = Buffer.concat(mails.flatMap((mail) => [from, mail, Buffer.from("\n")]));
    expect(messages(mbox)).toHaveLength(2);
    git(cwd, ["am", "-q"], mbox);
    expect(commitsSince(cwd, "origin/main")).toEqual(before);
  },
);

describe("words before the number", () => {
  const SET = "format.subjectPrefix=PATCH net-next";
  test.each([
    [[SET], {}, "[PATCH net-next 1/2] "],
    [[SET], { prefix: ["RFC"] }, "[RFC PATCH net-next 1/2] "],
    [[SET], { prefix: ["RFC", "bpf"] }, "[RFC bpf PATCH 1/2] "],
    [[], { prefix: ["RFC"] }, "[RFC PATCH 1/2] "],
  ] as const)("%j %j", async (settings, wishes, label) => {
    expect((await sent(settings, wishes)).titles[0]).toContain(label);
  });
});

describe("the cover letter", () => {
  const checks = async (settings: readonly string[], patches = 2): Promise<string[]> => {
    const { cwd } = await clone(patches);
    for (const one of settings) git(cwd, ["config", ...one.split("=")]);
    const { plan } = await made(await openRepository(cwd));
    return plan.objections.map(({ check: name }) => name);
  };

  test("format.coverLetter says which series need one", async () => {
    expect(await checks([])).toEqual(["no-cover"]);
    expect(await checks(["format.coverLetter=auto"])).toEqual(["no-cover"]);
    expect(await checks(["format.coverLetter=false"])).toEqual([]);
    expect(await checks([], 1)).toEqual([]);
    expect(await checks(["format.coverLetter=true"], 1)).toEqual(["no-cover"]);
  });

  const DESCRIBED = "branch.topic.description=A title\nin two lines\n\nThe text.\n\nMore.\n";
  test("format.coverFromDescription takes it from the branch", async () => {
    const { titles, text, plan } = await sent([DESCRIBED, "format.coverFromDescription=subject"]);
    expect(titles[0]).toBe("[PATCH 0/2] A title in two lines");
    expect(text).toContain("\nThe text.\n\nMore.\n");
    expect(plan.state.cover).toContain("A title in two lines\n\n");
    const own = { cover: "mine\n\nwords\n" };
    const other = await sent([DESCRIBED, "format.coverFromDescription=auto"], own);
    expect(other.titles[0]).toBe("[PATCH 0/2] mine");
    const long = `branch.topic.description=${"word ".repeat(30)}\n\ntext`;
    for (const settings of [
      [long, "format.coverFromDescription=auto"],
      [DESCRIBED],
      [DESCRIBED, "format.coverFromDescription=message"],
    ])
      expect((await sent(settings)).titles[0]).toContain("[PATCH 1/2]");
  });

  test("format.commitListFormat, where git knows it", async () => {
    const { text } = await sent(["format.commitListFormat=modern"], { cover: "mine\n\nwords\n" });
    expect(text).toMatch(/^(?:\[1\/2\] |  )a: zwei/m);
  });
});
