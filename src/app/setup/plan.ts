/** What setup will do, as data, derived from facts and answers. Nothing is done here. */

import { NOTES_REF } from "../../git/notes.ts";
import type { SettingsPlace } from "../../git/settings-file.ts";
import { shellCommand } from "../../primitives/shell.ts";
import type { Facts } from "./facts.ts";
import type { Role } from "./record.ts";

export type PlannedStep =
  /** A new key pair. */
  | { readonly kind: "key"; readonly path: string; readonly password: boolean }
  | {
      readonly kind: "setting";
      readonly place: SettingsPlace;
      readonly name: string;
      readonly value: string;
      /** The value in force now, or null. */
      readonly instead: string | null;
    }
  | {
      readonly kind: "hook";
      readonly path: string;
      readonly folder: string;
      /** A hook that is kept. */
      readonly other: string | null;
    };

/** The key that will sign: a new one, the existing one, or one given by name. */
export type KeyAnswer =
  | { readonly kind: "new"; readonly password: boolean }
  | { readonly kind: "as-is" }
  /** As patchsig.key names it; a file's path is absolute. */
  | { readonly kind: "named"; readonly name: string };

/** The user's answers. */
export interface SetupAnswers {
  readonly role: Role;
  /** To be set because git does not know them; null if it does, or if nobody signs. */
  readonly name: string | null;
  readonly address: string | null;
  /** Null for somebody who signs nothing. */
  readonly key: KeyAnswer | null;
  /** Install the hook if possible. */
  readonly hook: boolean;
  readonly place: SettingsPlace;
  /** The value for patchsig.dkim; null leaves it as it is. */
  readonly dkim: string | null;
}

export interface SetupPlan {
  readonly steps: readonly PlannedStep[];
  /** The key that signs afterwards, as patchsig.key would name it; null if nobody signs. */
  readonly key: string | null;
}

export function sendsPatches(role: Role): boolean {
  return role !== "maintainer";
}

export function appliesPatches(role: Role): boolean {
  return role !== "submitter";
}

export function planOf(facts: Facts, answers: SetupAnswers): SetupPlan {
  const { place, role, hook } = answers;
  const key = keyAfter(facts, answers.key);
  const set = (name: string, value: string | null, now: string | null): PlannedStep[] =>
    value === null || value === now ? [] : [{ kind: "setting", place, name, value, instead: now }];
  const isNew = answers.key?.kind === "new";
  const steps: PlannedStep[] = [
    ...set("user.name", answers.name, facts.name),
    ...set("user.email", answers.address, facts.address),
    ...(isNew
      ? [{ kind: "key", path: facts.keyPath, password: passwordOf(answers) } as const]
      : []),
    // the usual place needs no setting
    ...(key === (facts.keySetting ?? facts.keyPath)
      ? []
      : set("patchsig.key", key, facts.keySetting)),
    ...set("patchsig.dkim", answers.dkim, facts.dkim),
    // what am records would stay with the commits before a rebase
    ...(appliesPatches(role) && facts.followingNotes.length === 0
      ? set("notes.rewriteRef", NOTES_REF, null)
      : []),
    ...(hook && sendsPatches(role) && facts.hook.kind === "possible"
      ? [{ ...facts.hook, kind: "hook" } as const]
      : []),
  ];
  return { steps, key };
}

function passwordOf({ key }: SetupAnswers): boolean {
  return key?.kind === "new" && key.password;
}

function keyAfter({ keyPath, keySetting }: Facts, answer: KeyAnswer | null): string | null {
  if (answer === null) return null;
  if (answer.kind === "named") return answer.name;
  return answer.kind === "new" ? keyPath : (keySetting ?? keyPath);
}

/** The single command that does the same by hand. */
export function commandOf(step: PlannedStep): string {
  switch (step.kind) {
    case "key":
      return `git patchsig key generate${step.password ? "" : " --no-password"}`;
    case "setting":
      return shellCommand(`git config --${step.place.scope} ${step.name}`, step.value);
    case "hook":
      return "git patchsig hook install";
  }
}
