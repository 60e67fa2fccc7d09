/** The policy in force: what git config and --require make of it, and how it is shown. */

import { describe, expect, test } from "vitest";
import { describePolicies, readPolicies } from "../../../src/app/verify/policy.ts";
import type { PatchsigError } from "../../../src/errors.ts";
import { type Config, configOf } from "../../../src/git/config.ts";
import { DEFAULT_POLICY } from "../../../src/verify/policy.ts";

/** Settings as git lists them: the section and the name are in lower case. */
function config(...settings: readonly (readonly [string, string])[]): Config {
  return configOf(
    settings.map(([key, value]) => ({ key, value, origin: ".git/config", scope: "local" })),
  );
}

function failure(...settings: readonly (readonly [string, string])[]): [string, string | null] {
  try {
    readPolicies(undefined, config(...settings));
  } catch (error) {
    const { code, message, hint } = error as PatchsigError;
    expect(code).toBe("usage");
    return [message, hint ?? null];
  }
  throw new Error("no failure");
}

describe("readPolicies", () => {
  test("by default, and with settings that are not about the policy", () => {
    const none = { general: DEFAULT_POLICY, overrides: [] };
    expect(readPolicies(undefined, config())).toEqual(none);
    expect(
      readPolicies(
        undefined,
        config(["patchsig.key", "x"], ["other.require", "known"], ["my.patchsig.require", "known"]),
      ),
    ).toEqual(none);
  });

  test("of several settings of a name, the last one counts; --require after all", () => {
    const set = config(
      ["patchsig.require", "pinned"],
      ["patchsig.maxage", "2d"],
      ["patchsig.require", "signature"],
      ["patchsig.firstuse", "warn"],
      ["patchsig.unsignedknown", "warn"],
    );
    const general = {
      require: "signature",
      firstUse: "warn",
      unsignedKnown: "warn",
      maxAge: 2 * 86_400,
    };
    expect(readPolicies(undefined, set).general).toEqual(general);
    expect(readPolicies("known", set).general).toEqual({ ...general, require: "known" });
  });

  test("settings of one list or path are one override, and leave the general policy alone", () => {
    const { general, overrides } = readPolicies(
      undefined,
      config(
        ["patchsig.list:Net.Lists.Example.ORG.require", "known"],
        ["patchsig.path:Crypto/a.b.firstuse", "fail"],
        ["patchsig.list:Net.Lists.Example.ORG.maxage", "1d"],
      ),
    );
    expect(general).toEqual(DEFAULT_POLICY);
    expect(overrides).toEqual([
      {
        kind: "list",
        name: "net.lists.example.org",
        settings: { require: "known", maxAge: 86_400 },
      },
      { kind: "path", name: "Crypto/a.b", settings: { firstUse: "fail" } },
    ]);
  });

  test("a wrong value, a wrong scope: wrong usage, with the setting's full name", () => {
    const values = "it can be opt-in, vouched, signature, known, pinned";
    expect(failure(["patchsig.require", "all"])).toEqual([
      "patchsig.require cannot be all",
      values,
    ]);
    expect(failure(["patchsig.path:a.firstuse", "x"])).toEqual([
      "patchsig.path:a.firstUse cannot be x",
      "it can be allow, warn, fail",
    ]);
    for (const scope of ["net", "list:", "path:", "x list:a"])
      expect(failure([`patchsig.${scope}.require`, "known"])[0]).toBe(
        `patchsig.${scope}.require is neither about a list nor a path`,
      );
    expect(() => readPolicies("all", config())).toThrow("--require cannot be all");
  });
});

describe("describePolicies", () => {
  const GENERAL = [
    "firstUse       allow      default",
    "unsignedKnown  fail       default",
    "maxAge         365d       default",
  ];

  test("the default, and what it leaves open", () => {
    expect(describePolicies(undefined, config())).toEqual([
      "require        opt-in     default",
      ...GENERAL,
      "opt-in takes unsigned patches from those who were never seen signing: anybody",
      "can send one in their name. for scripts and CI: --require signature",
    ]);
  });

  test("where each setting comes from: the last one, and of a scope only what is set there", () => {
    const set = config(
      ["patchsig.path:a.require", "known"],
      ["patchsig.path:a.require", "pinned"],
      ["patchsig.require", "known"],
      ["patchsig.path:b.maxage", "9d"],
    );
    expect(describePolicies("signature", set)).toEqual([
      "require        signature  --require",
      ...GENERAL,
      "path:a",
      "  require        pinned     .git/config",
      "path:b",
      "  maxAge         9d         .git/config",
    ]);
  });

  test("a wrong setting is said, not shown", () => {
    expect(() => describePolicies(undefined, config(["patchsig.path:a.require", "x"]))).toThrow(
      "patchsig.path:a.require cannot be x",
    );
  });
});
