import { describe, expect, test } from "vitest";
import {
  DEFAULT_POLICY,
  isWrongSetting,
  type Override,
  policyFor,
  SETTINGS,
} from "../../src/verify/policy.ts";

const general = DEFAULT_POLICY;
const list: Override = {
  kind: "list",
  name: "net.lists.example.org",
  settings: { require: "known", maxAge: 86_400 },
};
const path: Override = { kind: "path", name: "crypto", settings: { require: "pinned" } };

function forMail(overrides: Override[], listId: string, ...paths: string[]) {
  return policyFor({ general, overrides }, { listIds: [listId], paths });
}

describe("a policy", () => {
  test("without overrides is the general policy", () => {
    const paths = ["crypto/aes.c"];
    expect(policyFor({ general, overrides: [] }, { listIds: ["x"], paths })).toEqual(general);
    expect(policyFor({ general, overrides: [list] }, { listIds: ["x"], paths })).toEqual(general);
  });

  test.each([
    "Net <net.lists.example.org>",
    "<NET.Lists.Example.org>",
    "net.lists.example.org",
    '"a <b>" <net.lists.example.org> ',
  ])("of the list %s", (listId) => {
    expect(forMail([list], listId)).toMatchObject({ require: "known", maxAge: 86_400 });
  });

  test.each(["", "<net.lists.example.org.evil.example>", "<x> net.lists.example.org"])(
    "of another list: %s",
    (listId) => expect(forMail([list], listId)).toEqual(general),
  );

  test.each([
    ["<other.example.org>", "<net.lists.example.org>", "<third.example.org>"],
    ["<net.lists.example.org>", "<other.example.org>"],
    ["<other.example.org> <net.lists.example.org> (x)"],
  ])("of a list among others: %s", (...listIds) => {
    const policies = { general, overrides: [list] };
    expect(policyFor(policies, { listIds, paths: [] }).require).toBe("known");
  });

  test("of a path: the file itself, or below the directory", () => {
    expect(forMail([path], "", "a", "crypto/aes.c").require).toBe("pinned");
    expect(forMail([path], "", "crypto").require).toBe("pinned");
    expect(forMail([path], "", "cryptography/x", "a/crypto/x")).toEqual(general);
  });

  test("the strictest counts, setting by setting", () => {
    const policy = forMail([path, list], "<net.lists.example.org>", "crypto/aes.c");
    expect(policy).toEqual({ ...general, require: "pinned", maxAge: 86_400 });
  });

  test("is never made laxer by an override", () => {
    const lax: Override = {
      kind: "list",
      name: "x",
      settings: { require: "opt-in", unsignedKnown: "warn", maxAge: 10 * general.maxAge },
    };
    expect(forMail([lax], "<x>")).toEqual(general);
  });
});

describe("ages", () => {
  test.each([
    ["90d", 90 * 86_400],
    ["2w", 14 * 86_400],
    ["1y", 365 * 86_400],
  ])("%s", (text, maxAge) => expect(SETTINGS["maxage"]!.read(text)).toEqual({ maxAge }));

  test.each(["", "90", "d", "-1d", "1e3d", "never", "123456d"])("%s is invalid", (text) =>
    expect(SETTINGS["maxage"]!.read(text)).toBeNull(),
  );
});

test("a year is the usual age", () => expect(DEFAULT_POLICY.maxAge).toBe(365 * 86_400));

describe("settings", () => {
  test.each([
    ["require", "pinned", { require: "pinned" }],
    ["require", "opt-in", { require: "opt-in" }],
    ["require", "Pinned", null],
    ["require", "", null],
    ["firstuse", "warn", { firstUse: "warn" }],
    ["firstuse", "never", null],
    ["unsignedknown", "fail", { unsignedKnown: "fail" }],
    ["unsignedknown", "allow", null],
  ] as const)("%s=%s", (name, text, expected) => {
    expect(SETTINGS[name]!.read(text)).toEqual(expected);
  });

  test.each<[string, unknown, boolean]>([
    ["require", "known", false],
    ["require", "nobody", true],
    ["require", ["known"], true],
    ["firstUse", "allow", false],
    ["firstuse", "allow", true],
    ["maxAge", 0, false],
    ["maxAge", 86_400, false],
    ["maxAge", -1, true],
    ["maxAge", 1.5, true],
    ["maxAge", Infinity, true],
    ["maxAge", "90d", true],
    ["toString", "known", true],
  ])("from a program: %s=%j is wrong: %s", (name, value, wrong) => {
    expect(isWrongSetting(name, value)).toBe(wrong);
  });
});
