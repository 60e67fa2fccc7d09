/** `patchsig verify` beside X-Developer-Signature headers: said, and never counted. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BOB, HAS_PATATT, type Home, makeKey, newHome, sign } from "../devsig/patatt.ts";
import { PLAIN } from "../devsig/mails.ts";
import { patchsig, records } from "../support/cli.ts";
import { signMails } from "../support/signing.ts";

let home: Home;
/** Signed by both, by patatt alone; the first with a change that only patatt's header covers. */
let files: Record<"both" | "alone" | "changed" | "unclaimed" | "mangled", string>;

beforeAll(() => {
  home = newHome(mkdtempSync(join(tmpdir(), "patchsig-devsig-cli-")));
  if (!HAS_PATATT) return;
  const key = makeKey(home, "ed25519");
  const plain = Buffer.from(PLAIN);
  const ours = signMails([plain], { by: BOB })[0]!;
  const [both, alone] = sign(home, key, [ours, plain]) as [Buffer, Buffer];
  const file = (name: string, mail: Buffer | string): string => {
    writeFileSync(join(home.folder, name), mail);
    return join(home.folder, name);
  };
  files = {
    both: file("both.eml", both),
    alone: file("alone.eml", alone),
    changed: file("changed.eml", both.toString().replace("2 +-", "2 -+")),
    unclaimed: file(
      "unclaimed.eml",
      both
        .toString()
        .replace("2 +-", "2 -+")
        .replace(/^X-Developer-Sig/m, "X-Other-Sig"),
    ),
    mangled: file("mangled.eml", both.toString().replace("bob@example.org; s", "\x1b[2Jb@x; s")),
  };
});
afterAll(() => rmSync(home.folder, { recursive: true, force: true }));

function verify(file: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  return patchsig(["verify", "--dry-run", ...args, file], { home: home.folder, env });
}

function record(file: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const found = records(verify(file, ["--json", ...args], env)).find((r) => r["type"] === "patch")!;
  const findings = found["findings"] as { code: string; severity: string; message: string }[];
  return { ...found, codes: findings.map((f) => f.code), findings };
}

const KEYS = (): string[] => ["--dev-keyring", home.keyring];
const config = (...folders: string[]): Record<string, string> => ({
  GIT_CONFIG_COUNT: String(folders.length),
  ...Object.fromEntries(
    folders.flatMap((folder, i) => [
      [`GIT_CONFIG_KEY_${i}`, "patchsig.devKeyring"],
      [`GIT_CONFIG_VALUE_${i}`, folder],
    ]),
  ),
});

test.runIf(HAS_PATATT)("without a key, with a keyring from an option, and from git config", () => {
  const place = join(home.keyring, "ed25519/example.org/bob/main");
  const said = (args: readonly string[], env: Record<string, string>): object =>
    record(files.both, args, env).findings.find((f) => f.code.startsWith("devsig-"))!;
  expect(said([], {})).toEqual({
    code: "devsig-first-use",
    severity: "info",
    message: `X-Developer-Signature of ${BOB}: good (ed25519, first use of the key)`,
    hint: "",
  });
  const good = {
    code: "devsig-good",
    severity: "info",
    message: `X-Developer-Signature of ${BOB}: good (ed25519, key from ${place})`,
    hint: "",
  };
  expect(said(KEYS(), {})).toEqual(good);
  expect(said([], config(home.gnupg, home.keyring))).toEqual(good);
  expect(said(["--dev-keyring", home.gnupg, ...KEYS()], {})).toEqual(good);
  const shown = verify(files.both, KEYS()).stdout.replace(/\s/g, "");
  expect(shown).toContain(good.message.replaceAll(" ", ""));
});

test.runIf(HAS_PATATT)("a good one is not the signature that a policy requires", () => {
  const found = record(files.alone, KEYS());
  expect(found.codes).toEqual(["devsig-good", "unsigned"]);
  expect(found).toMatchObject({ signature: "none", trust: null, signer: null, verdict: "warn" });
  expect(verify(files.alone, ["--require=signature", ...KEYS()]).status).toBe(1);
  // the series stays one line
  expect(verify(files.alone).stdout).not.toContain("X-Developer-Signature");
});

test.runIf(HAS_PATATT)("a bad one is a warning, and changes nothing else in the record", () => {
  const { findings: _, codes, ...rest } = record(files.changed, KEYS());
  expect(codes).toContain("devsig-bad");
  const { findings: _w, codes: without, ...same } = record(files.unclaimed);
  expect(without).not.toContain("devsig-bad");
  expect({ ...rest, verdict: "pass", source: "" }).toEqual({ ...same, source: "" });
  expect([same, rest]).toMatchObject([
    { signature: "good", verdict: "pass" },
    { signature: "good", verdict: "warn" },
  ]);
  expect(verify(files.changed, KEYS()).status).toBe(0);
});

test.runIf(HAS_PATATT)("text from the header is escaped", () => {
  expect(record(files.mangled).codes).toContain("devsig-bad");
  expect(verify(files.mangled).stdout).not.toContain("\x1b[2J");
});

test("a missing keyring folder", () => {
  const run = verify("-", ["--dev-keyring", join(home.folder, "none")]);
  expect(run.status).toBe(3);
  expect(run.stderr).toContain("no keyring folder");
});

test.runIf(HAS_PATATT)(
  "patatt's key signs patches here, and is pinned from patatt's keyring",
  () => {
    const own = mkdtempSync(join(tmpdir(), "patchsig-moving-"));
    const secret = join(home.folder, "patatt", "private", "main.key");
    try {
      const made = patchsig(["key", "import", "-W", "--patatt", secret], { home: own });
      expect(made.status, made.stderr).toBe(0);
      const key = made.stdout.trim();
      const args = ["trust", "import", "--patatt", home.keyring];
      expect(patchsig(args, { home: own })).toMatchObject({
        status: 0,
        stdout: `${BOB}\npinned     ${key}\n`,
      });
      expect(patchsig(["trust", "diff", "--patatt", home.keyring], { home: own }).status).toBe(0);
      const mail = join(own, "one.eml");
      writeFileSync(mail, PLAIN);
      const env = { GIT_COMMITTER_EMAIL: BOB, GIT_AUTHOR_EMAIL: BOB };
      const signed = patchsig(["sign", mail], { home: own, env });
      expect(signed.status, signed.stderr).toBe(0);
      const run = patchsig(["verify", "--require", "pinned", "--json", mail], { home: own });
      expect(run.status, run.stderr + run.stdout).toBe(0);
      expect(records(run).find((r) => r["type"] === "patch")).toMatchObject({ signer: BOB });
      const asked = patchsig(["trust", "import", home.keyring], { home: own });
      expect(asked).toMatchObject({ status: 3 });
      expect(asked.stderr).toContain("hint: --patatt if it is patatt's");
      const other = patchsig(["key", "import", "-W", "--patatt", mail], { home: own });
      expect(other.stderr).toContain("exists");
      writeFileSync(mail, "no key", { mode: 0o600 });
      const lax = patchsig(["key", "import", "-W", "--force", "--patatt", mail], { home: own });
      expect(lax.stderr).toContain(mail);
      expect(lax.status).toBe(3);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  },
);
