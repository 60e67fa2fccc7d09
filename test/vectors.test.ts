/**
 * The vectors that other implementations can use (fixtures/README.md): they are what the script
 * writes, and every route reads them alike: library, program, stock minisign, and the verifier that
 * was written from the specification alone.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { CANONICAL } from "../scripts/vectors/canonical.ts";
import { SIGNED_MAILS, vectorFiles } from "../scripts/vectors/files.ts";
import { KEY } from "../scripts/vectors/series.ts";
import { SETS } from "../scripts/vectors/sets.ts";
import { messages } from "../src/mail/mbox.ts";
import { readRawMail } from "../src/mail/mailinfo.ts";
import { formatPublicKeyText, parsePublicKeyFile } from "../src/minisign/public-key.ts";
import { parseSecretKeyFile, unlockSecretKey } from "../src/minisign/secret-key.ts";
import { attestMail, sha256 } from "../src/patch/attestation.ts";
import { readDiff } from "../src/diff/diff.ts";
import type { Checked } from "../src/verify/result.ts";
import { patchsig, patchsigEach, records, type Run } from "./support/cli.ts";
import { commitsSince, git, newRepository, temporaryFolder } from "./support/repo.ts";
import { check, isGood } from "./support/signing.ts";
import { requireTool } from "./support/tools.ts";

const ROOT = join(import.meta.dirname, "..");
const FIXTURES = join(ROOT, "fixtures");
const FOLDERS = ["canonical", "feed", "result", "review", "series", "sets", "signed"];

const path = (name: string): string => join(FIXTURES, name);
const read = (name: string): Buffer => readFileSync(path(name));
const names = (folder: string, ending: string): string[] =>
  readdirSync(path(folder))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length));

const ATTESTED = names("canonical", ".attestation");
const REFUSED = names("canonical", ".refused");
const SERIES = names("series", ".patch");
const SIGNED = names("signed", ".eml");

test("each mail without an attestation is refused for the reason given in the script", () => {
  const said = Object.fromEntries(REFUSED.map((name) => [name, reasonOf(name)]));
  expect(said).toEqual(Object.fromEntries(CANONICAL.refused.map((v) => [v.name, v.reason])));
});

test("the files are exactly those that the script writes", () => {
  const files = vectorFiles();
  const found = FOLDERS.flatMap((folder) =>
    readdirSync(path(folder)).map((file) => `${folder}/${file}`),
  );
  expect(found.sort()).toEqual([...files.keys()].sort());
  for (const [name, content] of files) expect(read(name).equals(content), name).toBe(true);
});

/** The one mail of a file, as git mailsplit hands it on. */
function mailOf(name: string): Buffer {
  const [mail, ...more] = messages(read(name), { keepCr: true });
  expect(more).toEqual([]);
  return mail!.bytes!;
}

/** What the library says of a mail: its attestation, or the reason why it has none. */
function attested(mail: Buffer): { text: Buffer } | { reason: string } {
  const view = readRawMail(mail);
  if (!view.ok) return { reason: view.refusal.reason };
  const diff = readDiff(view.value.patch, view.value.crs);
  if (!diff.ok) return { reason: diff.refusal.reason };
  const made = attestMail(view.value, diff.value);
  return made.ok ? { text: made.value.text } : { reason: made.refusal.reason };
}

const reasonOf = (name: string): string => read(`canonical/${name}.refused`).toString().trimEnd();

/** Only a mail that is signed fails for these. */
const isOfIdentity = (reason: string): boolean =>
  /^(?:author|subject)-(?:text|address)$/.test(reason);

/** Codes of what the check itself found to be wrong, or worth a look. */
function codes(checked: Pick<Checked, "findings">): string[] {
  const quiet = new Set(["series-unbound", "base-missing"]);
  return checked.findings
    .filter((f) => f.severity !== "info" || f.code === "author-recovered")
    .map((f) => f.code)
    .filter((code) => !quiet.has(code));
}

const verdictOf = (checked: Pick<Checked, "signature" | "changed" | "findings">): string =>
  [
    ["signature:", checked.signature],
    ["changed:", ...checked.changed],
    ["findings:", ...codes(checked)],
  ]
    .map((words) => `${words.join(" ")}\n`)
    .join("");

