/** What the documents say is what the program and the fixtures are. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { KEY } from "../scripts/vectors/series.ts";
import { formatKeyId, formatPublicKeyText } from "../src/minisign/public-key.ts";
import { parseSecretKeyFile, type SecretKey, unlockSecretKey } from "../src/minisign/secret-key.ts";
import { parseSignature } from "../src/minisign/signature.ts";

const ROOT = join(import.meta.dirname, "..");
const text = (...path: string[]): string => readFileSync(join(ROOT, ...path), "utf8");
const series = (name: string): string => text("fixtures", "series", name);
const FIRST = "v2-0001-hello-shout-two";

/** The rows of a page's worked key. */
function workedKey(page: string): Record<string, string> {
  const worked = /^### Worked key\n([^]*?)(?:\n## |$(?![^]))/m.exec(page)![1]!;
  const rows = new Map<string, string>();
  let last = "";
  for (const [, name, value] of worked.matchAll(/^ {4}(.{18})(\S+)$/gm)) {
    last = name!.trim() || last;
    rows.set(last, (rows.get(last) ?? "") + value!);
  }
  return Object.fromEntries(rows);
}

function keyRows(key: SecretKey): Record<string, string> {
  const { keyNumber, point } = key.publicKey;
  return {
    seed: key.exposeSeed().toString("hex"),
    "key number": keyNumber.toString("hex"),
    "public point": point.toString("hex"),
    "public key": formatPublicKeyText(key.publicKey),
    "key ID": formatKeyId(keyNumber),
  };
}

describe("docs/spec/patch-signature.md", () => {
  const page = text("docs", "spec", "patch-signature.md");
  const fenced = [...page.matchAll(/^```\n([^]*?)^```$/gm)].map((match) => match[1]);

  test("the example is the fixture, byte for byte", () => {
    expect(fenced).toEqual([
      series(`${FIRST}.patch`),
      series(`${FIRST}.attestation`),
      series("series-id.text"),
    ]);
  });

  test("the key is the fixtures' key, and makes the signature of the example", () => {
    const signature = parseSignature(Buffer.from(series(`${FIRST}.attestation.minisig`)));
    const prehash = createHash("blake2b512").update(series(`${FIRST}.attestation`));
    expect(workedKey(page)).toEqual({
      ...keyRows(KEY),
      prehash: prehash.digest("hex"),
      signature: signature.signature.toString("hex"),
      "global signature": signature.globalSignature.toString("hex"),
    });
  });

  test("the block has the stated length, below 560 bytes", () => {
    const block = series(`${FIRST}.attestation.minisig`);
    const size = block.length - "alice@example.org".length + 32;
    expect(page)
      .toContain(`With an address of 32 characters, a base and a number below ten the block is
${size} bytes.`);
    expect(size).toBeLessThan(560);
  });

  test("verify-by-hand.py has the stated length", () => {
    const lines = text("docs", "spec", "verify-by-hand.py").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(160);
  });
});

describe("docs/spec/review.md", () => {
  const page = text("docs", "spec", "review.md");
  const review = (name: string): string => text("fixtures", "review", name);

  test("the example is the fixture, byte for byte", () => {
    const fenced = [...page.matchAll(/^```\n([^]*?)^```$/gm)].map((match) => match[1]);
    expect(fenced).toEqual([review("reviewed.eml")]);
    expect(review("reviewed.eml")).toContain(
      `${review("reviewed.text")}\n${review("reviewed.text.minisig")}`,
    );
  });

  test("the key is the fixtures' key, and makes the signature of the example", () => {
    const signature = parseSignature(Buffer.from(review("reviewed.text.minisig")));
    const key = unlockSecretKey(
      parseSecretKeyFile(Buffer.from(review("bob.key"))),
      Buffer.alloc(0),
    )!;
    const prehash = createHash("blake2b512").update(review("reviewed.text"));
    expect(workedKey(page)).toEqual({
      ...keyRows(key),
      prehash: prehash.digest("hex"),
      signature: signature.signature.toString("hex"),
      "global signature": signature.globalSignature.toString("hex"),
    });
  });

  test("the digests of the example are made as it says", () => {
    const attestation = review("v2-0001-hello-shout-two.attestation");
    expect(attestation).toBe(series(`${FIRST}.attestation`));
    const lines = attestation.split("\n");
    const digest = createHash("sha256").update(`${lines[2]}\n${lines[3]}\n`).digest("hex");
    expect(review("reviewed.text")).toContain(`patch: 1/3 ${digest} ${lines[4]!.slice(6)}\n`);
  });

  test("review-by-hand.py is short", () => {
    const lines = text("docs", "spec", "review-by-hand.py").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(100);
  });
});

test("every link between files has a target", () => {
  const folders = ["docs", "fixtures", "keyring"];
  const pages = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name)),
  );
  let links = 0;
  for (const page of pages) {
    for (const [, target] of text(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!) || target!.startsWith("#")) continue;
      const path = join(ROOT, dirname(page), target!.split("#", 1)[0]!);
      expect(existsSync(path), `${page}: ${target}`).toBe(true);
      links++;
    }
  }
  expect(links).toBeGreaterThan(10);
});
