/** Held against patatt itself, and against what git reads. */

import { SEED } from "../support/seed.ts";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAX_SIGNATURES } from "../../src/devsig/claim.ts";
import { openJudge } from "../mail/judge.ts";
import { LONG } from "../support/long.ts";
import { mutate } from "../support/mutate.ts";
import { randomOf, withBody, withHeaders } from "../support/reshape.ts";
import { BARE, HONEST, PLAIN } from "./mails.ts";
import {
  type Algorithm,
  BOB,
  closeHome,
  HAS_GPG,
  HAS_PATATT,
  HAS_SSH,
  type Home,
  makeKey,
  newHome,
  outcomes,
  patattSays,
  sign,
  weSay,
} from "./patatt.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const text = (mail: Buffer): string => mail.toString("latin1");

const HAS: Readonly<Record<Algorithm, boolean>> = {
  ed25519: HAS_PATATT,
  openssh: HAS_PATATT && HAS_SSH,
  openpgp: HAS_PATATT && HAS_GPG,
};

describe.each(["ed25519", "openssh", "openpgp"] as const)("%s", (algorithm) => {
  let home: Home;
  let key: string;
  beforeAll(() => {
    home = newHome(mkdtempSync(join(tmpdir(), "patchsig-devsig-")));
    if (HAS[algorithm]) key = makeKey(home, algorithm);
  });
  afterAll(() => {
    closeHome(home);
    rmSync(home.folder, { recursive: true, force: true });
  });

  /** The first signature of each, as patatt and as we see it. */
  const both = (mails: readonly Buffer[]): string[] => {
    const theirs = patattSays(home, mails);
    return mails.map((mail, i) =>
      [theirs[i]!, outcomes(weSay(home.keyring, mail))].map(String).join(" "),
    );
  };

  test.runIf(HAS[algorithm])(
    "patatt's signature is good if git reads exactly what patatt signed",
    () => {
      const names = Object.keys(HONEST);
      const signed = sign(
        home,
        key,
        names.map((name) => bytes(HONEST[name]![0])),
      );
      const said = both(signed);
      for (const [i, name] of names.entries())
        expect([name, said[i]]).toEqual([name, `good ${HONEST[name]![1]}`]);
      const place = join(home.keyring, algorithm, "example.org", "bob", "main");
      const good = { outcome: "good", identity: BOB, algorithm, detail: place };
      const ring = { identity: BOB, fromMail: false };
      expect(weSay(home.keyring, signed[0]!)).toMatchObject([{ ...good, key: ring }]);
    },
  );

  test.runIf(HAS[algorithm])("not good without a key", () => {
    const [mail] = sign(home, key, [bytes(PLAIN)]);
    const empty = join(home.folder, "empty");
    mkdirSync(empty, { recursive: true });
    const without = bytes(text(mail!).replace("X-Developer-Key", "X-Other"));
    expect(weSay(empty, without)).toEqual([
      {
        outcome: "unknown-key",
        identity: "bob@example.org",
        algorithm,
        detail: `${algorithm}/example.org/bob/main`,
      },
    ]);
  });

  test.runIf(HAS[algorithm])("not good after a change", () => {
    const [mail] = sign(home, key, [bytes(PLAIN)]);
    const honest = text(mail!);
    const changed = [
      honest.replace("+TWO", "+too"),
      honest.replace("too quiet", "too loud"),
      honest.replace("From: Bob", "From: Bobby"),
      honest.replace("song: louder", "song: softer"),
      honest.replace(" 1 file changed", " 2 files changed"),
      honest.replace("v=1; ", "v=1;  x=1; "),
      honest.replace(/(\bbh=)./, "$1A"),
      honest.replace(/\bs=main/, "s=other"),
      withBody(honest, (body) => `Subject: other\n\n${body}`),
      `${honest}diff --git a/b b/b\n`,
    ];
    for (const [i, said] of both(changed.map(bytes)).entries())
      expect([i, said.split(" ").includes("good")]).toEqual([i, false]);
  });
});