describe("the library", () => {
  test.each(ATTESTED)("canonical/%s", (name) => {
    const made = attested(mailOf(`canonical/${name}.eml`));
    expect(made).toEqual({ text: read(`canonical/${name}.attestation`) });
    expect(check(mailOf(`canonical/${name}.eml`)).signature).toBe("none");
  });

  test("mails meant to share an attestation do, and no others have that of plain", () => {
    const plain = read("canonical/plain.attestation");
    for (const { name, shows } of CANONICAL.attested) {
      const text = read(`canonical/${name}.attestation`);
      const as = /^as ([\w-]+)/.exec(shows)?.[1];
      if (as !== undefined) expect(text, name).toEqual(read(`canonical/${as}.attestation`));
      else if (name !== "plain") expect(text.equals(plain), name).toBe(false);
    }
    expect(read("canonical/empty-context.attestation")).toEqual(
      read("canonical/blank-context.attestation"),
    );
  });

  test.each(REFUSED)("canonical/%s is refused", (name) => {
    const reason = reasonOf(name);
    expect(attested(mailOf(`canonical/${name}.eml`))).toEqual({ reason });
    // an author or a subject that cannot be signed is no fault of a mail that is not signed
    if (isOfIdentity(reason)) return;
    const checked = check(mailOf(`canonical/${name}.eml`));
    expect(checked.findings.filter((f) => f.severity === "fail").map((f) => f.code)).toEqual([
      reason,
    ]);
  });

  test.each(SERIES)("series/%s is good", (name) => {
    const checked = check(mailOf(`series/${name}.patch`));
    expect(isGood(checked)).toBe(true);
    expect(checked.attestation!.text).toEqual(read(`series/${name}.attestation`));
  });

  test.each(SIGNED)("signed/%s", (name) => {
    const checked = check(mailOf(`signed/${name}.eml`));
    expect(verdictOf(checked)).toBe(read(`signed/${name}.verdict`).toString());
  });
});

