import { finding, type Finding, type FindingCode } from "../findings.ts";
import type { FilePatch } from "../types.ts";
import type { FileHeader } from "./header.ts";
import { LF, lineEnd } from "../primitives/bytes.ts";

/** A file patch, its place in the patch text, and what only this stage needs. */
export interface FoundPatch {
  readonly file: FilePatch;
  readonly start: number;
  readonly end: number;
  /** What follows the header; "notice" is `Binary files a/x and b/x differ`. */
  readonly body: "hunks" | "binary" | "notice" | "none";
  readonly header: FileHeader;
  readonly emptyLines: number;
}

interface DiffRule {
  readonly code: FindingCode;
  /** What one such file is or does. */
  readonly says: string;
  readonly applies: (patch: FoundPatch) => boolean;
}

const SYMLINK = 0o120000;
const GITLINK = 0o160000;
// U+202A–202E and U+2066–2069 in UTF-8, a character a byte: they change the order in which text is shown
const BIDI = /\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])/;
const CONTROL = /[\x00-\x1f\x7f]/;

/** What people should know of a file patch, all warnings. One finding a row, however many files. */
const CHECKS: readonly DiffRule[] = [
  {
    code: "symlink",
    says: "is a symbolic link",
    applies: ({ file }) => modeAfter(file) === SYMLINK,
  },
  {
    code: "gitlink",
    says: "is a submodule",
    applies: ({ file }) => modeAfter(file) === GITLINK,
  },
  {
    code: "mode-change",
    says: "changes its file mode",
    applies: ({ file }) =>
      file.oldMode !== null && file.newMode !== null && file.oldMode !== file.newMode,
  },
  {
    code: "no-prefix",
    says: "has no a/ and b/ before its name, and git takes a directory from it",
    applies: ({ header }) => !isKnownPrefix(header),
  },
  {
    code: "control-character-name",
    says: "has a control character in its name",
    applies: ({ header }) => someName(header, CONTROL),
  },
  {
    code: "binary-without-data",
    says: "is said to differ, without its content",
    applies: ({ body }) => body === "notice",
  },
];

/**
 * What a person should know about a diff that git would apply.
 *
 * @param pastHunk the first line that seems to belong to a hunk but does not, or ""
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
  for (const { code, says, applies } of CHECKS) {
    const such = patches.filter(applies);
    if (such.length === 0) continue;
    const others = such.length === 1 ? "" : ` (and ${such.length - 1} more)`;
    findings.push(finding(code, `${nameOf(such[0]!.file)} ${says}${others}`));
  }
  const bidi = hasBidi(canonical)
    ? "a line of the diff"
    : patches.some(({ header }) => someName(header, BIDI))
      ? "a file name"
      : "";
  if (bidi !== "") {
    findings.push(finding("bidi-control", `${bidi} has characters that reorder what is shown`));
  }
  if (pastHunk !== "") {
    findings.push(
      finding("line-past-hunk", `a line that git will not apply stands below a hunk: ${pastHunk}`),
    );
  }
  if (allCr) {
    findings.push(finding("all-cr", "all lines of the diff end in CR"));
  }
  return findings;
}

function modeAfter(file: FilePatch): number | null {
  return file.kind === "delete" ? null : file.newMode;
}

function nameOf(file: FilePatch): string {
  return (file.newName ?? file.oldName)?.toString("utf8") ?? "";
}

function someName({ oldName, newName }: FileHeader, pattern: RegExp): boolean {
  if (oldName !== null && pattern.test(oldName)) return true;
  return newName !== null && newName !== oldName && pattern.test(newName);
}

// what git writes: a/ and b/, or with diff.mnemonicPrefix c(ommit), i(ndex), o(bject), w(ork tree), 1 and 2
const GIT_PREFIX = /^[abciow12]$/;

/** True for git's own prefixes, for quilt's `linux.orig/` and `linux/`, and for `old/` and `new/`. */
function isKnownPrefix({ change, prefixes: [before, after] }: FileHeader): boolean {
  if (GIT_PREFIX.test(before) && GIT_PREFIX.test(after)) {
    return before !== after || change === "create" || change === "delete";
  }
  return before === `${after}.orig` || (before === "old" && after === "new");
}

const E2 = 0xe2;
/** The first byte of hunk lines that add nothing: context, deleted lines, "no newline" lines. */
const NOT_NEW = new Set(Buffer.from(" -\\"));

/** True if a header or an added line has a bidi control. Reads each line once. */
function hasBidi(canonical: Buffer): boolean {
  let at = canonical.indexOf(E2);
  while (at >= 0) {
    let next = at + 1;
    if (isBidi(canonical, at)) {
      const lineStart = canonical.lastIndexOf(LF, at) + 1;
      if (!NOT_NEW.has(canonical[lineStart]!)) return true;
      next = lineEnd(canonical, at);
    }
    at = canonical.indexOf(E2, next);
  }
  return false;
}

function isBidi(text: Buffer, at: number): boolean {
  const second = text[at + 1];
  const third = text[at + 2] ?? 0;
  if (second === 0x80) return third >= 0xaa && third <= 0xae;
  return second === 0x81 && third >= 0xa6 && third <= 0xa9;
}
