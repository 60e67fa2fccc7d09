/** From a branch to the mails of a version: what git am makes of them is the branch again. */

import { describe, expect, test } from "vitest";
import { editingCover } from "../../../src/app/send/remember.ts";
import { planResend } from "../../../src/app/send/resend.ts";
import { planSend, type SendPlan } from "../../../src/app/send/plan.ts";
import { threadShape } from "../../../src/app/send/thread-shape.ts";
import type { ThreadShape } from "../../../src/app/send/version.ts";
import type { VersionMails } from "../../../src/app/send/mails.ts";
import { fetchPullRequest } from "../../../src/git/pull-request.ts";
import type { Repository } from "../../../src/git/repository.ts";
import { readState, writeState } from "../../../src/git/series-ref.ts";
import { messages } from "../../../src/mail/mbox.ts";
import { afterSending } from "../../../src/outgoing/reroll.ts";
import { CHANCE, clone, fromPlan, made, SETTINGS, WISHES } from "./support.ts";
import { check, isGood } from "../../support/signing.ts";
import { commit, commitsSince, git, temporaryFolder } from "../../support/repo.ts";

/** Remembers a version as sent. */
async function remember(repository: Repository, version: VersionMails & { plan: SendPlan }) {
  const { plan, sent } = version;
  const tip = plan.series.range.commits.at(-1)!;
  const base = plan.series.base.kind === "none" ? null : plan.series.base.commit;
  const one = { version: plan.version, time: CHANCE.now, tip, base, mails: sent };
  await writeState(repository, plan.branch, {
    before: plan.before,
    state: afterSending(plan.state, one, plan.changes),
    event: { message: `send v${plan.version}`, tip },
  });
}

const text = (mail: Buffer | undefined): string => mail?.toString() ?? "";

describe("a branch of two commits", () => {
  test("becomes a signed series that gives the same commits", async () => {
    const repository = await clone();
    const { mails, sent, plan } = await made(repository, {
      cover: "two things\n\nThey belong together.\n",
    });
    expect(plan.objections).toEqual([]);
    expect(mails).toHaveLength(3);
    expect(mails.map((mail) => check(mail)).every(isGood)).toBe(true);
    expect(text(mails[0])).toContain("Subject: [PATCH 0/2] two things\n");
    expect(text(mails[0])).toContain("\nThey belong together.\n\n");
    expect(text(mails[0])).toMatch(/\nchange-id: 20261130-topic-abababababab\nbase-commit: /);
    expect(sent.map(({ messageId }) => messageId)).toEqual([
      "<20261130-topic-v1-0-abababababab@example.org>",
      "<20261130-topic-v1-1-abababababab@example.org>",
      "<20261130-topic-v1-2-abababababab@example.org>",
    ]);
    expect(text(mails[2])).toContain(`\nIn-Reply-To: ${sent[0]!.messageId}\n`);
    const other = temporaryFolder();
    git(other, ["clone", "-q", repository.cwd, "."]);
    git(other, ["reset", "-q", "--hard", "origin/topic~2"]);
    const mbox = mails
      .slice(1)
      .map((mail) =>
        Buffer.concat([Buffer.from("From x Thu Jan  1 00:00:00 2026\n"), mail, Buffer.from("\n")]),
      );
    git(other, ["am", "-q"], Buffer.concat(mbox));
    expect(commitsSince(other, "HEAD~2")).toEqual(commitsSince(repository.cwd, "HEAD~2"));
  });

  test("wants a cover letter, unless none is wanted", async () => {
    const repository = await clone();
    expect((await made(repository)).plan.objections.map(({ check }) => check)).toEqual([
      "no-cover",
    ]);
    const { plan, mails } = await made(repository, { withCover: false });
    expect(plan.objections).toEqual([]);
    expect(mails).toHaveLength(2);
    expect(text(mails[1])).toContain(
      "\nIn-Reply-To: <20261130-topic-v1-1-abababababab@example.org>\n",
    );
  });

  test("has the prefix that is wanted, and remembers it", async () => {
    const repository = await clone();
    const first = await made(repository, { withCover: false, prefix: ["RFC", "net-next"] });
    expect(text(first.mails[0])).toMatch(/^Subject: \[RFC net-next PATCH 1\/2\]/m);
    await remember(repository, first);
    const again = await made(repository, { withCover: false, allow: ["unchanged"] });
    expect(text(again.mails[0])).toMatch(/^Subject: \[RFC net-next PATCH v2 1\/2\]/m);
  });
});

