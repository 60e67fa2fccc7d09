/**
 * Carries out the plan, all or nothing: after a failure everything is reverted, except a new key.
 */

import { PatchsigError } from "../../errors.ts";
import { setIn, valuesIn } from "../../git/settings-file.ts";
import { installHere } from "../hook/setup.ts";
import { DEFAULT_COMMENT, generateKey } from "../keys/files.ts";
import { settingNow } from "./facts.ts";
import type { PlannedStep } from "./plan.ts";
import { type DoneStep, readRecord, type Role, writeRecord } from "./record.ts";
import { undoStep } from "./undo.ts";

export interface StepOptions {
  readonly role: Role;
  /** The password of a new key, if it gets one. The caller wipes it. */
  readonly password: Buffer | null;
  /** Checks that everything works; if it throws, everything is reverted. */
  readonly check: () => Promise<void>;
}

/**
 * Does the steps in order, records each before it is done, and checks.
 *
 * @throws PatchsigError of the step that failed, or of the check; everything is then as before,
 *   except a new key, which stays
 */
export async function applySteps(
  steps: readonly PlannedStep[],
  { role, password, check }: StepOptions,
): Promise<void> {
  const before = readRecord();
  const done: DoneStep[] = [];
  try {
    for (const step of steps) {
      const will = await doneOf(step);
      writeRecord({ ...before, steps: [...before.steps, ...done, will] });
      done.push(will);
      await doStep(step, password);
    }
    await check();
    writeRecord({ role, steps: [...before.steps, ...done] });
  } catch (error) {
    const kept: DoneStep[] = [];
    for (const step of done.toReversed())
      if (!["undone", "gone"].includes(String((await undoStep(step)).outcome))) kept.unshift(step);
    writeRecord({ ...before, steps: [...before.steps, ...kept] });
    throw error;
  }
}

/** The record of the step. */
async function doneOf(step: PlannedStep): Promise<DoneStep> {
  if (step.kind === "key") return { kind: "key", path: step.path };
  if (step.kind === "hook") return { kind: "hook", folder: step.folder };
  const { place, name, value } = step;
  const values = await valuesIn(place, name);
  if (values.length > 1)
    throw new PatchsigError("exists", `${name} has several values`, {
      hint: `git config --${place.scope} --unset-all ${name}`,
    });
  return { kind: "setting", place, name, value, before: values[0] ?? null };
}

async function doStep(step: PlannedStep, password: Buffer | null): Promise<void> {
  switch (step.kind) {
    case "key": {
      // it wipes the bytes it is given
      const newPassword = password === null ? null : async () => Buffer.from(password);
      const options = { path: step.path, comment: DEFAULT_COMMENT, force: false };
      await generateKey({ ...options, newPassword });
      return;
    }
    case "hook":
      await installHere();
      return;
    case "setting": {
      const { place, name, value } = step;
      await setIn(place, name, value);
      if (settingNow(name, place.scope === "local") === value) return;
      throw new PatchsigError("exists", `git does not use this ${name}: another one hides it`, {
        hint: `git config --show-origin --get-all ${name}`,
      });
    }
  }
}