describe("the program", () => {
  /** Runs `patchsig attestation` for each file, in one process: 90 starts would take half a minute. */
  const RUNNER = `
    import { writeSync } from "node:fs";
    const [program, ...files] = process.argv.slice(1);
    const { main } = await import(program);
    for (const file of files) {
      process.exitCode = 0;
      await main(["attestation", file]);
      writeSync(1, "exit " + process.exitCode + "\\0");
    }
    process.exitCode = 0;`;

  test("attestation prints the signed text, or refuses", () => {
    const files = [
      ...ATTESTED.map((name) => [`canonical/${name}.eml`, `canonical/${name}.attestation`]),
      ...SERIES.map((name) => [`series/${name}.patch`, `series/${name}.attestation`]),
      ...REFUSED.map((name) => [`canonical/${name}.eml`, null]),
    ] as [string, string | null][];
    const entry = pathToFileURL(join(ROOT, "dist", "src", "cli", "main.js")).href;
    const args = ["--input-type=module", "-e", RUNNER, entry, ...files.map(([file]) => path(file))];
    const run = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 1 << 28 });
    const said = run.stdout.split("\0").slice(0, -1);
    expect(said).toHaveLength(files.length);
    for (const [i, [file, text]] of files.entries()) {
      const expected = text === null ? "exit 3" : `${read(text).toString()}exit 0`;
      expect([file, said[i]]).toEqual([file, expected]);
    }
    // and one as anybody would start it
    const one = patchsig(["attestation", path("canonical/plain.eml")], { home: temporaryFolder() });
    expect(one.stdout).toBe(read("canonical/plain.attestation").toString());
  });

  /** One record a file, by its name. */
  function verified(folder: string): Map<string, Record<string, unknown>> {
    const run = patchsig(["verify", "--json", "--dry-run", path(folder)], {
      home: temporaryFolder(),
    });
    const patches = records(run).filter((record) => record["type"] === "patch");
    return new Map(patches.map((record) => [basename(record["source"] as string), record]));
  }

  test("verify --json reports the unsigned mails as not signed, or refused", () => {
    const said = verified("canonical");
    for (const name of ATTESTED) {
      const record = said.get(`${name}.eml`)!;
      expect([name, record["signature"], record["verdict"]]).toEqual([name, "none", "warn"]);
    }
    for (const name of REFUSED) {
      const findings = said.get(`${name}.eml`)!["findings"] as { code: string }[];
      const expected = isOfIdentity(reasonOf(name)) ? "unsigned" : reasonOf(name);
      expect(findings.map((f) => f.code)).toContain(expected);
    }
  });

  test("verify --json reports the series as complete and sealed", () => {
    const run = patchsig(["verify", "--json", "--dry-run", path("series")], {
      home: temporaryFolder(),
    });
    expect(run.status).toBe(0);
    const series = records(run).filter((record) => record["type"] === "series");
    const id = sha256(read("series/series-id.text")).slice(0, 32);
    expect(series).toMatchObject([{ id, version: 2, total: 3, complete: true, sealed: true }]);
  });

  test.each<[string, string[], object]>([
    [
      "a patch dropped",
      [`series/${SERIES[1]!}.patch`, `series/${SERIES[3]!}.patch`],
      { complete: false, missing: [2], verdict: "warn", findings: [{ code: "series-incomplete" }] },
    ],
    [
      "a patch of another signing",
      ["signed/by-itself.eml", `series/${SERIES[2]!}.patch`, `series/${SERIES[3]!}.patch`],
      { complete: true, verdict: "fail", findings: [{ code: "series-conflict" }] },
    ],
  ])("verify --json sees a series with %s", (_, files, expected) => {
    const run = patchsig(["verify", "--json", "--dry-run", ...files.map(path)], {
      home: temporaryFolder(),
    });
    const patches = records(run).filter((record) => record["type"] === "patch");
    expect(patches.map((record) => record["signature"])).toEqual(files.map(() => "good"));
    const series = records(run).filter((record) => record["type"] === "series");
    expect(series).toMatchObject([{ total: 3, sealed: false, ...expected }]);
  });

  let ofSets: Run[] | null = null;
  test.each(SETS)("verify --json reports of sets/$name: $shows", ({ name, findings, missing }) => {
    ofSets ??= patchsigEach(
      SETS.map((set) => ["verify", "--json", "--dry-run", path(`sets/${set.name}.mbox`)]),
      temporaryFolder(),
    );
    const run = ofSets[SETS.findIndex((set) => set.name === name)]!;
    const patches = records(run).filter((record) => record["type"] === "patch");
    const signed = patches.filter((record) => record["signature"] !== "none");
    expect(signed.map((record) => record["signature"])).toEqual(signed.map(() => "good"));
    const [series] = records(run).filter((record) => record["type"] === "series");
    const said = (series!["findings"] as { code: string }[]).map(({ code }) => code);
    expect([series!["missing"], said]).toEqual([missing, findings]);
    expect(read(`sets/${name}.verdict`).toString()).toBe(
      `${["missing:", ...missing].join(" ")}\n${["findings:", ...findings].join(" ")}\n`,
    );
  });

  test("verify --json has the verdicts of the signed mails", () => {
    const said = verified("signed");
    for (const { name, verdict } of SIGNED_MAILS) {
      const record = said.get(`${name}.eml`)!;
      expect([name, record["signature"]]).toEqual([name, verdict.signature]);
      expect(record["changed"]).toEqual(verdict.changed);
      const found = (record["findings"] as { code: string }[]).map((f) => f.code);
      expect(found, name).toEqual(expect.arrayContaining([...verdict.findings]));
      const rejected = ["signer-not-author", "signer-address"];
      const accepted =
        verdict.signature === "good" && !verdict.findings.some((code) => rejected.includes(code));
      expect([name, record["verdict"] !== "fail"]).toEqual([name, accepted]);
    }
  });
});

describe("the key", () => {
  test("is the script's", () => {
    const secret = unlockSecretKey(parseSecretKeyFile(read("series/alice.key")), Buffer.alloc(0))!;
    expect(formatPublicKeyText(secret.publicKey)).toBe(formatPublicKeyText(KEY.publicKey));
    expect(parsePublicKeyFile(read("series/alice.pub")).key).toEqual(KEY.publicKey);
  });
});

const minisign = requireTool("minisign");

describe.runIf(minisign)("stock minisign", () => {
  test.each(SERIES)("accepts series/%s", (name) => {
    const args = ["-VHm", `${name}.attestation`, "-p", "alice.pub"];
    const said = execFileSync("minisign", args, { cwd: path("series"), encoding: "utf8" });
    expect(said).toMatch(/^Signature and comment signature verified\n/);
  });

  test.each(SERIES)("makes the block of series/%s with that key", (name) => {
    const [untrusted, , trusted] = read(`series/${name}.attestation.minisig`)
      .toString()
      .split("\n")
      .map((line) => line.replace(/^\w+ comment: /, ""));
    const folder = temporaryFolder();
    const file = join(folder, "text");
    writeFileSync(file, read(`series/${name}.attestation`));
    const args = ["-Sm", file, "-s", path("series/alice.key"), "-c", untrusted!, "-t", trusted!];
    execFileSync("minisign", args, { input: "" });
    expect(readFileSync(`${file}.minisig`)).toEqual(read(`series/${name}.attestation.minisig`));
  });

  test("refuses a text that differs", () => {
    const [first, second] = SERIES.map((name) => path(`series/${name}.attestation`));
    const args = ["-VHm", first!, "-x", `${second!}.minisig`, "-p", path("series/alice.pub")];
    expect(spawnSync("minisign", args).status).toBe(1);
  });
});

