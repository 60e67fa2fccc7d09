/** What a mail must meet. Settings of git config (`patchsig.*`) and options become one of these. */

/** In ascending order: each asks for what the one before asks for, and more. */
export const REQUIREMENTS = ["nothing", "signature", "known", "pinned"] as const;
export type Requirement = (typeof REQUIREMENTS)[number];

export interface Policy {
  /**
   *     nothing     unsigned patches pass with a warning
   *     signature   a good signature; a key may be met for the first time
   *     known       by a key that was met before
   *     pinned      by a key that a person or a keyring confirmed, or that such a key endorsed
   *
   * Under every one of them fail: a bad signature, a changed or revoked key, and an unsigned patch
   * from somebody who has signed before.
   */
  readonly require: Requirement;
}

export const DEFAULT_POLICY: Policy = { require: "signature" };

/** The requirement of that name, or null. */
export function parseRequirement(text: string): Requirement | null {
  return REQUIREMENTS.find((name) => name === text) ?? null;
}