describe("a reroll", () => {
  test("numbers itself, keeps the cover letter, tells what changed, and compares", async () => {
    const repository = await clone();
    const editing = await editingCover(repository, "topic", CHANCE);
    expect(await editing.save("two things\n\nThey belong together.\n")).toBe(true);
    await remember(repository, await made(repository));
    commit(repository.cwd, "b: two\n\nAnd this, too.\n", { b: "3\n" });
    git(repository.cwd, ["reset", "-q", "--soft", "HEAD~2"]);
    commit(repository.cwd, "b: three\n\nAnd this, too.\n", {});
    const next = await editingCover(repository, "topic", CHANCE);
    expect(next.text).toBe("two things\n\nThey belong together.\n\nChanges in v2:\n\n");
    await next.save(next.text.replace(/\n$/, "- b has three\n"));
    const { mails, plan } = await made(repository, {}, { thread: "first" });
    expect(plan.version).toBe(2);
    const cover = text(mails[0]);
    expect(cover).toContain("Subject: [PATCH v2 0/2] two things\n");
    expect(cover).toContain("In-Reply-To: <20261130-topic-v1-0-abababababab@example.org>\n");
    expect(cover).toContain(
      "\nThey belong together.\n\nChanges in v2:\n- b has three\n- Link to v1: https://lore.example/r/20261130-topic-v1-0-abababababab@example.org\n",
    );
    expect(cover).toMatch(/^Range-diff against v1:\n/m);
    expect(text(mails[1])).toContain(
      "References: <20261130-topic-v1-0-abababababab@example.org>\n <20261130-topic-v2-0-abababababab@example.org>\n",
    );
    expect(mails.map((mail) => check(mail)).every(isGood)).toBe(true);
  });

  test("of one patch has its changes below the line that git am cuts at", async () => {
    const repository = await clone(1);
    const first = await made(repository);
    expect(first.mails).toHaveLength(1);
    await remember(repository, first);
    git(repository.cwd, ["commit", "-q", "--amend", "-m", "a: three"]);
    const editing = await editingCover(repository, "topic", CHANCE);
    await editing.save("\nChanges in v2:\n- better\n");
    const { mails } = await made(repository);
    expect(text(mails[0])).toMatch(/^---\n(?:.*\n)*Changes in v2:\n- better\n- Link to v1: /m);
    expect(isGood(check(mails[0]!))).toBe(true);
    expect(check(mails[0]!).view?.message.toString()).not.toContain("better");
  });

  test("of the very same commits is objected to", async () => {
    const repository = await clone(1);
    await remember(repository, await made(repository));
    expect((await made(repository)).plan.objections.map(({ check }) => check)).toEqual([
      "unchanged",
    ]);
    const state = (await readState(repository, "topic"))!.state;
    expect(state.sent[0]!.mails[0]!.patch?.commit).toBe(
      git(repository.cwd, ["rev-parse", "HEAD"]).toString().trim(),
    );
  });
});

