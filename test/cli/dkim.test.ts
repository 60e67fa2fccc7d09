/** Domains that vouch for unsigned patches: from DNS, remembered, and missed where one always did. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RECORD, signed } from "../dkim/sign.ts";
import { type NameServer, openNameServer } from "../support/dns.ts";
import { patchsig, records } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";

let dns: NameServer;
beforeAll(async () => {
  dns = await openNameServer({
    "main._domainkey.example.org": ["v=spf1 -all", RECORD],
    "main._domainkey.example.net": [RECORD, RECORD],
    "main._domainkey.example.com": null,
  });
});
afterAll(() => dns.close());

/** A patch of its own, by somebody. */
function patch(n: number, who = "alice@example.org", total = 1): string {
  return `From: ${who.split("@")[0]} <${who}>
Date: Tue, 02 Jan 2024 10:00:${String(n % 60).padStart(2, "0")} +0000
Message-ID: <${n}-${who}>
${total > 1 && n > 1 ? `In-Reply-To: <1-${who}>\n` : ""}Subject: [PATCH ${n}/${total}] song: verse ${n}

It was too quiet.
---
diff --git a/song.txt b/song.txt
--- a/song.txt
+++ b/song.txt
@@ -1,2 +1,2 @@
 one
-two
+two ${n}
`;
}

const vouched = (text: string, domain = "example.org"): string =>
  signed(text, { body: "simple", domain });

function verify(mails: readonly string[], home: string, ...options: string[]) {
  const file = join(home, "mails.mbox");
  const from = "From x Tue Jan  2 10:00:00 2024\n";
  writeFileSync(file, mails.map((mail) => `${from}${mail}\n`).join(""), "latin1");
  return patchsig(["verify", ...options, file], { home, env: settings() });
}

/** git's settings from the environment. */
function settings(): Record<string, string> {
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "patchsig.dnsServer",
    GIT_CONFIG_VALUE_0: dns.address,
  };
}

const codes = (record: Record<string, unknown>): string[] =>
  (record["findings"] as { code: string }[]).map(({ code }) => code);

test("27 patches, one of them forged: exactly that one stands out", () => {
  const home = newFolder();
  const mails = Array.from({ length: 27 }, (_, i) => {
    const text = patch(
      1 + (i % 9),
      ["alice", "bob", "carol"][Math.floor(i / 9)] + "@example.org",
      9,
    );
    return i === 10 ? text.replace("song: verse", "song: backdoor") : vouched(text);
  });
  const first = verify(mails, home, "--dkim");
  expect(first.status).toBe(0);
  expect(first.stdout.replace(/since \d{4}-\d\d/, "since 2026-11")).toMatchInlineSnapshot(`
    "none  9/9 song: verse 1                      alice@example.org  vouched, no base

    none  1/9 song: verse 1                             bob@example.org  vouched
    warn  2/9 song: backdoor 2                          bob@example.org  NOT VOUCHED
              bob@example.org has been vouched for by example.org since 2026-11 (8
              mails); this one is not: it has no DKIM signature
              ask the author whether it is theirs
    none  3/9 song: verse 3                             bob@example.org  vouched
    none  4/9 song: verse 4                             bob@example.org  vouched
    none  5/9 song: verse 5                             bob@example.org  vouched
    none  6/9 song: verse 6                             bob@example.org  vouched
    none  7/9 song: verse 7                             bob@example.org  vouched
    none  8/9 song: verse 8                             bob@example.org  vouched
    none  9/9 song: verse 9                             bob@example.org  vouched
    9 of 9, 8 not signed
    no base commit recorded; the submitter can add one: git patchsig format-patch

    none  9/9 song: verse 1                      carol@example.org  vouched, no base

    27 patches in 27 mails: 26 not signed, 1 to look at
    no base commit recorded in 2 of 3 series
    the submitter can add one: git patchsig format-patch
    "
  `);
  expect(dns.asked()).toBe(1);
  // the key is remembered, nobody is asked, and nothing counts twice
  expect(verify(mails, home).stdout).toBe(first.stdout);
  expect(dns.asked()).toBe(1);
  const strict = verify(mails, home, "--require", "vouched");
  expect(strict.status).toBe(1);
  expect(strict.stdout).toContain("no domain vouches for bob@example.org");
});

test("the records say by whom, how far, since when and why not", () => {
  const home = newFolder();
  const mails = [
    vouched(patch(1)),
    signed(patch(2)),
    patch(3),
    vouched(patch(4, "dora@example.net"), "example.net"),
    vouched(patch(5, "eve@example.com"), "example.com"),
    signed(patch(6).replace("+two", "+\ttwo")),
  ];
  const run = verify(mails, home, "--dkim", "--json");
  const patches = records(run).filter(({ type }) => type === "patch");
  expect(
    patches.map(({ vouched }) => vouched && [vouched.domain, vouched.covers, vouched.patches]),
  ).toEqual([
    ["example.org", "all", 3],
    ["example.org", "all", 3],
    null,
    null,
    null,
    ["example.org", "but-space", 3],
  ]);
  expect(patches.map(codes)).toEqual([
    ["unsigned", "vouched"],
    ["unsigned", "vouched"],
    ["unsigned", "dkim-none", "not-vouched"],
    ["unsigned", "dkim-no-key"],
    ["unsigned", "dkim-unknown-key"],
    ["unsigned", "vouched-loosely"],
  ]);
});

test("what is off, or not remembered, says nothing; a dry run remembers nothing", () => {
  const home = newFolder();
  const mails = [vouched(patch(1))];
  const seen = (...options: string[]) =>
    codes(records(verify(mails, home, "--json", ...options))[0]!);
  expect(seen()).toEqual(["unsigned"]);
  expect(seen("--dkim", "--dry-run")).toEqual(["unsigned", "vouched"]);
  expect(seen()).toEqual(["unsigned"]);
  expect(seen("--dkim")).toEqual(["unsigned", "vouched"]);
  expect(seen()).toEqual(["unsigned", "vouched"]);
  const off = { ...settings(), GIT_CONFIG_KEY_0: "patchsig.dkim", GIT_CONFIG_VALUE_0: "off" };
  const file = join(home, "mails.mbox");
  const run = patchsig(["verify", "--json", file], { home, env: off });
  expect(codes(records(run)[0]!)).toEqual(["unsigned"]);
  const wrong = patchsig(["verify", file], { home, env: { ...off, GIT_CONFIG_VALUE_0: "maybe" } });
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining("off, cached, dns") });
  const unmet = patchsig(["verify", "--require", "vouched", file], { home, env: off });
  expect(unmet).toMatchObject({
    status: 1,
    stdout: expect.stringContaining("ask DNS with --dkim"),
  });
});

test("the word of the reader's own server does for the key, offline", () => {
  const home = newFolder();
  const file = join(home, "one.eml");
  const hop =
    "Received: from mail.example.org by mx.reader.example; Tue, 2 Jan 2024 10:00:01 +0000\n";
  const said = "Authentication-Results: mx.reader.example; dkim=pass header.d=example.org\n";
  writeFileSync(file, hop + said + vouched(patch(1)), "latin1");
  const by = (id: string) => {
    const env = { ...settings(), GIT_CONFIG_KEY_0: "patchsig.authservId", GIT_CONFIG_VALUE_0: id };
    return records(patchsig(["verify", "--json", file], { home, env }))[0]!["vouched"];
  };
  expect(by("MX.reader.example")).toMatchObject({
    domain: "example.org",
    saidBy: "mx.reader.example",
    covers: "all",
    patches: 1,
  });
  expect(by("mx.other.example")).toBeNull();
});