describe.runIf(minisign)("the verifier written from the spec", () => {
  /** What docs/spec/verify-by-hand.py says of each file. */
  function byHand(files: readonly string[]): Map<string, string> {
    const script = join(ROOT, "docs", "spec", "verify-by-hand.py");
    const run = spawnSync("python3", [script, ...files], { cwd: FIXTURES, encoding: "utf8" });
    expect(run.stderr).toBe("");
    const lines = run.stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(files.length);
    return new Map(lines.map((line) => line.split(/: (.*)/, 2) as [string, string]));
  }

  test("computes the same attestations, and none for a refused mail", () => {
    const said = byHand([...ATTESTED, ...REFUSED].map((name) => `canonical/${name}.eml`));
    let same = 0;
    for (const name of ATTESTED) {
      const text = said.get(`canonical/${name}.eml`)!;
      if (text.startsWith("refused: ")) continue;
      const digest = sha256(read(`canonical/${name}.attestation`));
      expect(text, name).toBe(`not signed, attestation ${digest}`);
      same++;
    }
    // it may refuse more, but one that refused everything would show nothing
    expect(same).toBeGreaterThan(20);
    for (const name of REFUSED)
      expect(said.get(`canonical/${name}.eml`), name).toMatch(/^refused: /);
  });

  test("accepts the series", () => {
    const said = byHand(SERIES.map((name) => `series/${name}.patch`));
    const key = formatPublicKeyText(KEY.publicKey);
    for (const text of said.values())
      expect(text).toContain(`good, signed by alice@example.org with ${key}, v2 `);
  });

  test("accepts each patch of a set", () => {
    const mails = SETS.flatMap(({ mail }) => messages(mail).map(({ bytes }) => bytes!));
    const folder = temporaryFolder();
    const files = mails.map((mail, i) => {
      writeFileSync(join(folder, `${i}.eml`), mail);
      return join(folder, `${i}.eml`);
    });
    for (const [file, text] of byHand(files))
      expect([file, text]).toEqual([file, expect.stringMatching(/^(?:good|not signed), /)]);
  });

  test("accepts only signed mails that patchsig accepts, and calls no good one bad", () => {
    const said = byHand(SIGNED_MAILS.map(({ name }) => `signed/${name}.eml`));
    const verdicts = SIGNED_MAILS.map(({ name }) => {
      const byPage = said.get(`signed/${name}.eml`)!.split(/[:,]/, 1)[0]!;
      const checked = check(mailOf(`signed/${name}.eml`));
      // the illustration knows no sender but the author
      const fails = checked.findings.some(({ code }) => /^signer-(?:address|not-)/.test(code));
      return { name, byPage, ours: isGood(checked) && !fails ? "good" : "not good" };
    });
    const read = verdicts.filter(({ byPage }) => /^(?:not )?good$/.test(byPage));
    expect(read.filter(({ byPage, ours }) => byPage !== ours)).toEqual([]);
    expect(read.filter(({ byPage }) => byPage === "good").length).toBeGreaterThan(15);
    expect(read.filter(({ byPage }) => byPage === "not good").length).toBeGreaterThan(25);
  });
});

test("stock git applies the series to its named base", () => {
  const repository = newRepository(join(temporaryFolder(), "hello"));
  const date = "2026-11-23T12:00:00Z";
  writeFileSync(join(repository, "hello.txt"), "one\ntwo\nthree\n");
  git(repository, ["add", "hello.txt"]);
  execFileSync("git", ["commit", "-qm", "hello: count to three"], {
    cwd: repository,
    env: {
      ...process.env,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
      GIT_COMMITTER_NAME: "Alice",
      GIT_COMMITTER_EMAIL: "alice@example.org",
    },
  });
  const base = git(repository, ["rev-parse", "HEAD"]).toString().trim();
  expect(read("series/series-id.text").toString()).toContain(`base: ${base}\n`);
  git(repository, ["am", "-q", ...SERIES.slice(1).map((name) => path(`series/${name}.patch`))]);
  expect(commitsSince(repository, base)).toHaveLength(3);
});
