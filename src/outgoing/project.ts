/**
 * What a project asks of those who send to it: `.patchsig` at the top of its tree, or b4's `.b4-config`
 * (docs/sending.md, "What the project asks for"). Pure.
 */

import { FormatError } from "../errors.ts";
import { addressFault, formatAddressee, type Addressee, readAddressees } from "./addressee.ts";
import { isPlain } from "./state.ts";

/** Files at the top of a tree; the first that is there counts. */
export const PROJECT_FILES = [".patchsig", ".b4-config"] as const;
export type ProjectFile = (typeof PROJECT_FILES)[number];

export const MAX_PROJECT_FILE = 64 * 1024;
const MAX_ADDRESSES = 100;
const MAX_VALUE = 4000;

export interface Project {
  readonly file: ProjectFile;
  readonly to: readonly Addressee[];
  readonly cc: readonly Addressee[];
  /** Words before PATCH. */
  readonly prefix: readonly string[];
  /** Programs that print recipients of a patch; they run only if the user agrees. */
  readonly commands: readonly ProjectCommand[];
}

interface ProjectCommand {
  readonly field: "to" | "cc";
  /** For the shell. */
  readonly command: string;
}

/** The keys of a file, as git writes them. */
const KEYS: Readonly<Record<ProjectFile, Readonly<Record<string, string>>>> = {
  ".patchsig": {
    to: "send.to",
    cc: "send.cc",
    prefix: "send.prefix",
    toCmd: "send.tocmd",
    ccCmd: "send.cccmd",
  },
  ".b4-config": {
    to: "b4.send-series-to",
    cc: "b4.send-series-cc",
    prefix: "b4.send-prefixes",
    toCmd: "b4.send-auto-to-cmd",
    ccCmd: "b4.send-auto-cc-cmd",
  },
};

/**
 * @param values every value of a key in the file; other keys are ignored
 * @throws FormatError that says what is wrong: then the whole file is ignored
 */
export function readProject(
  file: ProjectFile,
  values: (key: string) => readonly string[],
): Project {
  const of = (name: string): readonly string[] => {
    const all = values(KEYS[file][name]!);
    for (const value of all)
      if (value.length > MAX_VALUE || !isPlain(value))
        throw new FormatError(`"${name}" is too long, or has invisible characters`);
    return all;
  };
  const addresses = (name: string): Addressee[] => of(name).flatMap(readAddressees);
  const project: Project = {
    file,
    to: addresses("to"),
    cc: addresses("cc"),
    prefix: of("prefix")
      .flatMap((value) => value.split(/[\s,]+/))
      .filter((word) => word !== ""),
    commands: [
      ...of("toCmd").map((command) => ({ field: "to", command }) as const),
      ...of("ccCmd").map((command) => ({ field: "cc", command }) as const),
    ],
  };
  const all = [...project.to, ...project.cc];
  if (all.length > MAX_ADDRESSES) throw new FormatError("it names too many addresses");
  for (const one of all) {
    const fault = addressFault(one);
    if (fault !== null) throw new FormatError(`"${formatAddressee(one)}": ${fault}`);
  }
  const word = project.prefix.find((word) => !/^[\w./-]{1,40}$/.test(word));
  if (word !== undefined) throw new FormatError(`"${word}" is no word for a subject`);
  return project;
}