describe("if git reads more than patatt signed", () => {
  let home: Home;
  const signed = (mail: string): string => text(sign(home, "ed25519:main", [bytes(mail)])[0]!);
  beforeAll(() => {
    home = newHome(mkdtempSync(join(tmpdir(), "patchsig-devsig-")));
    if (HAS_PATATT) makeKey(home, "ed25519");
  });
  afterAll(() => rmSync(home.folder, { recursive: true, force: true }));

  /** A change after signing that patatt does not notice. */
  const unnoticed: Readonly<
    Record<string, readonly [mail: string, change: (mail: string) => string, detail: RegExp]>
  > = {
    "a subject in two layers of words": [
      PLAIN,
      (mail) => mail.replace("song: louder", "=?utf-8?q?=3D=3Futf-8=3Fq=3Fsong=3A_louder=3F=3D?="),
      /words in subject/,
    ],
    "a CR within the diff": [
      PLAIN,
      (mail) =>
        withHeaders(mail, "Content-Transfer-Encoding: quoted-printable\n")
          .replace("+TWO", "+TWO=0D")
          .replaceAll(/=(?!0D)/g, (c) => c),
      /carriage returns/,
    ],
    "a vertical tab in the author": [
      PLAIN.replace("From: Bob", "From: Bob B"),
      (mail) => mail.replace("From: Bob B", "From: Bob\vB"),
      /form feed|white space/,
    ],
    "a charset taken away": [
      HONEST["latin 1"]![0],
      (mail) => mail.replace("charset=ISO-8859-1", "format=fixed"),
      /charset/,
    ],
    "no line end after the diff": [BARE, (mail) => mail.replace(/\n$/, ""), /the diff is refused/],
    "an empty context line at the end": [
      BARE.replace("@@ -1,3 +1,3 @@", "@@ -1,4 +1,4 @@"),
      (mail) => `${mail}\n`,
      /empty lines/,
    ],
  };

  test.runIf(HAS_PATATT).each(Object.entries(unnoticed))("%s", (_, [mail, change, detail]) => {
    const changed = bytes(change(signed(mail)));
    expect(patattSays(home, [changed])).toEqual([["good"]]);
    const [result, ...more] = weSay(home.keyring, changed)!;
    expect(more).toEqual([]);
    expect(result).toMatchObject({ outcome: "unsupported" });
    expect(result!.detail).toMatch(detail);
  });

  test.runIf(HAS_PATATT)("a diff moved from the patch into the message", () => {
    // with format=flowed, git unstuffs the blank only after it has looked for the diff
    const flowed = (mail: string): string =>
      withHeaders(
        mail,
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8; format=flowed\n",
      );
    const mail = signed(BARE.replace(/---\n song[^]*?\n\n/, ""));
    const changed = bytes(
      flowed(mail).replace("\ndiff --git", "\n diff --git").replace("\n--- a", "\n --- a"),
    );
    const said = outcomes(weSay(home.keyring, changed));
    expect(said).not.toContain("good");
  });

  test.runIf(HAS_PATATT)("a list's footer is not read, unless git reads it", () => {
    const footer = "_____\nsong mailing list -- song@lists.example.org\n";
    const [mail, bare] = [signed(PLAIN), signed(BARE)];
    const cover = signed(BARE.replace(/---\n[^]*/, ""));
    const footed = [mail + footer, bare + footer].map(bytes);
    expect(patattSays(home, footed, { trim: true })).toEqual([["good"], ["good"]]);
    expect(footed.map((one) => outcomes(weSay(home.keyring, one)))).toEqual([["good"], ["good"]]);
    const read = [
      `${bare}\\ No newline at end of file\n`,
      `${bare}@@ -9,1 +9,1 @@\n-x\n+y\n`,
      `${mail}diff --git a/x b/x\nnew file mode 100644\n`,
      `${cover}${footer}`,
      `${bare.trimEnd()} and more\n`,
      `${cover}---\n${footer}`,
    ].map(bytes);
    for (const words of patattSays(home, read.slice(0, 4), { trim: true }))
      expect(words).toContain("good");
    for (const one of read) expect(outcomes(weSay(home.keyring, one))).not.toContain("good");
    const shorter = `${mail}${footer}`.replace(/\bl=\d+/, (tag) => `${tag}0`);
    expect(outcomes(weSay(home.keyring, bytes(shorter)))).toEqual(["bad"]);
  });

  test.runIf(HAS_PATATT)("a diff that is refused", () => {
    const mail = signed(PLAIN.replace("b/song.txt\nindex", "b/../song.txt\nindex"));
    expect(patattSays(home, [bytes(mail)])).toEqual([["good"]]);
    expect(weSay(home.keyring, bytes(mail))).toMatchObject([
      { outcome: "unsupported", detail: "the diff is refused" },
    ]);
  });

  test.runIf(HAS_PATATT)("several signatures", () => {
    const mail = signed(PLAIN);
    const header = /^X-Developer-Signature:.*\n(?: .*\n)+/m.exec(mail)![0];
    const twice = bytes(withHeaders(mail, header));
    expect(outcomes(weSay(home.keyring, twice))).toEqual(["good", "unsupported"]);
    const other = bytes(withHeaders(mail, header.replace("i=bob@", "i=eve@")));
    expect(outcomes(weSay(home.keyring, other))).toEqual(["good", "unknown-key"]);
    expect(patattSays(home, [other])).toEqual([["good", "unknown-key"]]);
    const many = bytes(withHeaders(mail, header.repeat(MAX_SIGNATURES)));
    expect(outcomes(weSay(home.keyring, many))).toEqual(["unsupported"]);
    // patatt takes the first of an address, whatever is wrong with it
    const cut = header.replace(/ b=[^]*/, "");
    const beside = ["X-Developer-Signature: v=1\n", cut, header.replace("v=1", "v=2")].map(
      (other) => bytes(mail.replace(header, () => other + header)),
    );
    for (const words of patattSays(home, beside)) expect(words).not.toContain("good");
    expect(beside.map((one) => outcomes(weSay(home.keyring, one)))).toEqual([
      ["bad", "unsupported"],
      ["bad", "unsupported"],
      ["unsupported", "unsupported"],
    ]);
  });

  test.runIf(HAS_PATATT)("without i= it is the From address's", () => {
    // an older patatt did so: the identity is not in the header that is signed
    const mail = signed(PLAIN);
    const results = weSay(home.keyring, bytes(mail.replace(" i=bob@example.org;", "")))!;
    expect(results).toMatchObject([{ outcome: "bad", identity: "bob@example.org" }]);
    const odd = mail
      .replace(" i=bob@example.org;", "")
      .replace("From: Bob <bob", 'From: "Bob <bob@example.org>" <eve');
    expect(weSay(home.keyring, bytes(odd))).toMatchObject([{ identity: "" }]);
  });

  const FUZZ = Number(process.env["FUZZ"] ?? (LONG ? 600 : 100));
  test.runIf(HAS_PATATT)(`${FUZZ} changed mails from seed ${SEED}`, { timeout: 0 }, () => {
    const pool = sign(
      home,
      "ed25519:main",
      Object.values(HONEST).map(([mail]) => bytes(mail)),
    );
    const judge = openJudge();
    const strip = (patch: Buffer): string => text(patch).replace(/\n+$/, "");
    /** Author, title, message and patch by git itself. */
    const readings = (mail: Buffer): string => {
      const read = judge.read(Buffer.from(text(mail).replaceAll("\r\n", "\n"), "latin1"))!;
      const info = text(read.info).replace(/^Date: .*\n/m, "");
      return [info, strip(read.message), strip(read.patch)].join("\0");
    };
    const honest = new Set(pool.map(readings));
    const good: { seed: number; mail: Buffer }[] = [];
    for (let seed = SEED; seed < SEED + FUZZ; seed++) {
      const mail = mutate(pool, randomOf(seed));
      if (outcomes(weSay(home.keyring, mail)).includes("good")) good.push({ seed, mail });
    }
    const mails = good.map(({ mail }) => mail);
    const theirs = patattSays(home, mails, { trim: true });
    for (const [i, { seed, mail }] of good.entries()) {
      const words = theirs[i]!;
      const said = words.includes("good") ? "good" : `${String(words)}\n${text(mail)}`;
      expect(`seed ${seed}: ${said}`).toBe(`seed ${seed}: good`);
      const reading = readings(mail);
      // what follows a diff is a footer
      const isHonest = [...honest].some((one) => `${reading}\n`.startsWith(`${one}\n`));
      if (!isHonest) expect.fail(`seed ${seed}: git reads ${readings(mail)}`);
    }
    judge.close();
    // one that never gets past the signature tests nothing
    expect(good.length).toBeGreaterThan(FUZZ / 50);
    process.stdout.write(`devsig: ${FUZZ} mails from seed ${SEED}: ${good.length} good\n`);
  });
});

