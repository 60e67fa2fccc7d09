/** What `git apply --whitespace=fix` mends of the lines that a diff adds: core.whitespace in git-config(1). */

/** The problems that are noticed, by their names in core.whitespace. */
export interface WhitespaceRules {
  readonly names: ReadonlySet<string>;
  /** Columns of a tab. */
  readonly tabWidth: number;
}

const TRAILING = ["blank-at-eol", "blank-at-eof"];
const USUAL = [...TRAILING, "space-before-tab"];
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "trailing-space": TRAILING,
  "space-before-tab": ["space-before-tab"],
  "indent-with-non-tab": ["indent-with-non-tab"],
  "cr-at-eol": ["cr-at-eol"],
  "blank-at-eol": ["blank-at-eol"],
  "blank-at-eof": ["blank-at-eof"],
  "tab-in-indent": ["tab-in-indent"],
  "incomplete-line": ["incomplete-line"],
};

/** @param value of core.whitespace; "" for git's default. git takes names that are cut short. */
export function whitespaceRules(value: string): WhitespaceRules {
  const names = new Set(USUAL);
  let tabWidth = 8;
  for (const word of value.split(/[\s,]+/)) {
    const [, minus = "", text = ""] = /^(-?)(.*)$/s.exec(word)!;
    const width = /^tabwidth=(\d+)$/.exec(text)?.[1];
    if (width !== undefined) tabWidth = Number(width);
    const name = text === "" ? undefined : Object.keys(NAMES).find((n) => n.startsWith(text));
    for (const one of name === undefined ? [] : NAMES[name]!)
      if (minus === "") names.add(one);
      else names.delete(one);
  }
  return { names, tabWidth };
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const BLANK = /^[ \t\r]*$/;

/** One file of a diff, while its lines are read. */
interface FileLines {
  /** An old line ends in CR: then git takes the CRs of the new ones for line ends. */
  oldCr: boolean;
  /** So does a new one. */
  newCr: boolean;
}

/**
 * Whether git would mend a line of the diff. Whether a blank line stands at the end of its file, the
 * diff tells only as far as its hunk goes; what the tree's attributes say of white space, it does not.
 */
export function wouldMend(diff: Buffer, rules: WhitespaceRules): boolean {
  const { names } = rules;
  const files: FileLines[] = [];
  let file: FileLines = { oldCr: false, newCr: false };
  let [oldLeft, newLeft] = [0, 0];
  let before = "";
  let blankAtEnd = false;
  for (const line of diff.toString("latin1").split("\n")) {
    const kind = line[0] ?? " ";
    if (kind === "\\") {
      if (before === "+" && names.has("incomplete-line")) return true;
      continue;
    }
    if (oldLeft <= 0 && newLeft <= 0) {
      if (blankAtEnd && names.has("blank-at-eof")) return true;
      blankAtEnd = false;
      before = "";
      if (line.startsWith("--- ")) files.push((file = { oldCr: false, newCr: false }));
      const [head, old = "1", fresh = "1"] = HUNK.exec(line) ?? [];
      if (head !== undefined) [oldLeft, newLeft] = [Number(old), Number(fresh)];
      continue;
    }
    const text = line.slice(1);
    if (kind !== "+") oldLeft--;
    if (kind !== "-") newLeft--;
    before = kind;
    file.oldCr ||= kind !== "+" && text.endsWith("\r");
    if (kind === "-") continue;
    if (!BLANK.test(text)) blankAtEnd = false;
    else if (kind === "+") blankAtEnd = true;
    if (kind !== "+") continue;
    const bare = text.replace(/\r$/, "");
    if (isWrong(bare, rules)) return true;
    file.newCr ||= bare !== text;
  }
  const endsInCr = files.some(({ oldCr, newCr }) => newCr && !oldCr);
  return endsInCr && names.has("blank-at-eol") && !names.has("cr-at-eol");
}

/** A new line without the CR that may be part of its end. */
function isWrong(line: string, { names, tabWidth }: WhitespaceRules): boolean {
  const [indent] = /^[ \t]*/.exec(line)!;
  return (
    (names.has("blank-at-eol") && /[ \t\r]$/.test(line)) ||
    (names.has("space-before-tab") && indent.includes(" \t")) ||
    (names.has("tab-in-indent") && indent.includes("\t")) ||
    (names.has("indent-with-non-tab") && indent.includes(" ".repeat(tabWidth)))
  );
}
