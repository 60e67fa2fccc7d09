/** The list's own people, by the files that its owner names: they need no suggestion. */

import { readFileSync } from "node:fs";
import { PATATT_FOLDERS } from "../../devsig/import.ts";
import { readKeyringFolder } from "../../source/keyring.ts";
import { reading, isDirectory } from "../../source/reading.ts";
import { KEYRING_FOLDER } from "../../trust/keyring.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import type { BotSettings } from "../../bot/settings.ts";

/** An address among other words: in angle brackets, or bare. */
const ADDRESS = /[^\s<>,;:"'()[\]]+@[^\s<>,;:"'()[\]]+/g;
/** A person of a section of MAINTAINERS, as Linux and others write it. */
const MAINTAINER = /^M:\s.*$/gm;

/**
 * The settings, with the addresses of `bot.excludeFile` among those that are excluded.
 *
 * @throws PatchsigError: a file that is named and cannot be read
 */
export function withExcluded(settings: BotSettings): BotSettings {
  const { rules, excludeFiles } = settings;
  if (excludeFiles.length === 0) return settings;
  const excluded = new Set([...rules.excluded, ...excludeFiles.flatMap(addressesIn)]);
  return { ...settings, rules: { ...rules, excluded } };
}

/** The addresses in the `M:` lines of a MAINTAINERS file, all in another file, or those with keys in a keyring. */
function addressesIn(name: string): string[] {
  const found = isDirectory(name) ? inKeyring(name) : inFile(name);
  return found.flatMap((address) => normaliseIdentity(address) ?? []);
}

/** Keys lie in TYPE/DOMAIN/LOCAL PART/. */
function inKeyring(folder: string): string[] {
  return readKeyringFolder(folder, [KEYRING_FOLDER, ...PATATT_FOLDERS]).map(({ path }) => {
    const [, domain = "", local = ""] = path.split("/");
    return `${local}@${domain}`;
  });
}

function inFile(name: string): string[] {
  const text = reading(name, () => readFileSync(name, "utf8"));
  const lines = text.match(MAINTAINER)?.join("\n") ?? text;
  return lines.match(ADDRESS) ?? [];
}