/** Debian's package brings them; the keys are in the headers. */
const SAMPLES = "/usr/share/doc/patatt/samples";

test.runIf(HAS_PATATT && existsSync(SAMPLES))("patatt's own samples", () => {
  const home = newHome(mkdtempSync(join(tmpdir(), "patchsig-devsig-")));
  const read = (name: string): string => readFileSync(join(SAMPLES, `${name}.txt`), "latin1");
  const put = (path: string, key: string): void => {
    mkdirSync(join(home.keyring, path, ".."), { recursive: true });
    writeFileSync(join(home.keyring, path), key);
  };
  const mails = ["ed25519-signed", "openssh-signed", "pgp-signed", "unsigned"].map(read);
  put("ed25519/kernel.org/mricon/20210505", /pk=(\S+)/.exec(mails[0]!)![1]!);
  const ssh = Buffer.from(/\bb=([^]*?)\nX-/.exec(mails[1]!)![1]!.replace(/\s/g, ""), "base64");
  const blob = ssh.subarray(14, 14 + ssh.readUInt32BE(10)).toString("base64");
  put("openssh/linuxfoundation.org/konstantin/20211115", `ssh-ed25519 ${blob}`);
  const all = [...mails, ...mails.map((mail) => mail.replace("attested world", "other world"))];
  const theirs = patattSays(home, all.map(bytes));
  const ours = all.map((mail) => outcomes(weSay(home.keyring, bytes(mail))));
  rmSync(home.folder, { recursive: true });
  const expected = ["good", "good", "unknown-key", "none", "bad", "bad", "bad", "none"];
  expect(theirs.map(String)).toEqual(expected);
  // without a key nothing is said of the text
  expect(ours.flat()).toEqual(["good", "good", "unknown-key", "bad", "bad", "unknown-key"]);
});
