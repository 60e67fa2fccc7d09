/** What can be done to a series of good patches, and what `patchsig verify` and `am` say of it. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { spliceBody } from "../../src/mail/insert.ts";
import { formatSignature, signData } from "../../src/minisign/signature.ts";
import { untrustedComment } from "../../src/patch/block.ts";
import { prepare } from "../../src/patch/sign.ts";
import { formatTrustedComment } from "../../src/patch/trusted-comment.ts";
import { patchsig, records } from "../support/cli.ts";
import { some } from "../support/long.ts";
import { git, newRepository } from "../support/repo.ts";
import { signMails } from "../support/signing.ts";
import { keyOf } from "./support.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "patchsig-series-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const BASE = "1".repeat(40);
const OTHER = "2".repeat(40);
const TIME = 1_794_000_000;

function patch(n: number, verse: string): string {
  return `From: Alice <alice@example.org>
Subject: [PATCH ${n}/3] song: verse ${n}
Date: Wed, 11 Nov 2026 10:00:0${n} +0000
Message-ID: <${n}@example.org>
In-Reply-To: <0@example.org>

${verse}.
---

diff --git a/verse${n} b/verse${n}
new file mode 100644
--- /dev/null
+++ b/verse${n}
@@ -0,0 +1 @@
+${verse}
`;
}

const COVER = `From: Alice <alice@example.org>
Subject: [PATCH 0/3] song: three verses
Date: Wed, 11 Nov 2026 10:00:00 +0000
Message-ID: <0@example.org>

A song.

-- \n2.39.5

base-commit: ${BASE}
`;

type Song = [cover: string, first: string, second: string, third: string];

/** The cover letter and three patches, signed in one go. */
function song(verse: string, time = TIME): Song {
  const mails = [COVER, ...[1, 2, 3].map((n) => patch(n, `${verse} ${n}`))];
  const signed = signMails(
    mails.map((mail) => Buffer.from(mail)),
    { base: BASE, time },
  );
  return signed.map((mail) => mail.toString()) as Song;
}

interface Said {
  readonly status: number;
  /** The worst verdict, of mails and of the series. */
  readonly verdicts: string[];
  readonly codes: string[];
}

function write(mails: readonly string[]): string {
  const file = join(home, "song.mbox");
  const from = "From alice@example.org Wed Nov 11 10:00:00 2026\n";
  writeFileSync(file, mails.map((mail) => `${from}${mail}\n`).join(""));
  return file;
}

function verify(mails: readonly string[]): Said {
  const run = patchsig(["verify", "--json", "--dry-run", write(mails)], { home });
  const found = records(run).filter(({ type }) => type === "patch" || type === "series");
  return {
    status: run.status,
    verdicts: [...new Set(found.map(({ verdict }) => verdict as string))],
    codes: found.flatMap(({ findings }) => findings.map(({ code }: { code: string }) => code)),
  };
}

test("the series as signed is good", () => {
  expect(verify(song("la"))).toMatchObject({ status: 0, verdicts: ["pass"] });
});

const [cover, first, second, third] = song("la");
const [, otherFirst, otherSecond] = song("na", TIME + 60);
const renumber = (mail: string, n: number): string => mail.replace(/(?<=PATCH )\d/, `${n}`);

test.each<[string, string[], string]>([
  [
    "the cover letter names another base",
    [cover.replace(BASE + "\n", OTHER + "\n"), first, second, third],
    "base-contradicts",
  ],
  [
    "two patches are swapped, by their numbers",
    [cover, renumber(second, 1), renumber(first, 2), third],
    "series-relabelled",
  ],
  ["a patch is renumbered", [cover, first, second, renumber(third, 2)], "series-relabelled"],
  [
    "one is dropped, and the others renumbered to hide it",
    [first, renumber(third, 2)].map((mail) => mail.replace("/3]", "/2]")),
    "series-relabelled",
  ],
  ["patches of two signings are mixed", [cover, first, otherSecond, third], "series-conflict"],
  ["the first is of another signing", [cover, otherFirst, second, third], "series-conflict"],
])("fails: %s", (_, mails, code) => {
  const said = verify(mails);
  expect(said).toMatchObject({ status: 1 });
  expect(said.verdicts).toContain("fail");
  expect(said.codes).toContain(code);
});

