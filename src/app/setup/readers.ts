/** Mail readers that patchsig can be called from, and how: found by their settings, else as programs. */

import { readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { isProgram } from "../../git/committed.ts";
import { homeFolder } from "../../places.ts";

/** A mail reader that is there. */
export interface MailReader {
  readonly name: string;
  /** Its settings, where the line belongs; null if there are none, or if the line is typed. */
  readonly file: string | null;
  /** What to add or to type, so that it verifies a message. */
  readonly line: string;
  /** To be told: there are settings for it, or it is the only one, and it does not know patchsig yet. */
  readonly isNews: boolean;
}

interface KnownReader {
  readonly name: string;
  /** Below the home folder; the first that is there. */
  readonly files: readonly string[];
  readonly line: string;
  /** The line is typed in the reader, or in a shell. */
  readonly typed: boolean;
}

const MACRO = 'macro index,pager V "<pipe-message>git patchsig verify<enter>"';

const READERS: readonly KnownReader[] = [
  {
    name: "neomutt",
    files: [".neomuttrc", ".config/neomutt/neomuttrc", ".neomutt/neomuttrc"],
    line: MACRO,
    typed: false,
  },
  {
    name: "mutt",
    files: [".muttrc", ".mutt/muttrc", ".config/mutt/muttrc"],
    line: MACRO,
    typed: false,
  },
  {
    name: "aerc",
    files: [".config/aerc/aerc.conf"],
    line: ":pipe -m git patchsig verify",
    typed: true,
  },
  {
    name: "notmuch",
    files: [".notmuch-config", ".config/notmuch/default/config"],
    line: "notmuch show --format=mbox thread:ID | git patchsig verify",
    typed: true,
  },
];

/** Larger settings are not looked into. */
const MAX_SETTINGS = 1 << 20;

/** Those that the user has settings for; if there are none, those that are installed. */
export function mailReaders(): readonly MailReader[] {
  const found = READERS.map((reader) => {
    const files = reader.files.map((name) => join(homeFolder(), name));
    return { reader, file: files.find(isSettings) ?? null };
  });
  const used = found.filter(({ file }) => file !== null);
  const seen = used.length > 0 ? used : found.filter(({ reader }) => isInstalled(reader.name));
  return seen.map(({ reader: { name, line, typed }, file }) => ({
    name,
    file: typed ? null : file,
    line,
    isNews:
      file === null ? seen.length === 1 : !readFileSync(file, "latin1").includes("git patchsig"),
  }));
}

function isSettings(file: string): boolean {
  try {
    const stat = statSync(file);
    return stat.isFile() && stat.size <= MAX_SETTINGS;
  } catch {
    return false;
  }
}

function isInstalled(name: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => folder !== "" && isProgram(join(folder, name)));
}
