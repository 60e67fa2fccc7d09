/** Reverts everything that setup did, except what was changed since. */

import { existsSync } from "node:fs";
import { PatchsigError } from "../../errors.ts";
import { setIn, type SettingsPlace, valuesIn } from "../../git/settings-file.ts";
import { uninstallHook } from "../../store/hook-file.ts";
import { type DoneStep, readRecord, writeRecord } from "./record.ts";

/** The result for a step. */
export interface UndoneStep {
  readonly step: DoneStep;
  /**
   * `undone`; `gone`: it no longer existed; `changed`: somebody changed it since, so it is left;
   * `kept`: a key, which is never deleted; or why it could not be undone.
   */
  readonly outcome: "undone" | "gone" | "changed" | "kept" | PatchsigError;
}

/** Reverts all steps, the last first. Steps that cannot be undone now stay in the record. */
export async function undoSetup(): Promise<readonly UndoneStep[]> {
  const { role, steps } = readRecord();
  const undone: UndoneStep[] = [];
  for (const step of steps.toReversed()) undone.push(await undoStep(step));
  const failed = undone.filter(({ outcome }) => outcome instanceof PatchsigError);
  writeRecord({
    role: failed.length > 0 ? role : null,
    steps: failed.map(({ step }) => step).toReversed(),
  });
  return undone;
}

/** @returns the result; a failure is reported, so that the others are undone */
export async function undoStep(step: DoneStep): Promise<UndoneStep> {
  try {
    return { step, outcome: await outcomeOf(step) };
  } catch (error) {
    if (error instanceof PatchsigError) return { step, outcome: error };
    throw error;
  }
}

async function outcomeOf(step: DoneStep): Promise<"undone" | "gone" | "changed" | "kept"> {
  switch (step.kind) {
    case "key":
      return existsSync(step.path) ? "kept" : "gone";
    case "hook":
      return uninstallHook(step.folder) ? "undone" : "gone";
    case "setting": {
      const { place, name, value, before } = step;
      if (!isThere(place)) return "gone";
      const now = await valuesIn(place, name);
      if (now.length === 0) return "gone";
      if (now.length > 1 || now[0] !== value) return "changed";
      await setIn(place, name, before);
      return "undone";
    }
  }
}

function isThere(place: SettingsPlace): boolean {
  return place.scope === "global" || existsSync(place.repository);
}

/** The steps that would be reverted, the last first. */
export function recordedSteps(): readonly DoneStep[] {
  return readRecord().steps.toReversed();
}
