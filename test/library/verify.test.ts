/** Verification for programs: the same records as the program's, and nothing taken for granted. */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as patchsig from "../../src/index.ts";
import type { Mail, Mails, UnreadRecord, VerifyOptions, VerifyRecord } from "../../src/index.ts";
import { patchsig as program, records } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "fixtures");
const fixture = (name: string): Mail => ({
  source: name,
  bytes: readFileSync(join(FIXTURES, name)),
});
const SERIES = readdirSync(join(FIXTURES, "series"))
  .filter((name) => name.endsWith(".patch"))
  .map((name) => fixture(`series/${name}`));
const NOW = 1_795_000_000;

async function verify(mails: Mails, options: Partial<VerifyOptions> = {}): Promise<VerifyRecord[]> {
  const trust = options.trust ?? (await patchsig.openTrust());
  const found: VerifyRecord[] = [];
  for await (const record of patchsig.verifySeries(mails, { now: NOW, ...options, trust }))
    found.push(record);
  return found;
}

const series = (found: readonly VerifyRecord[]): patchsig.SeriesRecord[] =>
  found.filter((record) => record.type === "series");

/** [type, source or subject] decide the order: patch records stand elsewhere in the two. */
function sorted(all: readonly object[]): string[] {
  return all.map((record) => JSON.stringify(record)).sort();
}

async function* everything(): AsyncGenerator<Mail | UnreadRecord> {
  for (const folder of ["series", "signed", "canonical", "mail", "none"])
    yield* patchsig.readMails(join(FIXTURES, folder));
}

test("the records are those of verify --json", async () => {
  const sources = ["series", "signed", "canonical", "mail", "none"].map((name) =>
    join(FIXTURES, name),
  );
  const theirs = records(program(["verify", "--json", ...sources], { home: newFolder() }));
  const at = theirs.find(({ key }) => key)!["key"].firstSeen as number;
  const found = await verify(everything(), { now: at });
  const patches = series(found).flatMap((one) => one.patches);
  const ours = found.map((record) =>
    record.type === "series" ? { ...record, patches: undefined } : record,
  );
  // what git's settings here do to a mail is said by the program, which reads them
  const said = theirs.map(
    (record) =>
      JSON.parse(
        JSON.stringify(record, (key, value: unknown) =>
          key === "findings"
            ? (value as patchsig.Finding[]).filter(({ code }) => code !== "am-differs")
            : value,
        ),
      ) as object,
  );
  expect(sorted([...patches, ...ours])).toEqual(sorted(said));
  expect(patches.length).toBeGreaterThan(150);
});

describe("policy", () => {
  test("is stricter where it is set", async () => {
    const verdicts = async (options: Partial<VerifyOptions>): Promise<string[]> =>
      series(await verify(SERIES, options)).map(({ verdict }) => verdict);
    expect(await verdicts({})).toEqual(["pass"]);
    expect(await verdicts({ policy: { require: "known" } })).toEqual(["fail"]);
    expect(await verdicts({ policy: { firstUse: "warn" } })).toEqual(["warn"]);
    const settings = { require: "pinned" } as const;
    expect(await verdicts({ overrides: [{ kind: "path", name: "doc.txt", settings }] })).toEqual([
      "pass",
    ]);
    expect(await verdicts({ overrides: [{ kind: "path", name: "hello.txt", settings }] })).toEqual([
      "fail",
    ]);
  });

  test.each<[string, object]>([
    ["an unknown requirement", { policy: { require: "knwon" } }],
    ["an unknown setting", { policy: { required: "known" } }],
    ["a property of every object", { policy: { toString: "known" } }],
    ["an invalid age", { policy: { maxAge: Number.NaN } }],
    ["an age in words", { policy: { maxAge: "90d" } }],
    ["null", { policy: { require: null } }],
    ["an override of an unknown kind", { overrides: [{ kind: "lists", name: "a", settings: {} }] }],
    ["an override without a name", { overrides: [{ kind: "list", name: "", settings: {} }] }],
    [
      "an override with an unknown requirement",
      { overrides: [{ kind: "list", name: "a", settings: { require: "x" } }] },
    ],
  ])("%s is refused", async (_, options) => {
    await expect(verify(SERIES, options)).rejects.toMatchObject({
      name: "PatchsigError",
      code: "usage",
    });
  });

  test("settings that are missing or undefined have their default", async () => {
    const policy = { require: undefined } as unknown as { require: "known" };
    const [mail] = await verify([fixture("signed/unsigned.eml")], { policy });
    expect(mail).toMatchObject({ verdict: "warn" });
    const required = { policy: { require: "signature" } as const };
    const [failed] = await verify([fixture("signed/unsigned.eml")], required);
    expect(failed).toMatchObject({ verdict: "fail" });
  });
});

