import { existsSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { displayWidth } from "../../src/report/escape.ts";
import { sightingDigest } from "../../src/trust/sighting.ts";
import { sightingOf } from "../store/support.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { expectError, expectStatus } from "./support.ts";

const ALICE = "alice@example.org";
const K1 = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
const K2 = "RWQs9AaSMMQG7t6jJ6SupxrJDW3HChgqKZaWvzzwWu8vaTih7GrQo+y8";
const MARCH = Date.UTC(2026, 2, 14) / 1000;

let home: string;
let file: string;
beforeEach(() => {
  home = newFolder();
  file = path.join(home, "patchsig", "trust.db");
});

function remember(work: (trust: TrustStore) => void): void {
  const trust = openTrustStore({ file });
  work(trust);
  trust.close();
}

/** Alice's key, patches of hers without one, and another key that posed as hers. */
function story(): void {
  remember((trust) => {
    judgeSighting(trust, sightingOf(K1, "one", { at: MARCH }));
    for (const text of ["two", "three"])
      judgeSighting(trust, sightingOf(K1, text, { at: MARCH + 86_400 }));
    trust.countApplied(ALICE, K1, 2);
    judgeSighting(trust, sightingOf(K2, "four", { at: MARCH + 86_400 }));
    for (const text of ["x", "y"])
      trust.countUnsigned(ALICE, sightingDigest(ALICE, null, text), MARCH);
  });
}

const trust = (...args: string[]): Run => patchsig(["trust", ...args], { home });
const run = (...args: string[]): string => expectStatus(trust(...args), 0).stdout;
const json = (...args: string[]): unknown[] => records(expectStatus(trust(...args, "--json"), 0));

describe("trust list", () => {
  test("of an empty database says what fills it, and creates no file", () => {
    const { stdout, stderr } = expectStatus(trust("list"), 0);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^no keys yet: .*verify.*\n$/);
    expect(trust("list", "--json")).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(existsSync(path.dirname(file))).toBe(false);
  });

  test("is aligned, and no wider than 80 columns", () => {
    story();
    const long = `${"a".repeat(64)}@example.org`;
    remember((trust) => {
      judgeSighting(trust, sightingOf(K1, "one", { identity: long, at: MARCH }));
      judgeSighting(trust, sightingOf(K2, "one", { identity: "b@x.org", at: MARCH }));
    });
    expect(run("list")).toBe(
      [
        long,
        "                   first-use  since 2026-03-14  1 patch",
        "alice@example.org  known      since 2026-03-14  3 patches",
        "b@x.org            first-use  since 2026-03-14  1 patch",
        "",
      ].join("\n"),
    );
  });

  test("--json", () => {
    story();
    expect(json("list")).toEqual([
      expect.objectContaining({
        type: "key",
        identity: ALICE,
        publicKey: K1,
        state: "known",
        firstSeen: MARCH,
        patches: 3,
        applied: 2,
      }),
    ]);
  });
});

describe("trust show", () => {
  test("shows the key, the other key that claimed to be hers, and how to accept it", () => {
    story();
    expect(run("show", "Alice@Example.org")).toBe(
      [
        "alice@example.org",
        `known      ${K1}`,
        "           since 2026-03-14, last 2026-03-15, 3 patches, 2 applied",
        "           first in one@example.org",
        "           on git.vger.kernel.org",
        `CHANGED    ${K2}`,
        "           seen 2026-03-15, not accepted",
        "           in four@example.org",
        "           if its owner confirms it: git patchsig trust accept \\",
        "             alice@example.org \\",
        `             ${K2}`,
        "2 unsigned patches from this address since 2026-03-14",
        "",
      ].join("\n"),
    );
  });

  test("text from a mail cannot move the cursor, nor widen a line", () => {
    remember((trust) => {
      const messageId = `\x1b[2J\n\u202e${"\u674e".repeat(100)}`;
      judgeSighting(trust, sightingOf(K1, "one", { messageId, list: "a\rb" }));
    });
    const out = run("show", ALICE);
    expect(out).toContain("first in \\x1b[2J\\x0a\\u202e\u674e");
    expect(out).toContain("on a\\x0db");
    expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    for (const line of out.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(80);
  });

  test("--json", () => {
    story();
    expect(json("show", ALICE)).toMatchObject([
      { type: "key", publicKey: K1 },
      { type: "changed-key", publicKey: K2, messageId: "four@example.org" },
      { type: "unsigned", patches: 2 },
      { type: "event", kind: "first-use" },
      { type: "event", kind: "confirm" },
      { type: "event", kind: "changed" },
    ]);
  });

  test("of an unknown address", () => {
    story();
    expectError(trust("show", "bob@example.org"), 1, "nothing is known about bob@example.org");
    expectError(
      trust("show", "Bob <bob@example.org>"),
      2,
      "is not a mail address that can have a key",
    );
  });
});

describe("trust accept", () => {
  test("pins the key, and names the key it replaced", () => {
    story();
    expect(run("accept", ALICE, K2)).toBe(
      [
        "alice@example.org",
        `pinned     ${K2}`,
        `replaced   ${K1}`,
        "           known since 2026-03-14, 3 patches",
        "",
      ].join("\n"),
    );
    const out = run("show", ALICE);
    expect(out).toContain(`replaced   ${K1}`);
    expect(out).toContain(`pinned     ${K2}`);
    expect(out).not.toContain("CHANGED");
  });

  test("--json", () => {
    story();
    expect(json("accept", ALICE, K2)).toMatchObject([
      { type: "key", publicKey: K2, state: "pinned" },
      { type: "key", publicKey: K1, state: "replaced" },
    ]);
  });

  test("refuses anything that is not a key", () => {
    expectError(trust("accept", ALICE, "RWQs9AaSMMQG7"), 3, "that is not a complete public key");
  });
});
