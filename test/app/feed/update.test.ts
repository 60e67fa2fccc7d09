/** What an update makes of a feed that has less than it had, or another past. */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { followFeed } from "../../../src/app/feed/follow.ts";
import { followedFeed, followedFolder } from "../../../src/app/feed/followed.ts";
import { updateFeed } from "../../../src/app/feed/update.ts";
import { verifyFeed } from "../../../src/app/feed/verify.ts";
import { descriptionMail, FEED_TEXT } from "../../../src/feed/description.ts";
import { formatManifest } from "../../../src/feed/manifest.ts";
import type { FeedUpdate } from "../../../src/feed/followed.ts";
import { generateSecretKey } from "../../../src/minisign/generate.ts";
import type { SecretKey } from "../../../src/minisign/secret-key.ts";
import { signNow } from "../../../src/minisign/signature.ts";
import { textSigning } from "../../../src/patch/signed-text.ts";
import { serveFolder } from "../../support/feed-server.ts";
import { newFolder } from "../../support/folders.ts";

const DAY = 86_400_000;
const reporter = { say: () => {}, sayError: () => {}, progress: null };

const keyOf = (byte: number) => generateSecretKey(Buffer.alloc(32, byte), Buffer.alloc(8, byte));
const [OWNER, STRANGER] = [keyOf(1), keyOf(2)];

/** A description of a feed, with what it says of epoch 0. */
function description(key: SecretKey, head: string, count: number): Buffer {
  const said = { time: 1_795_600_000, by: "a@x.org", name: "ci", urls: [], kinds: [] };
  const signing = textSigning(FEED_TEXT, key.publicKey, {
    ...said,
    epochs: [{ epoch: 0, head, count }],
  });
  return descriptionMail(signNow(key, signing), "");
}

/** A feed of single letters, each a mail. */
class Feed {
  /** Mails that say more than their letter. */
  readonly mails = new Map<string, Buffer>();
  readonly folder = join(newFolder(), "ci");
  readonly #repository = join(this.folder, "git", "0.git");

