/**
 * The policy for a mail: settings of git config (`patchsig.*`) and options, as one value. Settings for
 * a list or a path require more than the general ones, never less: the mail itself names its list.
 */

import { DAY } from "../primitives/time.ts";

/** In ascending order: each includes the one before. */
const REQUIREMENTS = ["opt-in", "vouched", "signature", "known", "pinned"] as const;
/** The name of `opt-in` before. */
const FORMERLY = "nothing";
export type Requirement = (typeof REQUIREMENTS)[number];

/** True if an unsigned patch does not meet the policy, whoever vouches for it. */
export function asksForSignature({ require }: Policy): boolean {
  return REQUIREMENTS.indexOf(require) >= REQUIREMENTS.indexOf("signature");
}

/** In ascending order of strictness. */
const FIRST_USES = ["allow", "warn", "fail"] as const;
const UNSIGNED_KNOWN = ["warn", "fail"] as const;

export interface Policy {
  /**
   *     opt-in      a patch may be unsigned, unless its author or sender signs
   *     vouched     the author's domain vouches for it (docs/dkim.md), or it is signed
   *     signature   a good signature; a key may be met for the first time
   *     known       by a key that was met before, in another series on another day
   *     pinned      by a key that a person or a keyring confirmed, or that such a key endorsed
   *
   * Under every one of them fail: a bad signature, and a changed or revoked key.
   */
  readonly require: Requirement;
  /** The effect of a key on first use. */
  readonly firstUse: (typeof FIRST_USES)[number];
  /** The effect of an unsigned patch from somebody who has signed before. */
  readonly unsignedKnown: (typeof UNSIGNED_KNOWN)[number];
  /** Seconds: the latest Date of a patch after it was signed. */
  readonly maxAge: number;
}

export const DEFAULT_POLICY: Policy = {
  require: "opt-in",
  firstUse: "allow",
  unsignedKnown: "fail",
  maxAge: 365 * DAY,
};

/** Settings for the mails of a list (its List-Id) or for patches that touch a path. */
export interface Override {
  readonly kind: "list" | "path";
  /** A List-Id without angle brackets, lower case; or a file, or a directory and what is in it. */
  readonly name: string;
  readonly settings: Partial<Policy>;
}

export interface Policies {
  readonly general: Policy;
  readonly overrides: readonly Override[];
}

/** The settings by their names in git config, lower case: parser and allowed values. */
export const SETTINGS: Readonly<
  Record<
    string,
    { readonly read: (text: string) => Partial<Policy> | null; readonly values: string }
  >
> = {
  require: {
    read: (text) =>
      choice(REQUIREMENTS, text === FORMERLY ? "opt-in" : text, (require) => ({ require })),
    values: REQUIREMENTS.join(", "),
  },
  firstuse: {
    read: (text) => choice(FIRST_USES, text, (firstUse) => ({ firstUse })),
    values: FIRST_USES.join(", "),
  },
  unsignedknown: {
    read: (text) => choice(UNSIGNED_KNOWN, text, (unsignedKnown) => ({ unsignedKnown })),
    values: UNSIGNED_KNOWN.join(", "),
  },
  maxage: {
    read: (text) => {
      const maxAge = parseAge(text);
      return maxAge === null ? null : { maxAge };
    },
    values: "a number of days, weeks or years, such as 90d, 12w or 2y",
  },
};

function choice<T extends string>(
  all: readonly T[],
  text: string,
  use: (value: T) => Partial<Policy>,
): Partial<Policy> | null {
  const value = all.find((name) => name === text);
  return value === undefined ? null : use(value);
}

const VALUES: Readonly<Record<string, (value: unknown) => boolean>> = {
  require: (value) => isOneOf(REQUIREMENTS, value),
  firstUse: (value) => isOneOf(FIRST_USES, value),
  unsignedKnown: (value) => isOneOf(UNSIGNED_KNOWN, value),
  maxAge: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
} satisfies Record<keyof Policy, (value: unknown) => boolean>;

function isOneOf(all: readonly string[], value: unknown): boolean {
  return typeof value === "string" && all.includes(value);
}

/** True if a policy has no such setting, or the value is invalid: for callers without types. */
export function isWrongSetting(name: string, value: unknown): boolean {
  return !Object.hasOwn(VALUES, name) || !VALUES[name]!(value);
}

const UNITS: Readonly<Record<string, number>> = { d: DAY, w: 7 * DAY, y: 365 * DAY };

function parseAge(text: string): number | null {
  const [, number, unit] = /^(\d{1,5})([dwy])$/.exec(text) ?? [];
  return number === undefined ? null : Number(number) * UNITS[unit!]!;
}

/** The policy for one mail: the general one, made stricter by every override that matches. */
export function policyFor(
  policies: Policies,
  mail: { readonly listIds: readonly string[]; readonly paths: readonly string[] },
): Policy {
  const { general, overrides } = policies;
  if (overrides.length === 0) return general;
  const lists = new Set(mail.listIds.flatMap(bareListIds));
  return overrides
    .filter(({ kind, name }) =>
      kind === "list" ? lists.has(name) : mail.paths.some((path) => isWithin(path, name)),
    )
    .reduce((policy, { settings }) => stricter(policy, settings), general);
}

/**
 * `Some words <net.lists.example.org>` (RFC 2919): the text in all angle brackets, or the whole header
 * without any. The sender chooses the form; each match can only make the policy stricter.
 */
function bareListIds(header: string): string[] {
  const bracketed = [...header.matchAll(/<([^<>]*)>/g)].map(([, name]) => name!);
  return (bracketed.length > 0 ? bracketed : [header]).map((name) => name.trim().toLowerCase());
}

function isWithin(path: string, name: string): boolean {
  return path === name || path.startsWith(name.endsWith("/") ? name : `${name}/`);
}

/** The stricter value of each setting. */
function stricter(policy: Policy, settings: Partial<Policy>): Policy {
  const later = <T>(all: readonly T[], a: T, b: T | undefined): T =>
    b !== undefined && all.indexOf(b) > all.indexOf(a) ? b : a;
  return {
    require: later(REQUIREMENTS, policy.require, settings.require),
    firstUse: later(FIRST_USES, policy.firstUse, settings.firstUse),
    unsignedKnown: later(UNSIGNED_KNOWN, policy.unsignedKnown, settings.unsignedKnown),
    maxAge: Math.min(policy.maxAge, settings.maxAge ?? policy.maxAge),
  };
}
