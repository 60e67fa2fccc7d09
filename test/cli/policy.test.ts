import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { git, newRepository } from "../support/repo.ts";
import { signMails } from "../support/signing.ts";
import { newFolder } from "../support/folders.ts";

const scratch = newFolder();
const home = join(scratch, "home");
const repository = join(scratch, "repository");

/** Signed on 7 November 2026. */
function mail(date: string, list = "", file = "f"): Buffer {
  const text = `From: Alice <alice@example.org>
Subject: [PATCH] x
Date: ${date}
Message-ID: <x@example.org>
${list === "" ? "" : `List-Id: <${list}>\n`}
y
---

diff --git a/${file} b/${file}
new file mode 100644
--- /dev/null
+++ b/${file}
@@ -0,0 +1 @@
+x
`;
  return signMails([Buffer.from(text)])[0]!;
}

const RECENT = "Sun, 08 Nov 2026 10:00:00 +0000";

beforeAll(() => {
  mkdirSync(home);
  newRepository(repository);
});

function verify(input: Buffer, ...args: string[]): Run {
  return patchsig(["verify", "--dry-run", "--json", ...args], { cwd: repository, home, input });
}

function codes(run: Run): string[] {
  return records(run)[0]!["findings"].map((f: { code: string; severity: string }) => f.code);
}

function configure(...settings: [string, string][]): void {
  const file = join(repository, ".git", "config");
  writeFileSync(file, "[core]\n\trepositoryformatversion = 0\n");
  for (const [name, value] of settings) git(repository, ["config", name, value]);
}

test("sent soon after signing: no finding", () => {
  configure();
  const run = verify(mail(RECENT));
  expect(run.status).toBe(0);
  expect(codes(run)).toEqual(["key-first-use"]);
});

test("replayed three years later: fails", () => {
  const run = verify(mail("Thu, 08 Nov 2029 10:00:00 +0000"));
  expect(run.status).toBe(1);
  expect(codes(run)).toContain("signed-too-long-ago");
});

test("two months later: a warning", () => {
  const run = verify(mail("Fri, 08 Jan 2027 10:00:00 +0000"));
  expect(run.status).toBe(0);
  expect(codes(run)).toContain("date-drift");
});

test("signed long after its Date, which is the commit's: no finding", () => {
  expect(codes(verify(mail("Sun, 01 Nov 2020 10:00:00 +0000")))).toEqual(["key-first-use"]);
});

test("patchsig.maxAge", () => {
  configure(["patchsig.maxAge", "1d"]);
  expect(codes(verify(mail("Mon, 09 Nov 2026 10:00:00 +0000")))).toContain("signed-too-long-ago");
  configure(["patchsig.maxAge", "9y"]);
  expect(verify(mail("Thu, 08 Nov 2029 10:00:00 +0000")).status).toBe(0);
});

test("patchsig.firstUse", () => {
  configure(["patchsig.firstUse", "fail"]);
  expect(verify(mail(RECENT)).status).toBe(1);
  configure(["patchsig.firstUse", "warn"]);
  expect(records(verify(mail(RECENT)))[0]).toMatchObject({ verdict: "warn" });
});

test("stricter settings for a list and a path", () => {
  configure(
    ["patchsig.list:net.example.org.require", "known"],
    ["patchsig.path:crypto.firstUse", "fail"],
  );
  expect(verify(mail(RECENT)).status).toBe(0);
  expect(codes(verify(mail(RECENT, "net.example.org")))).toContain("key-policy");
  expect(verify(mail(RECENT, "", "crypto/aes.c")).status).toBe(1);
});

test("--policy prints the policy in force and where it is set", () => {
  configure(["patchsig.maxAge", "90d"], ["patchsig.path:crypto.require", "pinned"]);
  const run = patchsig(["verify", "--policy", "--require", "known"], { cwd: repository, home });
  expect(run).toMatchObject({ status: 0, stderr: "" });
  expect(run.stdout).toBe(
    [
      "require        known      --require",
      "firstUse       allow      default",
      "unsignedKnown  fail       default",
      "maxAge         90d        .git/config",
      "path:crypto",
      "  require        pinned     .git/config",
      "",
    ].join("\n"),
  );
});

test.each([
  [["patchsig.require", "everything"], "patchsig.require cannot be everything"],
  [["patchsig.maxAge", "long"], "patchsig.maxAge cannot be long"],
  [
    ["patchsig.topic:x.require", "known"],
    "patchsig.topic:x.require is neither about a list nor a path",
  ],
] as [[string, string], string][])("%s is wrong usage", (setting, message) => {
  configure(setting);
  const run = verify(mail(RECENT));
  expect(run.status).toBe(2);
  expect(run.stderr).toContain(`patchsig: ${message}\nhint: `);
  configure();
});

test("unreadable git settings are an error, not an empty policy", () => {
  writeFileSync(join(repository, ".git", "config"), "[patchsig\n");
  const run = verify(mail(RECENT));
  expect(run.status).toBe(3);
  expect(run.stderr).toMatch(
    /^patchsig: git cannot read its settings\nhint: git config: bad config line 1 in file [^\n]*\n$/,
  );
});