  constructor() {
    vi.stubEnv("XDG_DATA_HOME", newFolder());
    onTestFinished(() => {
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    });
    execFileSync("git", ["init", "-q", "--bare", this.#repository]);
  }

  /** The same letters in the same order are the same commits. */
  write(letters: string): void {
    const stream = Array.from(letters, (letter, i) => {
      const mail =
        this.mails.get(letter)?.toString() ??
        `From: a <a@example.org>\nSubject: ${letter}\nMessage-ID: <${letter}@x>\n\n.\n`;
      const title = /^Subject: (.*)$/m.exec(mail)![1]!;
      return `commit refs/heads/master\ncommitter a <a@x> ${1000 + i} +0000\ndata ${title.length}\n${title}\ndeleteall\nM 100644 inline m\ndata ${mail.length}\n${mail}\n`;
    });
    execFileSync("git", ["fast-import", "--quiet", "--force", "--date-format=raw"], {
      cwd: this.#repository,
      input: `reset refs/heads/master\n${stream.join("")}`,
    });
    execFileSync("git", ["symbolic-ref", "HEAD", "refs/heads/master"], { cwd: this.#repository });
  }

  async follow(letters: string): Promise<void> {
    this.write(letters);
    await followFeed({ url: this.folder, headersOnly: false, keys: [] }, reporter);
  }

  async has(letters: string): Promise<string> {
    this.write(letters);
    return said(await updateFeed(followedFeed("ci"), reporter));
  }

  head(): string {
    return execFileSync("git", ["rev-parse", "master"], { cwd: this.#repository })
      .toString()
      .trim();
  }

  /** What is here now. */
  here(): string {
    const cwd = join(followedFolder("ci"), "git", "0.git");
    const names = execFileSync("git", ["rev-list", "--reverse", "master"], { cwd })
      .toString()
      .trim()
      .split("\n");
    const titles = names.map((name) =>
      execFileSync("git", ["cat-file", "-p", `${name}:m`], { cwd }),
    );
    return titles.map((mail) => /^Subject: (.*)$/m.exec(mail.toString())![1]).join("");
  }
}

const letters = (mails: FeedUpdate["withdrawn"]): string =>
  mails
    .map(({ subject }) => subject)
    .sort()
    .join("");

function said({ changed, withdrawn, behind, withheld }: FeedUpdate): string {
  expect(withheld).toEqual([]);
  return `${changed.length > 0 ? "new" : "-"} ${letters(withdrawn) || "-"} ${behind}`;
}

const remembered = (): string => letters(followedFeed("ci").withdrawn);

test("a mirror that lags has withdrawn nothing, and what is here stays", async () => {
  const feed = new Feed();
  await feed.follow("abcd");
  expect(await feed.has("ab")).toBe("- - 2");
  expect(await feed.has("abc")).toBe("- - 1");
  expect([feed.here(), remembered()]).toEqual(["abcd", ""]);
  expect(await feed.has("abcd")).toBe("- - 0");
  expect(await feed.has("abcde")).toBe("new - 0");
  expect(feed.here()).toBe("abcde");
});

test("what lags for days has taken back; what it has again after all is not withdrawn", async () => {
  const feed = new Feed();
  await feed.follow("abc");
  expect(await feed.has("ab")).toBe("- - 1");
  const later = Date.now() + 3 * DAY;
  vi.spyOn(Date, "now").mockImplementation(() => later);
  expect(await feed.has("ab")).toBe("new c 0");
  expect([feed.here(), remembered()]).toEqual(["ab", "c"]);
  expect(await feed.has("abcd")).toBe("new - 0");
  expect([feed.here(), remembered()]).toEqual(["abcd", ""]);
});

test("another past is an alarm at once, also behind a lag", async () => {
  const feed = new Feed();
  await feed.follow("abc");
  expect(await feed.has("ab")).toBe("- - 1");
  expect(await feed.has("abd")).toBe("new c 0");
  expect([feed.here(), remembered()]).toEqual(["abd", "c"]);
});

test("an update that waited for another one does not forget what that one found", async () => {
  const feed = new Feed();
  await feed.follow("abc");
  const before = followedFeed("ci");
  expect(await feed.has("ac")).toBe("new b 0");
  expect(said(await updateFeed(before, reporter))).toBe("- - 0");
  expect(remembered()).toBe("b");
});

test("only what its owner says of a feed contradicts it, when it is verified, too", async () => {
  const feed = new Feed();
  const none = "0".repeat(40);
  feed.mails.set("O", description(OWNER, none, 7));
  feed.mails.set("S", description(STRANGER, none, 8));
  const contradicted = async (): Promise<string[]> => {
    const { contradictions } = await verifyFeed("ci", { results: null as never });
    return contradictions.map((line) => line.replace(/^on \S+ its owner signed that /, ""));
  };
  await feed.follow("ab");
  feed.mails.set("o", description(OWNER, feed.head(), 2));
  expect(await feed.has("abo")).toBe("new - 0");
  expect(await feed.has("aboS")).toBe("new - 0");
  expect(await contradicted()).toEqual([]);
  expect(await feed.has("aboSO")).toBe("new - 0");
  expect(await contradicted()).toEqual([`epoch 0 has ${none.slice(0, 12)}`]);
});

test("what is followed already is updated, not followed again", async () => {
  const feed = new Feed();
  await feed.follow("a");
  await expect(feed.follow("ab")).rejects.toMatchObject({
    code: "exists",
    hint: "git patchsig feed update ci",
  });
});

test("a manifest that is ahead of its repositories: what is there is followed, and the rest is said", async () => {
  const feed = new Feed();
  feed.write("ab");
  const server = await serveFolder(feed.folder, "smart");
  onTestFinished(server.stop);
  const named = [0, 1].map((epoch) => ({ epoch, fingerprint: "0".repeat(40), modified: 1000 }));
  writeFileSync(join(feed.folder, "manifest.js.gz"), formatManifest("ci", "", named));
  const heard: string[] = [];
  const telling = { ...reporter, say: (line: string) => void heard.push(line) };
  const wishes = { url: server.url, name: "ci", headersOnly: false, keys: [] };
  expect(said(await followFeed(wishes, telling))).toBe("new - 0");
  expect(feed.here()).toBe("ab");
  expect(heard).toEqual(["note: epoch 1 of ci is named there, but is not there yet"]);
});
