import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { backUp } from "../../src/store/backup.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { placeProblems } from "../../src/store/place.ts";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { patchsig } from "../support/cli.ts";
import { sightingOf, temporaryDirectory } from "../store/support.ts";
import { ALICE, BOB, byMail, keyOf, says, TIME } from "./support.ts";

const [A, B, C, D] = [keyOf(1), keyOf(2), keyOf(3), keyOf(4)];
const CAROL = "carol@example.org";
let home: string;

beforeEach(() => {
  home = temporaryDirectory();
});

function on<T>(file: string, work: (trust: TrustStore) => T): T {
  const trust = openTrustStore({ file });
  try {
    return work(trust);
  } finally {
    trust.close();
  }
}

const here = (): string => join(home, "patchsig", "trust.db");

function there(work: (trust: TrustStore) => void): string {
  const file = join(temporaryDirectory(), "trust.db");
  on(file, work);
  const copy = `${file}.copy`;
  backUp(file, copy);
  return copy;
}

function merge(file: string): { status: number; said: string } {
  const { status, stdout, stderr } = patchsig(["trust", "merge", file], { home });
  return { status, said: stdout + stderr };
}

const states = (identity: string): string[] =>
  on(here(), (trust) =>
    trust.lookup(identity).map(({ publicKey, state }) => `${publicKey} ${state}`),
  );

test("keys known on the other machine become known here, void ones void", () => {
  const copy = there((trust) => {
    trust.accept(ALICE, A.text, TIME);
    trust.accept(ALICE, B.text, TIME, true);
    judgeSighting(trust, sightingOf(C.text, "one", { identity: BOB }));
    trust.drop(CAROL, D.text, TIME);
  });
  on(here(), (trust) =>
    judgeSighting(trust, sightingOf(D.text, "one", { identity: "dave@example.org" })),
  );
  expect(merge(copy)).toMatchObject({ status: 0 });
  expect(states(ALICE).sort()).toEqual([`${A.text} pinned`, `${B.text} pinned`].sort());
  expect(states(BOB)).toEqual([`${C.text} first-use`]);
  expect(states("dave@example.org")).toEqual([`${D.text} revoked`]);
  expect(merge(copy)).toMatchObject({ status: 0, said: "0 keys merged, 0 in conflict\n" });
});

test("contradictions are shown, and change nothing", () => {
  const copy = there((trust) => {
    trust.accept(ALICE, A.text, TIME);
    trust.accept(BOB, B.text, TIME);
  });
  on(here(), (trust) => {
    trust.accept(ALICE, C.text, TIME);
    trust.accept(BOB, B.text, TIME);
    trust.accept(BOB, D.text, TIME);
  });
  const before = [states(ALICE), states(BOB)];
  const { status, said } = merge(copy);
  expect(status).toBe(1);
  expect(said).toContain(`conflict   ${A.text}`);
  expect(said).toContain(`conflict   ${B.text}`);
  expect([states(ALICE), states(BOB)]).toEqual(before);
});

test("an endorsement counts if its endorser is pinned here too", () => {
  const copy = there((trust) => {
    trust.accept(BOB, B.text, TIME);
    trust.applyStatement(says(B, "endorse", A, { by: BOB }), byMail());
  });
  merge(copy);
  expect(states(ALICE)).toEqual([`${A.text} endorsed`]);
});

test("an unsafe location is reported", () => {
  expect(placeProblems(join(home, "trust.db"))).toEqual([]);
  const folder = join(home, "Dropbox", "patchsig");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "trust.sync-conflict-20261127.db"), "");
  expect(placeProblems(join(folder, "trust.db"))).toEqual([
    expect.stringContaining("kept the same"),
    expect.stringContaining("sync-conflict"),
  ]);
  const run = patchsig(["trust", "status"], { home: join(home, "Dropbox") });
  expect(run.status).toBe(1);
  expect(run.stdout).toContain("trust merge");
  expect(patchsig(["trust", "status"], { home: temporaryDirectory() }).status).toBe(0);
});
