/** Keys that sign test results and no patches. */

import { expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { TRUST_SCHEMA } from "../../src/store/schema.ts";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { decide } from "../../src/trust/decide.ts";
import { mergeDatabase } from "../../src/app/trust/merge.ts";
import { describeBackends, openPlace } from "./backends.ts";
import { sightingOf, someKey, temporaryDirectory } from "./support.ts";

const CI = "ci@example.org";
const [K1, K2] = [someKey(), someKey()];
const AT = 1_790_000_000;

/** What is said of a patch by this key. */
function patchBy(store: TrustStore, publicKey: string, identity = CI): string {
  const sighting = sightingOf(publicKey, "a patch", { identity });
  return decide(sighting, store.keyHistory(sighting), true).trust;
}

describeBackends(({ newPlace }) => {
  const newStore = (): TrustStore => openPlace(newPlace());

  test("a key that was accepted for results signs no patches, under any address", () => {
    const store = newStore();
    store.results.accept(CI, K1, AT);
    expect(store.results.of(CI, K1)).toMatchObject({ state: "pinned", forResults: true });
    expect([patchBy(store, K1), patchBy(store, K1, "alice@example.org")]).toEqual([
      "result-only",
      "result-only",
    ]);
    // its address may have another key for patches, and sends unsigned ones until then
    expect(patchBy(store, K2)).toBe("first-use");
    expect(store.lookup(CI)).toEqual([]);
    store.drop(CI, K1, AT + 1);
    expect(store.results.of(CI, K1).revoked).toBe(true);
    expect(patchBy(store, K1)).toBe("revoked");
    store.close();
  });

  test("one key, one use", () => {
    const store = newStore();
    store.accept(CI, K1, AT);
    expect(() => store.results.accept(CI, K1, AT)).toThrow("signs patches");
    expect(() => store.results.accept("other@example.org", K1, AT)).toThrow("signs patches");
    store.results.accept(CI, K2, AT);
    expect(() => store.accept("alice@example.org", K2, AT)).toThrow("for test results");
    const cause = { cause: "keyring", at: AT, messageId: "", source: "" } as const;
    expect(store.importKey("alice@example.org", K2, cause, [K2])).toBe("conflict");
    store.drop(CI, K2, AT);
    expect(() => store.results.accept(CI, K2, AT)).toThrow("revoked");
    store.close();
  });

  test("another key takes its place, unless both are used", () => {
    const store = newStore();
    store.results.accept(CI, K1, AT);
    store.results.accept(CI, K2, AT + 5);
    expect(store.results.of(CI, K1)).toMatchObject({
      state: "replaced",
      replaced: { at: AT + 5, from: "pinned" },
    });
    store.results.accept(CI, K1, AT + 6, true);
    expect([K1, K2].map((key) => store.results.of(CI, key).state)).toEqual(["pinned", "pinned"]);
    expect([...store.log()].map(({ kind }) => kind)).toEqual([
      "accept-results",
      "accept-results",
      "replace-results",
      "accept-results",
    ]);
    expect(store.show(CI)!.resultKeys).toHaveLength(2);
    store.close();
  });

  test("a replaced key for patches is known with the time, and its state until then", () => {
    const store = newStore();
    store.accept(CI, K1, AT);
    store.accept(CI, K2, AT + 5);
    expect(store.results.of(CI, K1)).toEqual({
      state: "replaced",
      revoked: false,
      forResults: false,
      replaced: { at: AT + 5, from: "pinned" },
    });
    store.close();
  });

  test("a merge takes them, and replaces none", () => {
    const [here, there] = [newStore(), `${temporaryDirectory()}/there.db`];
    const other = openTrustStore({ file: there });
    other.results.accept(CI, K1, AT);
    other.close();
    const outcomes = (): string[] => mergeDatabase(here, there, AT).map(({ outcome }) => outcome);
    expect([outcomes(), outcomes()]).toEqual([["taken"], ["same"]]);
    here.results.accept(CI, K2, AT);
    expect(outcomes()).toEqual(["conflict"]);
    here.close();
  });
});

test("a database without them is migrated", () => {
  const file = `${temporaryDirectory()}/trust.db`;
  const old = { ...TRUST_SCHEMA, migrations: TRUST_SCHEMA.migrations.slice(0, 10) };
  openDatabase(old, { file }).db.close();
  const store = openTrustStore({ file });
  store.results.accept(CI, K1, AT);
  expect(store.results.list()).toEqual([
    { identity: CI, publicKey: K1, since: AT, replaced: null },
  ]);
  store.close();
});
