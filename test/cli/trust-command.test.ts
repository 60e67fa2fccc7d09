import { existsSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { displayWidth } from "../../src/report/escape.ts";
import { sightingDigest } from "../../src/trust/sighting.ts";
import { sightingOf, temporaryDirectory } from "../store/support.ts";

const written = vi.hoisted(() => ({ out: "", note: "" }));
vi.mock("../../src/cli/terminal.ts", () => ({
  out: (lines: string | string[]) => void (written.out += [lines, ""].flat().join("\n")),
  note: (lines: string | string[]) => void (written.note += [lines, ""].flat().join("\n")),
  say: (line: string) => void (written.note += `${line}\n`),
}));
const { runCommand } = await import("../../src/cli/run-command.ts");
const { trustCommand } = await import("../../src/cli/commands/trust.ts");

const ALICE = "alice@example.org";
const K1 = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
const K2 = "RWQs9AaSMMQG7t6jJ6SupxrJDW3HChgqKZaWvzzwWu8vaTih7GrQo+y8";
const MARCH = Date.UTC(2026, 2, 14) / 1000;

let file: string;
beforeEach(() => {
  const data = temporaryDirectory();
  process.env["XDG_DATA_HOME"] = data;
  file = path.join(data, "patchsig", "trust.db");
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

async function run(...args: string[]): Promise<{ out: string; note: string }> {
  Object.assign(written, { out: "", note: "" });
  await runCommand(trustCommand, "trust", args);
  return { ...written };
}

function records(text: string): unknown[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

describe("trust list", () => {
  test("of an empty database says what fills it, and creates no file", async () => {
    const { out, note } = await run("list");
    expect(out).toBe("");
    expect(note).toMatch(/^no keys yet: .*verify.*\n$/);
    expect(await run("list", "--json")).toEqual({ out: "", note: "" });
    expect(existsSync(path.dirname(file))).toBe(false);
  });

  test("is aligned, and no wider than 80 columns", async () => {
    story();
    const long = `${"a".repeat(64)}@example.org`;
    remember((trust) => {
      judgeSighting(trust, sightingOf(K1, "one", { identity: long, at: MARCH }));
      judgeSighting(trust, sightingOf(K2, "one", { identity: "b@x.org", at: MARCH }));
    });
    expect((await run("list")).out).toBe(
      [
        long,
        "                   first-use  since 2026-03-14  1 patch",
        "alice@example.org  known      since 2026-03-14  3 patches",
        "b@x.org            first-use  since 2026-03-14  1 patch",
        "",
      ].join("\n"),
    );
  });

  test("--json", async () => {
    story();
    expect(records((await run("list", "--json")).out)).toEqual([
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
  test("shows the key, the other key that claimed to be hers, and how to accept it", async () => {
    story();
    expect((await run("show", "Alice@Example.org")).out).toBe(
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

  test("text from a mail cannot move the cursor, nor widen a line", async () => {
    remember((trust) => {
      const messageId = `\x1b[2J\n\u202e${"\u674e".repeat(100)}`;
      judgeSighting(trust, sightingOf(K1, "one", { messageId, list: "a\rb" }));
    });
    const { out } = await run("show", ALICE);
    expect(out).toContain("first in \\x1b[2J\\x0a\\u202e\u674e");
    expect(out).toContain("on a\\x0db");
    expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    for (const line of out.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(80);
  });

  test("--json", async () => {
    story();
    expect(records((await run("show", ALICE, "--json")).out)).toMatchObject([
      { type: "key", publicKey: K1 },
      { type: "changed-key", publicKey: K2, messageId: "four@example.org" },
      { type: "unsigned", patches: 2 },
      { type: "event", kind: "first-use" },
      { type: "event", kind: "confirm" },
      { type: "event", kind: "changed" },
    ]);
  });

  test("of an unknown address", async () => {
    story();
    await expect(run("show", "bob@example.org")).rejects.toMatchObject({
      code: "not-found",
      exit: 1,
    });
    await expect(run("show", "Bob <bob@example.org>")).rejects.toMatchObject({ code: "usage" });
  });
});

describe("trust accept", () => {
  test("pins the key, and names the key it replaced", async () => {
    story();
    expect((await run("accept", ALICE, K2)).out).toBe(
      [
        "alice@example.org",
        `pinned     ${K2}`,
        `replaced   ${K1}`,
        "           known since 2026-03-14, 3 patches",
        "",
      ].join("\n"),
    );
    const { out } = await run("show", ALICE);
    expect(out).toContain(`replaced   ${K1}`);
    expect(out).toContain(`pinned     ${K2}`);
    expect(out).not.toContain("CHANGED");
  });

  test("--json", async () => {
    story();
    expect(records((await run("accept", ALICE, K2, "--json")).out)).toMatchObject([
      { type: "key", publicKey: K2, state: "pinned" },
      { type: "key", publicKey: K1, state: "replaced" },
    ]);
  });

  test("refuses anything that is not a key", async () => {
    await expect(run("accept", ALICE, "RWQs9AaSMMQG7")).rejects.toMatchObject({ code: "bad-key" });
  });
});
