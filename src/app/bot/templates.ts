/** The texts of the bot's letters: those of the list's owner, else those that come with the program. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { render, SAMPLES, type TemplateName, type Text, type View } from "../../bot/letter.ts";
import { PatchsigError } from "../../errors.ts";
import { asUsage } from "../usage.ts";

// as far up from the bundle, dist/bundle/cli, as from here
const OWN = fileURLToPath(new URL("../../../templates", import.meta.url));

export type Render = (name: TemplateName, view: View) => Text;

/**
 * @param folder files in it are taken first: suggest.txt, stopped.txt …; null if there is none
 * @throws PatchsigError: "not-found" if the folder is none; "usage" as a template is none
 */
export function openTemplates(folder: string | null): Render {
  if (folder !== null && !existsSync(folder))
    throw new PatchsigError("not-found", `no such folder of templates: ${folder}`);
  const fill: Render = (name, view) => {
    const changed = folder === null ? null : join(folder, `${name}.txt`);
    const file = changed !== null && existsSync(changed) ? changed : join(OWN, `${name}.txt`);
    const text = readFileSync(file, "utf8");
    return asUsage(() => render(text, view, file), "docs/bot.md says what one may hold");
  };
  // what is wrong with one is said now, not when somebody answers
  for (const name of Object.keys(SAMPLES) as TemplateName[]) fill(name, SAMPLES[name]);
  return fill;
}
