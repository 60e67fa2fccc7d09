/**
 * The policy in force, from options and git config, and where each line of it comes from:
 *
 *     [patchsig]
 *         require = signature
 *         firstUse = warn
 *     [patchsig "list:net.lists.example.org"]
 *         require = known
 *     [patchsig "path:crypto"]
 *         require = pinned
 */

import { PatchsigError } from "../../errors.ts";
import { escapeText, ours, padTo, type SafeText } from "../../report/escape.ts";
import {
  DEFAULT_POLICY,
  type Override,
  type Policies,
  type Policy,
  SETTINGS,
} from "../../verify/policy.ts";
import type { Config } from "../../git/config.ts";
import { gitConfig } from "../settings.ts";
import { DAY } from "../../primitives/time.ts";

/** One line of git config that says something about the policy. */
interface PolicySetting {
  /** "" for the general policy, else `list:…` or `path:…`. */
  readonly scope: string;
  /** Lower case, as git gives it. */
  readonly name: string;
  readonly value: string;
  /** Where git read it: a file, or the command line. */
  readonly origin: string;
}

const NAMES: Readonly<Record<string, keyof Policy>> = {
  require: "require",
  firstuse: "firstUse",
  unsignedknown: "unsignedKnown",
  maxage: "maxAge",
};

/** All settings of the policy, in git's order: of several, the last one counts. */
function readSettings(required: string | undefined, config: Config): PolicySetting[] {
  const option =
    required === undefined
      ? []
      : [{ scope: "", name: "require", value: required, origin: "--require" }];
  return [...configured(config), ...option];
}

function configured({ settings }: Config): PolicySetting[] {
  return settings.flatMap(({ key, value, origin }) => {
    const [, scope = "", name = ""] = /^patchsig\.(?:(.*)\.)?([^.]*)$/s.exec(key) ?? [];
    return name in SETTINGS ? [{ scope, name, value, origin }] : [];
  });
}

/** The value of a setting; a wrong value is wrong usage, wherever it is set. */
function parse({ scope, name, value, origin }: PolicySetting): Partial<Policy> {
  const setting = SETTINGS[name]!;
  const read = setting.read(value);
  if (read !== null) return read;
  const what = origin === "--require" ? origin : fullName(scope, name);
  throw new PatchsigError("usage", `${what} cannot be ${value}`, {
    hint: `it can be ${setting.values}`,
  });
}

function fullName(scope: string, name: string): string {
  return ["patchsig", scope, NAMES[name]!].filter((word) => word !== "").join(".");
}

/**
 * The policies: `--require`, else git config, else the default.
 *
 * @throws PatchsigError "usage" for an invalid value or scope
 */
export function readPolicies(required: string | undefined, config: Config = gitConfig()): Policies {
  let general: Policy = DEFAULT_POLICY;
  const overrides = new Map<string, Override>();
  for (const setting of readSettings(required, config)) {
    const settings = parse(setting);
    if (setting.scope === "") general = { ...general, ...settings };
    else {
      const known = overrides.get(setting.scope) ?? newOverride(setting);
      overrides.set(setting.scope, { ...known, settings: { ...known.settings, ...settings } });
    }
  }
  return { general, overrides: [...overrides.values()] };
}

function newOverride({ scope, name }: PolicySetting): Override {
  const [, kind, of] = /^(list|path):(.+)$/s.exec(scope) ?? [];
  if (kind !== "list" && kind !== "path")
    throw new PatchsigError(
      "usage",
      `${fullName(scope, name)} is neither about a list nor a path`,
      {
        hint: 'as in [patchsig "list:net.example.org"] or [patchsig "path:crypto"]',
      },
    );
  return { kind, name: kind === "list" ? of!.toLowerCase() : of!, settings: {} };
}

/** The policy in force, a setting a line, with where it comes from. */
export function describePolicies(
  required: string | undefined,
  config: Config = gitConfig(),
): SafeText[] {
  const settings = readSettings(required, config);
  for (const setting of settings) parse(setting);
  const scopes = ["", ...new Set(settings.map(({ scope }) => scope).filter((s) => s !== ""))];
  return scopes
    .flatMap((scope) => {
      const lines = Object.entries(NAMES).flatMap(([name, shown]) => {
        const set = settings.findLast((s) => s.scope === scope && s.name === name);
        if (set === undefined && scope !== "") return [];
        const value = set?.value ?? defaultOf(shown);
        return [
          ours`${shown.padEnd(14)} ${padTo(escapeText(value), 10)} ${set?.origin ?? "default"}`,
        ];
      });
      return scope === "" ? lines : [escapeText(scope), ...lines.map((line) => ours`  ${line}`)];
    })
    .concat(readPolicies(required, config).general.require === "opt-in" ? OPT_IN : []);
}

/** What the default leaves open. */
const OPT_IN = [
  ours`opt-in takes unsigned patches from those who were never seen signing: anybody`,
  ours`can send one in their name. for scripts and CI: --require signature`,
];

function defaultOf(name: keyof Policy): string {
  const value = DEFAULT_POLICY[name];
  return typeof value === "number" ? `${value / DAY}d` : value;
}
