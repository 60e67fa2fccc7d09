import type { FilePatch, Finding } from "../types.ts";
import { lineEnd } from "./diff-text.ts";

/** A file patch, where it stands in the patch text, and what only this stage needs to know of it. */
export interface FoundPatch {
  readonly file: FilePatch;
  readonly start: number;
  readonly end: number;
  /** What follows the header; "notice" is `Binary files a/x and b/x differ`. */
  readonly body: "hunks" | "binary" | "notice" | "none";
  /** The directories that -p1 took from the old and the new name. */
  readonly prefixes: readonly [string, string];
  readonly emptyLines: number;
}

interface Check {
  readonly code: string;
  /** What one such file is or does. */
  readonly says: string;
  readonly hint: string;
  readonly applies: (patch: FoundPatch) => boolean;
}

const SYMLINK = 0o120000;
const GITLINK = 0o160000;
// U+202A–202E and U+2066–2069 in UTF-8: they change the order in which text is shown
const BIDI_NAME = /[\u202a-\u202e\u2066-\u2069]/;
const CONTROL = /[\x00-\x1f\x7f]/;

/** What people should know of a file patch, all warnings. One finding a row, however many files. */
const CHECKS: readonly Check[] = [
  {
    code: "symlink",
    says: "is a symbolic link",
    hint: "see where it points",
    applies: ({ file }) => modeAfter(file) === SYMLINK,
  },
  {
    code: "gitlink",
    says: "is a submodule",
    hint: "see which commit it names",
    applies: ({ file }) => modeAfter(file) === GITLINK,
  },
  {
    code: "mode-change",
    says: "changes its file mode",
    hint: "see that it should become, or stop being, executable",
    applies: ({ file }) =>
      file.oldMode !== null && file.newMode !== null && file.oldMode !== file.newMode,
  },
  {
    code: "no-prefix",
    says: "has no a/ and b/ before its name, and git takes a directory from it",
    hint: "see that the patch is for the file that it seems to be for",
    applies: ({ file, prefixes }) => !isKnownPrefix(file, prefixes),
  },
  {
    code: "control-character-name",
    says: "has a control character in its name",
    hint: "do not print the name to a terminal",
    applies: ({ file }) => someName(file, CONTROL),
  },
  {
    code: "binary-without-data",
    says: "is said to differ, without its content",
    hint: "git applies it only if the repository has the new content already",
    applies: ({ body }) => body === "notice",
  },
];

/**
 * What a person may want to know of a diff that git would apply.
 *
 * @param pastHunk the first line that seems to belong to a hunk and does not, or ""
 * @returns findings `symlink`, `gitlink`, `mode-change`, `no-prefix`, `control-character-name`,
 *   `binary-without-data`, `bidi-control`, `line-past-hunk` (warn) and `all-cr` (info), each at most once
 */
export function diffFindings(
  patches: readonly FoundPatch[],
  canonical: Buffer,
  allCr: boolean,
  pastHunk: string,
): Finding[] {
  const findings: Finding[] = [];
  for (const { code, says, hint, applies } of CHECKS) {
    const first = patches.find(applies);
    if (first === undefined) continue;
    const more = patches.filter(applies).length - 1;
    const others = more === 0 ? "" : ` (and ${more} more)`;
    findings.push(warning(code, `${nameOf(first.file)} ${says}${others}`, hint));
  }
  const bidi = findBidi(canonical) ?? patches.find(({ file }) => someName(file, BIDI_NAME));
  if (bidi !== undefined) {
    const where = typeof bidi === "number" ? "a line of the diff" : "a file name";
    findings.push(
      warning(
        "bidi-control",
        `${where} has characters that reorder what is shown`,
        "read the diff in a viewer that shows them",
      ),
    );
  }
  if (pastHunk !== "") {
    findings.push(
      warning(
        "line-past-hunk",
        `a line that git will not apply stands below a hunk: ${pastHunk}`,
        "the hunk's counts leave it out",
      ),
    );
  }
  if (allCr) {
    findings.push({
      code: "all-cr",
      severity: "info",
      message: "all lines of the diff end in CR",
      hint: "the same signature holds for the diff without them",
    });
  }
  return findings;
}

function warning(code: string, message: string, hint: string): Finding {
  return { code, severity: "warn", message, hint };
}

function modeAfter(file: FilePatch): number | null {
  return file.kind === "delete" ? null : file.newMode;
}

function nameOf(file: FilePatch): string {
  return (file.newName ?? file.oldName)?.toString("utf8") ?? "";
}

function someName({ oldName, newName }: FilePatch, pattern: RegExp): boolean {
  return [oldName, newName].some((name) => name !== null && pattern.test(name.toString("utf8")));
}

// what git writes: a/ and b/, or with diff.mnemonicPrefix c(ommit), i(ndex), o(bject), w(ork tree), 1 and 2
const GIT_PREFIX = /^[abciow12]$/;

/** True for git's own prefixes and for quilt's `linux.orig/` and `linux/`. */
function isKnownPrefix({ kind }: FilePatch, [before, after]: readonly [string, string]): boolean {
  if (before === `${after}.orig`) return true;
  const oneSided = kind === "create" || kind === "delete";
  return GIT_PREFIX.test(before) && GIT_PREFIX.test(after) && (before !== after || oneSided);
}

const E2 = 0xe2;

/** The offset of a bidi control in a header or an added line, if there is one. Linear, however many there are. */
function findBidi(canonical: Buffer): number | undefined {
  let lineStart = 0;
  let at = canonical.indexOf(E2);
  if (at > 0) lineStart = canonical.lastIndexOf(0x0a, at) + 1;
  while (at >= 0 && at < canonical.length) {
    const byte = canonical[at];
    if (byte === 0x0a) lineStart = at + 1;
    else if (byte === E2 && isBidi(canonical, at)) {
      if (isShownAsNew(canonical[lineStart])) return at;
      at = lineEnd(canonical, at);
      continue;
    }
    at++;
  }
  return undefined;
}

function isBidi(text: Buffer, at: number): boolean {
  const second = text[at + 1];
  const third = text[at + 2] ?? 0;
  if (second === 0x80) return third >= 0xaa && third <= 0xae;
  return second === 0x81 && third >= 0xa6 && third <= 0xa9;
}

const NOT_NEW = new Set(Buffer.from(" -\\"));

/** False for lines of a hunk that add nothing: context, deleted lines, "no newline" lines. */
function isShownAsNew(first: number | undefined): boolean {
  return first !== undefined && !NOT_NEW.has(first);
}