test("fails: the signer named another series than these patches", () => {
  const [, ...patches] = song("la");
  const { signer } = keyOf(1);
  const named = patches.map((mail, i) => {
    const made = prepare(Buffer.from(mail));
    if (made === null || !made.ok) throw new Error("cannot be signed");
    const { view, mail: bare, attestation } = made.value;
    const comment = formatTrustedComment({
      time: TIME,
      by: "alice@example.org",
      series: "0".repeat(32),
      version: 1,
      index: i + 1,
      total: 3,
      base: BASE,
      digests: attestation.digests,
    });
    const block = signData(signer, attestation.text, comment, untrustedComment(signer.publicKey));
    const at = view.breakPoint.decodedOffset;
    return spliceBody(bare, view.breakPoint, at, at, Buffer.from(formatSignature(block)));
  });
  const said = verify(named.map((mail) => mail.toString()));
  expect(said).toMatchObject({ status: 1, verdicts: ["pass", "fail"] });
  expect(said.codes).toContain("series-conflict");
});

test("a dropped patch: verify reports it missing, am refuses", () => {
  expect(verify([cover, first, third])).toMatchObject({ status: 0, verdicts: ["pass", "warn"] });
  expect(verify([cover, first, third]).codes).toContain("series-incomplete");
  const repository = join(home, "repository");
  newRepository(repository);
  const run = patchsig(["am", write([cover, first, third])], { home, cwd: repository });
  expect(run.status).toBe(1);
  expect(run.stdout + run.stderr).toContain("missing 2");
});

const stray = patch(2, "evil 2").replace("<2@", "<stray@");
const forged = otherSecond.replace("<2@", "<stray@");

const STRAYS: [string, string[]][] = [
  ["an unsigned one, after the series", [cover, first, second, third, stray]],
  ["before it", [stray, cover, first, second, third]],
  ["in the middle", [cover, first, stray, second, third]],
  ["one more than there are", [cover, first, second, third, patch(4, "evil 4")]],
  ["one of another signing", [cover, first, forged, second, third]],
  ["one that was changed", [cover, first, second.replace("+la", "+no"), second, third]],
  [
    "a cover letter",
    [cover.replace("A song", "A bad song").replace("<0@", "<s@"), cover, first, second, third],
  ],
];
test.each(some(STRAYS, 2))("one forged mail does not block a sealed series: %s", (what, mails) => {
  const run = patchsig(["verify", "--json", "--dry-run", write(mails)], { home });
  const series = records(run).filter(({ type }) => type === "series");
  expect(series.filter(({ sealed, verdict }) => sealed && verdict === "pass")).toHaveLength(1);
  // the stray is said, and keeps its own verdict
  expect(records(run).filter(({ type }) => type === "patch")).toHaveLength(mails.length);

  const repository = newRepository(join(home, "repository"));
  const applied = patchsig(["am", write(mails)], { home, cwd: repository });
  expect(applied.stdout + applied.stderr).toContain("applied 3 patches");
  // nothing of a letter is applied
  if (what !== "a cover letter") expect(applied.stderr).toContain("note: not in this series: ");
  expect(git(repository, ["log", "--format=%s", "-3"]).toString()).toBe(
    "song: verse 3\nsong: verse 2\nsong: verse 1\n",
  );
  expect(git(repository, ["show", "HEAD:verse2"]).toString()).toBe("la 2\n");
});

test("two sealed series stay two: am asks which", () => {
  const [, ...others] = song("na", TIME + 60);
  const repository = newRepository(join(home, "repository"));
  const run = patchsig(["am", write([cover, first, second, third, ...others])], {
    home,
    cwd: repository,
  });
  expect(run.status).not.toBe(0);
  expect(run.stdout + run.stderr).not.toContain("applied 3");
});
