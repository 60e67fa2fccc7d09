/**
 * A record of what `setup` has done, so that `setup --undo` reverts that and nothing else: a small
 * file in the data folder. Each step is written there before it is done.
 */

import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import type { SettingsPlace } from "../../git/settings-file.ts";
import { dataFolder, makeFolders } from "../../places.ts";
import { writeWhole, writing } from "../../store/whole-file.ts";

/** What the user does with patches. */
export const ROLES = ["submitter", "maintainer", "both"] as const;
export type Role = (typeof ROLES)[number];

/** Something that was done. */
export type DoneStep =
  | { readonly kind: "key"; readonly path: string }
  | {
      readonly kind: "setting";
      readonly place: SettingsPlace;
      readonly name: string;
      readonly value: string;
      /** The previous value in the same file, or null. */
      readonly before: string | null;
    }
  | { readonly kind: "hook"; readonly folder: string };

export interface SetupRecord {
  /** Null until it is answered. */
  readonly role: Role | null;
  /** In the order in which they were done. */
  readonly steps: readonly DoneStep[];
}

const VERSION = 1;
const NOTHING: SetupRecord = { role: null, steps: [] };

function recordFile(): string {
  return join(dataFolder(process.env), "setup.json");
}

/** PatchsigError "unreadable" for a file not written by setup. */
export function readRecord(): SetupRecord {
  const file = recordFile();
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return NOTHING;
    throw new PatchsigError("unreadable", `${file}: cannot be read (${code})`, { cause });
  }
  const record = parseRecord(text);
  if (record !== null) return record;
  throw new PatchsigError("unreadable", `${file}: not what patchsig setup writes`, {
    hint: "move it away: setup then knows nothing that it could take back",
  });
}

/** Null if it is not one of ours. */
export function parseRecord(text: string): SetupRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isTable(value) || value["version"] !== VERSION) return null;
  const { role, steps } = value;
  if (role !== null && !ROLES.some((one) => one === role)) return null;
  if (!Array.isArray(steps) || !steps.every(isStep)) return null;
  return { role: role as Role | null, steps };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isStep(step: unknown): step is DoneStep {
  if (!isTable(step)) return false;
  const { kind, path, folder, place, name, value, before } = step;
  if (kind === "key") return typeof path === "string";
  if (kind === "hook") return typeof folder === "string";
  const settable = [name, value].every((word) => typeof word === "string");
  return kind === "setting" && settable && (before === null || typeof before === "string")
    ? isPlace(place)
    : false;
}

function isPlace(place: unknown): place is SettingsPlace {
  if (!isTable(place)) return false;
  return place["scope"] === "local"
    ? typeof place["repository"] === "string"
    : place["scope"] === "global";
}

/** Replaces it; an empty record is removed, and its folder if it is empty. */
export function writeRecord({ role, steps }: SetupRecord): void {
  const file = recordFile();
  writing(file, () => {
    if (role === null && steps.length === 0) {
      rmSync(file, { force: true });
      if (existsSync(dirname(file)) && readdirSync(dirname(file)).length === 0)
        rmdirSync(dirname(file));
      return;
    }
    makeFolders(dirname(file), 0o700);
    const text = `${JSON.stringify({ version: VERSION, role, steps }, null, 2)}\n`;
    writeWhole(file, text, { mode: 0o600 });
  });
}