describe("resending", () => {
  test("a version gives the same mails, under other names, whatever has become of the branch", async () => {
    const repository = await clone();
    const first = await made(repository, { cover: "two things\n\nThey belong together.\n" });
    await remember(repository, first);
    const editing = await editingCover(repository, "topic", CHANCE);
    await editing.save("another title\n");
    git(repository.cwd, ["reset", "-q", "--hard", "HEAD~1"]);
    const plan = await planResend(repository, "topic", 1);
    const again = await fromPlan(repository, plan);
    expect(again.mails.map((mail) => /^Subject: .*/m.exec(text(mail))?.[0])).toEqual([
      "Subject: [PATCH RESEND 0/2] two things",
      "Subject: [PATCH RESEND 1/2] =?UTF-8?q?a:=20zwei,=20f=C3=BCr=20alle?=",
      "Subject: [PATCH RESEND 2/2] b: two",
    ]);
    expect(again.sent.map(({ patch }) => patch)).toEqual(first.sent.map(({ patch }) => patch));
    expect(again.mails.map((mail) => check(mail)).every(isGood)).toBe(true);
    await remember(repository, { ...again, plan });
    expect((await readState(repository, "topic"))!.state.settings.version).toBe(2);
  });

  test("what was never sent is an error", async () => {
    const repository = await clone();
    await expect(planResend(repository, "topic", 1)).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("what is sent", () => {
  test("can be a branch that is not checked out, or a range", async () => {
    const repository = await clone();
    git(repository.cwd, ["switch", "-q", "--detach", "origin/main"]);
    const { plan } = await made(repository, { words: ["topic"], withCover: false });
    expect([plan.branch, plan.titles.length]).toEqual(["topic", 2]);
    const range = await made(repository, { words: ["topic~1..topic"], withCover: false });
    expect([range.plan.branch, range.plan.titles]).toEqual(["topic", ["b: two"]]);
    await expect(made(repository)).rejects.toMatchObject({ code: "usage" });
  });

  test("can be a pull request: the author is named inside, the sender signs", async () => {
    const repository = await clone();
    const origin = git(repository.cwd, ["remote", "get-url", "origin"]).toString().trim();
    const author = ["-c", "user.name=Bob", "-c", "user.email=bob@example.org"];
    git(origin, ["switch", "-q", "--detach"]);
    git(origin, [...author, "rm", "-q", "b"]);
    git(origin, [...author, "commit", "-q", "-m", "drop b", "--author=Bob <bob@example.org>"]);
    git(origin, ["update-ref", "refs/pull/3/head", "HEAD"]);
    const request = await fetchPullRequest(repository, "origin", 3);
    const { plan, mails } = await made(repository, { request, withCover: false, words: ["topic"] });
    expect([plan.branch, plan.titles]).toEqual(["pull/origin/3", ["drop b"]]);
    expect(text(mails.at(-1))).toContain("\n\nFrom: Bob <bob@example.org>\n\n");
    expect(isGood(check(mails.at(-1)!))).toBe(true);
  });

  test("no commit without changes: there is no patch of it", async () => {
    const repository = await clone();
    git(repository.cwd, ["commit", "-q", "--allow-empty", "-m", "empty"]);
    await expect(made(repository, { withCover: false })).rejects.toMatchObject({
      message: "git wrote 2 of 3 patches",
    });
  });

  test("nothing is an error", async () => {
    const repository = await clone();
    git(repository.cwd, ["switch", "-q", "-c", "empty", "origin/main"]);
    await expect(made(repository)).rejects.toMatchObject({ code: "usage" });
  });
});

test("a commit by somebody else is sent in the sender's name, with its author inside", async () => {
  const repository = await clone(1);
  const author = "--author=Bób <bob@example.org>";
  git(repository.cwd, ["commit", "-q", "--amend", "--no-edit", author]);
  const { mails } = await made(repository);
  expect(text(mails[0])).toMatch(/^From: Alice <alice@example.org>\n/);
  expect(text(mails[0])).toContain("\n\nFrom: Bób <bob@example.org>\n\n");
  expect(isGood(check(mails[0]!))).toBe(true);
});

test("an mbox of the mails is read as the mails", async () => {
  const { mails } = await made(await clone(), { withCover: false });
  const mbox = Buffer.concat(
    mails.flatMap((mail) => [
      Buffer.from("From x Thu Jan  1 00:00:00 2026\n"),
      mail,
      Buffer.from("\n"),
    ]),
  );
  expect(messages(mbox)).toHaveLength(2);
});

describe("threads", () => {
  const set = (settings: Record<string, string>, chain: boolean | null = null): ThreadShape =>
    threadShape(
      {
        all: (key) => (settings[key] === undefined ? [] : [settings[key]]),
        string: (key) => settings[key] ?? null,
        path: () => null,
        paths: () => [],
      },
      chain,
    );

  test("hang together as git send-email has it", () => {
    const rows = [
      [{}, "first"],
      [{ "sendemail.thread": "false" }, "flat"],
      [{ "sendemail.chainReplyTo": "true" }, "each"],
      [{ "sendemail.thread": "no", "sendemail.chainReplyTo": "true" }, "flat"],
      [{ "format.thread": "deep" }, "each"],
      [{ "format.thread": "deep", "sendemail.thread": "false" }, "each"],
      [{ "format.thread": "shallow", "sendemail.chainReplyTo": "true" }, "first"],
      [{ "format.thread": "false", "sendemail.chainReplyTo": "true" }, "each"],
      [{ "sendemail.identity": "x", "sendemail.x.thread": "off" }, "flat"],
    ] as const;
    for (const [settings, shape] of rows)
      expect(set(settings), JSON.stringify(settings)).toBe(shape);
    expect(set({ "format.thread": "deep" }, false)).toBe("first");
    expect(set({ "sendemail.thread": "false" }, true)).toBe("each");
    expect(() => set({ "format.thread": "down" })).toThrow("format.thread is");
    expect(() => set({ "sendemail.thread": "deep" })).toThrow("neither true nor false");
  });

  test.each([
    ["flat", [[], [], []]],
    ["first", [[], [0], [0]]],
    ["each", [[], [0], [0, 1]]],
  ] as const)("%s", async (shape, above) => {
    const repository = await clone();
    const wishes = { ...WISHES, cover: "two things\n\nBoth.\n" };
    const { mails, sent } = await fromPlan(
      repository,
      await planSend(repository, wishes, SETTINGS, CHANCE),
      shape,
    );
    const references = mails.map(
      (mail) => /^References: ((?:.*\n )*.*)\n/m.exec(mail.toString())?.[1]?.split(/\s+/) ?? [],
    );
    const ids = above.map((places) => places.map((place) => sent[place]!.messageId));
    expect(references).toEqual(ids);
    const parents = mails.map((mail) => /^In-Reply-To: (.*)$/m.exec(mail.toString())?.[1]);
    expect(parents).toEqual(ids.map((all) => all.at(-1)));
  });
});
