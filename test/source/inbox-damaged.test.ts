/** A public-inbox of which git cannot give every mail. */

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectStatus, newFolder } from "../cli/support.ts";
import { patchsig, records } from "../support/cli.ts";
import { git } from "../support/repo.ts";

const MAILS = 200;

function mail(n: number): string {
  return (
    `From: A <a@example.org>\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nSubject: [PATCH] number ${n}\n` +
    `Message-ID: <${n}@example.org>\n\nText.\n---\n a | 2 +-\n\ndiff --git a/a b/a\n` +
    `index 1111111..2222222 100644\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+${n}\n`
  );
}

/** An inbox of one epoch; `blob` is the object of each mail, by its file. */
function inbox(texts: readonly string[]): { folder: string; blob: (n: number) => string } {
  const folder = newFolder();
  const epoch = join(folder, "git", "0.git");
  mkdirSync(epoch, { recursive: true });
  git(epoch, ["init", "-q", "--bare", "."]);
  const stream = texts.map(
    (text, n) =>
      `commit refs/heads/main\ncommitter a <a@example.org> ${1_770_000_000 + n} +0000\ndata 0\n` +
      `M 100644 inline m\ndata ${text.length}\n${text}\n`,
  );
  git(epoch, ["fast-import", "--quiet"], `${stream.join("")}done\n`);
  git(epoch, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  // of loose objects, one can be taken away or damaged
  const packed = join(epoch, "objects", "pack");
  const packs = readdirSync(packed).filter((name) => name.endsWith(".pack"));
  const bytes = packs.map((name) => readFileSync(join(packed, name)));
  rmSync(packed, { recursive: true });
  for (const pack of bytes) git(epoch, ["unpack-objects", "-q"], pack);
  return {
    folder,
    blob: (n) => {
      const name = git(epoch, ["hash-object", "--stdin"], texts[n]).toString().trim();
      return join(epoch, "objects", name.slice(0, 2), name.slice(2));
    },
  };
}

test("missing and damaged mails are reported, and the rest is read", () => {
  const { folder, blob } = inbox(Array.from({ length: MAILS }, (_, n) => mail(n)));
  rmSync(blob(50));
  for (const n of [60, 61, 199]) {
    chmodSync(blob(n), 0o600);
    truncateSync(blob(n), statSync(blob(n)).size - 20);
  }
  const home = newFolder();
  const args = ["verify", "--json", "--require=opt-in", folder];
  const run = expectStatus(patchsig(args, { home }), 3);
  const subjects = records(run).flatMap((r) => (r["type"] === "patch" ? [r["subject"]] : []));
  const expected = Array.from({ length: MAILS }, (_, n) => n).filter(
    (n) => ![50, 60, 61, 199].includes(n),
  );
  expect(subjects).toEqual(expected.map((n) => `number ${n}`));
  expect(records(run).filter((r) => r["type"] === "unread")).toMatchObject([
    {
      code: "unreadable",
      message: expect.stringMatching(/0\.git:[0-9a-f]{40}: the mail is not there$/),
    },
    { message: expect.stringMatching(/the mail cannot be read: git cat-file: /) },
    { message: expect.stringMatching(/the mail cannot be read: git cat-file: /) },
    { message: expect.stringMatching(/the mail cannot be read: git cat-file: /) },
  ]);
  expect(patchsig(["base", "show", folder], { home }).stdout.match(/number /g)?.length).toBe(196);
});

test("a purged mail is no error", () => {
  const { folder } = inbox([mail(0), "", mail(2)]);
  const args = ["verify", "--json", "--require=opt-in", folder];
  const run = expectStatus(patchsig(args, { home: newFolder() }), 0);
  expect(records(run).at(-1)).toMatchObject({ messages: 2, patches: 2, unread: 0 });
});
