/** Files of aliases, as mail programs keep them (git-send-email(1), `sendemail.aliasFileType`). Pure. */

import { FormatError } from "../errors.ts";
import { type Addressee, readAddressees } from "./addressee.ts";

/** Names, and what they stand for: addresses, or other names. */
export type Aliases = ReadonlyMap<string, readonly Addressee[]>;

type Entry = readonly [name: string, list: readonly Addressee[]];

export const ALIAS_TYPES = ["mutt", "mailrc", "pine", "elm", "sendmail", "gnus"] as const;
export type AliasType = (typeof ALIAS_TYPES)[number];

export function isAliasType(text: string): text is AliasType {
  return (ALIAS_TYPES as readonly string[]).includes(text);
}

/** Reads a line, once continued ones are joined; null if it is no alias. */
const LINES: Readonly<Record<AliasType, (line: string) => Entry | null>> = {
  mutt: (line) => {
    const [, name, list] = /^\s*alias\s+(?:-group\s+\S+\s+)*(\S+)\s+([^#]*)/.exec(line) ?? [];
    return entry(name, list);
  },
  mailrc: (line) => {
    const [, name, rest = ""] = /^alias\s+(\S+)\s+(.*)/.exec(line) ?? [];
    const words = [...rest.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)];
    return entry(name, words.map(([, one, two, bare]) => one ?? two ?? bare).join(","));
  },
  pine: (line) => {
    const [, name, list] = /^([^\s#]\S*)\t[^\t]*\t\(?([^\t()]*)/.exec(line) ?? [];
    return entry(name, list);
  },
  elm: (line) => {
    const [, name, list] = /^(\S+)\s+=\s+[^=]+=\s*(.+)$/.exec(line) ?? [];
    return entry(name, list);
  },
  // git does not read other forms either
  sendmail: (line) => {
    const [, name, list] = /^([^\s#:"]+)\s*:\s*([^"\s:/|][^"]*)$/.exec(line) ?? [];
    return entry(name, list);
  },
  gnus: (line) => {
    const [, name, list] = /^\s*\(define-mail-alias\s+"([^"]+)"\s+"([^"]+)"\)/.exec(line) ?? [];
    return entry(name, list);
  },
};

/** A line that begins with a blank continues the one before. */
const GO_ON: ReadonlySet<AliasType> = new Set(["pine", "sendmail"]);

function entry(name: string | undefined, list: string | undefined): Entry | null {
  return name === undefined || list === undefined ? null : [name, readAddressees(list)];
}

/** @param texts of all files, in order: a later alias replaces an earlier one */
export function readAliases(texts: readonly string[], type: AliasType): Aliases {
  const aliases = new Map<string, readonly Addressee[]>();
  for (const text of texts) {
    const joined = GO_ON.has(type) ? text.replaceAll(/\\?\r?\n[ \t]+(?=\S)/g, " ") : text;
    for (const line of joined.split(/\r?\n/)) {
      const found = LINES[type](line);
      if (found !== null) aliases.set(...found);
    }
  }
  return aliases;
}

/**
 * The addresses that an addressee stands for: itself, unless it is an alias.
 *
 * @throws FormatError if an alias stands for itself
 */
export function expandAlias(
  aliases: Aliases,
  addressee: Addressee,
  inside: readonly string[] = [],
): readonly Addressee[] {
  const { name, address } = addressee;
  const list = name === "" ? aliases.get(address) : undefined;
  if (list === undefined) return [addressee];
  if (inside.includes(address)) throw new FormatError(`the alias "${address}" stands for itself`);
  return list.flatMap((one) => expandAlias(aliases, one, [...inside, address]));
}