test.each([1_795_000_000_000, 1.5, Number.NaN, -1, "1795000000"])(
  "%s is not a valid time",
  async (now) => {
    await expect(verify(SERIES, { now: now as number })).rejects.toMatchObject({ code: "usage" });
    const trust = await patchsig.openTrust();
    await expect(trust.importKeyring("keyring", now as number)).rejects.toMatchObject({
      code: "usage",
    });
  },
);

describe("invalid arguments", () => {
  test.each<[string, unknown]>([
    ["a file's name", "inbox.mbox"],
    ["a Buffer", Buffer.from("From: a")],
    ["names", ["inbox.mbox"]],
    ["Buffers", [Buffer.from("From: a")]],
    ["a text for the bytes", [{ source: "a", bytes: "From: a" }]],
    ["null", [null]],
  ])("%s is refused", async (_, mails) => {
    await expect(verify(mails as Mails)).rejects.toMatchObject({ code: "usage" });
  });

  test("a trust object not made by openTrust is refused", async () => {
    for (const trust of [undefined, null, {}, "trust.db"])
      await expect(
        patchsig.verifySeries(SERIES, { trust } as unknown as VerifyOptions).next(),
      ).rejects.toMatchObject({ code: "usage" });
  });
});

test("an unreadable source is a record, and counted", async () => {
  const found = await verify(patchsig.readMails(join(FIXTURES, "none")));
  expect(found).toMatchObject([
    { type: "unread", code: "not-found" },
    { type: "summary", messages: 0, patches: 0, unread: 1 },
  ]);
});

test("a mail that is too large fails", async () => {
  const [record] = await verify([{ source: "row 7", bytes: null, size: 1 << 30 }]);
  expect(record).toMatchObject({
    type: "series",
    verdict: "fail",
    patches: [{ source: "row 7", findings: [{ code: "mail-too-large" }] }],
  });
});

test("an error in the caller's iterable ends it, after the mails judged so far", async () => {
  async function* broken(): AsyncGenerator<Mail> {
    for (let i = 0; i < 100; i++) yield* SERIES;
    throw new RangeError("of the caller");
  }
  const trust = await patchsig.openTrust();
  const found: VerifyRecord[] = [];
  const pass = async (): Promise<void> => {
    for await (const record of patchsig.verifySeries(broken(), { trust, now: NOW }))
      found.push(record);
  };
  await expect(pass()).rejects.toThrow(RangeError);
  expect(series(found)[0]).toMatchObject({ verdict: "pass", sealed: true });
  expect(found.some(({ type }) => type === "summary")).toBe(false);
});

