/** What people answer to a series: no cover letter, no patch, and nothing that `am` applies. */

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { commitsSince } from "../support/repo.ts";
import { expectStatus, mbox, newFolder, newHome, newSubmission, signedPatches } from "./support.ts";

let submission: ReturnType<typeof newSubmission>;
let files: string[];

beforeAll(() => {
  submission = newSubmission();
  files = signedPatches(submission.work, newHome(7), ["--cover-letter", "--thread"]);
});

const DIFF = `--- a/song.txt
+++ b/song.txt
@@ -1,2 +1,2 @@
-line 1
+first
 line 2
`;

/** A reply of Bob's to one of the files. */
function reply(to: string, body: string, prefix = "Re: "): string {
  const mail = readFileSync(to, "utf8");
  const field = (name: string): string => new RegExp(`^${name}: (.*)`, "im").exec(mail)![1]!;
  const file = join(newFolder(), "reply.eml");
  writeFileSync(
    file,
    `From bob@example.net Wed Nov 25 10:00:00 2026
From: Bob <bob@example.net>
Date: Wed, 25 Nov 2026 10:00:00 +0000
Message-ID: <${files.indexOf(to)}.answer@example.net>
In-Reply-To: ${field("Message-ID")}
Subject: ${prefix}${field("Subject")}

${body}
`,
  );
  return file;
}

function verify(...sources: readonly string[]): Run {
  return patchsig(["verify", "--json", mbox(...sources)], { home: newFolder() });
}

function am(...sources: readonly string[]): { run: Run; commits: string[] } {
  const tree = join(newFolder(), "tree");
  cpSync(submission.base, tree, { recursive: true });
  const run = patchsig(["am", mbox(...sources)], { home: newFolder(), cwd: tree });
  return { run, commits: commitsSince(tree, submission.baseCommit) };
}

describe("a reply", () => {
  test.each(["Re: ", "RE: ", "AW: ", "Antw: ", "SV: ", "Re[2]: ", "[list] Re: ", "回复: "])(
    "%s of the cover letter is not a reply",
    (prefix) => {
      const answer = reply(
        files[0]!,
        "> Over to you.\n\nReviewed-by: Bob <bob@example.net>",
        prefix,
      );
      const all = records(expectStatus(verify(answer, ...files), 0));
      expect(all.map(({ type }) => type)).toEqual([
        ...files.map(() => "patch"),
        "series",
        "summary",
      ]);
      expect(all.at(-2)).toMatchObject({ complete: true, sealed: true });
    },
  );

  test("with a diff is shown with a warning, and am does not apply it", () => {
    const answer = reply(files[2]!, `Better so:\n---\n${DIFF}`);
    const all = records(expectStatus(verify(...files, answer), 0));
    const [own, other] = all.filter(({ type }) => type === "series");
    expect(own).toMatchObject({ sealed: true, verdict: "pass" });
    expect(other).toMatchObject({ version: 1, total: 1, verdict: "warn", findings: [] });
    const { findings } = all.find(({ author }) => author?.email === "bob@example.net")!;
    expect(findings).toMatchObject([{ code: "answer", severity: "warn" }]);

    const { run, commits } = am(answer, ...files);
    expectStatus(run, 0);
    expect(run.stderr).toContain("song: shout line 10");
    expect(commits).toEqual(commitsSince(submission.work, submission.baseCommit));
  });

  test("alone, with a diff, leaves am nothing to apply", () => {
    const { run, commits } = am(reply(files[2]!, `Better so:\n---\n${DIFF}`));
    expect(expectStatus(run, 1).stderr).toMatch(/^left out, .*\npatchsig: no patch in /);
    expect(commits).toEqual([]);
  });

  test("that is signed is a patch, whatever its Subject begins with", () => {
    const answer = reply(files[2]!, `Better so.\n---\n${DIFF}`);
    expectStatus(patchsig(["sign", answer], { home: newHome(9), env: BOB }), 0);
    const all = records(expectStatus(verify(answer), 0));
    expect(all[0]).toMatchObject({ signature: "good", signer: "bob@example.net" });
  });

  test("a patch whose title begins with re: is not a reply", () => {
    const patch = reply(files[2]!, `Again.\n---\n${DIFF}`, "").replace("reply.eml", "patch.eml");
    writeFileSync(
      patch,
      readFileSync(patch.replace("patch.eml", "reply.eml"), "utf8").replace(
        /^Subject: .*$/m,
        "Subject: [PATCH] re: the song",
      ),
    );
    const all = records(verify(patch));
    expect(all[0]!["findings"].map(({ code }: { code: string }) => code)).not.toContain("answer");
  });
});

const BOB = { GIT_AUTHOR_NAME: "Bob", GIT_AUTHOR_EMAIL: "bob@example.net" };