test("every copy of a patch has its record", async () => {
  const again = SERIES.map(({ source, bytes }) => ({ source: `again ${source}`, bytes }));
  const [one] = series(await verify([...again, ...SERIES]));
  expect(one!.patches.map((patch) => patch.series!.index)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  expect(new Set(one!.patches.map((patch) => patch.source)).size).toBe(8);
});

describe("trust", () => {
  test("in memory is kept between passes, and ends with the object", async () => {
    const trust = await patchsig.openTrust();
    await verify(SERIES, { trust });
    expect(trust.keys()).toMatchObject([
      { identity: "alice@example.org", state: "first-use", patches: 4 },
    ]);
    const [other] = series(await verify([fixture("signed/other-signer.eml")], { trust }));
    expect(other!.verdict).toBe("fail");
    expect((await patchsig.openTrust()).keys()).toEqual([]);
    expect([...trust.events()]).toMatchObject([{ kind: "first-use", at: NOW, cause: "mail" }]);
  });

  test("in a file is the program's database", async () => {
    const home = newFolder();
    const file = join(home, "patchsig", "trust.db");
    const trust = await patchsig.openTrust({ file });
    await verify(SERIES, { trust });
    trust.close();
    const shown = program(["trust", "show", "alice@example.org"], { home });
    expect(shown.stdout).toContain("first-use");
  });

  test("in a dry run is not written", async () => {
    const file = join(newFolder(), "trust.db");
    const trust = await patchsig.openTrust({ file, dryRun: true });
    const [one] = series(await verify(SERIES, { trust }));
    expect(one!.patches[0]!.findings[0]!.message).toContain("not remembered");
    trust.close();
    expect(existsSync(file)).toBe(false);
  });

  test("a keyring pins keys, and reports its problems", async () => {
    const keyring = newFolder();
    const alice = join(keyring, "minisign", "example.org", "alice");
    mkdirSync(alice, { recursive: true });
    copyFileSync(join(FIXTURES, "series", "alice.pub"), join(alice, "main.pub"));
    writeFileSync(join(alice, "other.pub"), "no key");
    const trust = await patchsig.openTrust();
    const report = await trust.importKeyring(keyring, NOW);
    expect(report.keys).toMatchObject([{ identity: "alice@example.org", outcome: "pinned" }]);
    expect(report.problems).toMatchObject([{ path: "minisign/example.org/alice/other.pub" }]);
    const found = await verify(SERIES, { trust, policy: { require: "pinned" } });
    expect(series(found)).toMatchObject([{ verdict: "pass" }]);
    await expect(trust.importKeyring(newFolder())).rejects.toMatchObject({ code: "not-found" });
  });

  test("accepts addresses in any spelling, and nothing else", async () => {
    const trust = await patchsig.openTrust();
    await verify(SERIES, { trust });
    expect(trust.history("Alice@EXAMPLE.org")).toMatchObject({ identity: "alice@example.org" });
    expect(trust.history("bob@example.org")).toBeNull();
    expect(() => trust.history("Alice <alice@example.org>")).toThrow(patchsig.PatchsigError);
  });
});

describe("splitMbox", () => {
  test("splits where readMails does", async () => {
    const one = (mail: Mail): string =>
      `From a@b Tue Nov 24 10:00:00 2026\n${Buffer.from(mail.bytes!)
        .toString("latin1")
        .replace(/^From .*\n/, "")}\n`;
    const mails = patchsig.splitMbox(Buffer.from(SERIES.map(one).join(""), "latin1"), "reply 42");
    expect(mails[0]!.source).toBe("reply 42");
    expect(mails.slice(1).every(({ source }) => /^reply 42:\d+$/.test(source))).toBe(true);
    expect(series(await verify(mails))).toMatchObject([{ verdict: "pass", sealed: true }]);
  });

  test("refuses anything that is not an mbox or mail", () => {
    expect(() => patchsig.splitMbox(Buffer.from("<html>"), "a page")).toThrow(
      "a page is neither a mail nor an mbox",
    );
  });
});

test("readMails reads files and folders", async () => {
  const read = async (path: string): Promise<unknown> => patchsig.readMails(path).next();
  await expect(read("imaps://alice@imap.example.org/lists")).rejects.toMatchObject({
    code: "usage",
  });
  // not the standard input
  expect(await read("-")).toMatchObject({ value: { type: "unread", code: "not-found" } });
});
