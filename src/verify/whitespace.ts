/** What `git apply --whitespace=fix` changes in added lines: core.whitespace in git-config(1). */

/** The problems, by their names in core.whitespace. */
export interface WhitespaceRules {
  readonly names: ReadonlySet<string>;
  /** Columns of a tab. */
  readonly tabWidth: number;
}

/** git ignores a wider one. */
const MAX_TAB = 63;
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

/**
 * @param value of core.whitespace; "" for git's default. Commas alone separate its words, git takes names that
 *   are cut short, and ignores what it does not know.
 */
export function whitespaceRules(value: string): WhitespaceRules {
  const names = new Set(USUAL);
  let tabWidth = 8;
  for (const word of value.split(",")) {
    const [, minus, text = ""] = /^[ \t\r\n]*(-?)(.*)$/s.exec(word)!;
    const width = Number(/^tabwidth=(\d+)/.exec(text)?.[1]);
    if (width >= 1 && width <= MAX_TAB) tabWidth = width;
    const name = text === "" ? undefined : Object.keys(NAMES).find((n) => n.startsWith(text));
    for (const one of name === undefined ? [] : NAMES[name]!)
      if (minus === "") names.add(one);
      else names.delete(one);
  }
  return { names, tabWidth };
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const BLANK = /^[ \t\r]*$/;

interface Hunk {
  /** Hunks of one file have one number. */
  readonly file: number;
  /** With the sign at the start of each, and with git's remarks on missing line ends. */
  readonly lines: string[];
}

/**
 * Whether git would fix a line of the diff. The diff shows only within a hunk whether a blank line is
 * at the end of its file; it does not show the tree's attributes about white space.
 */
export function wouldMend(diff: Buffer, rules: WhitespaceRules): boolean {
  const { names } = rules;
  const hunks = hunksOf(diff.toString("latin1").split("\n"));
  return (
    (names.has("incomplete-line") && hunks.some(hasIncompleteLine)) ||
    (names.has("blank-at-eof") && hunks.some(addsBlankEnd)) ||
    hunks.some(({ lines }) =>
      lines.some((line) => line[0] === "+" && isWrong(bare(line), rules)),
    ) ||
    (names.has("blank-at-eol") && !names.has("cr-at-eol") && addsFirstCr(hunks))
  );
}

function hunksOf(lines: readonly string[]): Hunk[] {
  const hunks: Hunk[] = [];
  let [file, oldLeft, newLeft] = [0, 0, 0];
  for (const line of lines) {
    if (line.startsWith("\\")) hunks.at(-1)?.lines.push(line);
    else if (oldLeft > 0 || newLeft > 0) {
      hunks.at(-1)!.lines.push(line);
      if (line[0] !== "+") oldLeft--;
      if (line[0] !== "-") newLeft--;
    } else {
      if (line.startsWith("--- ")) file++;
      const [head, old = "1", fresh = "1"] = HUNK.exec(line) ?? [];
      if (head === undefined) continue;
      [oldLeft, newLeft] = [Number(old), Number(fresh)];
      hunks.push({ file, lines: [] });
    }
  }
  return hunks;
}

function hasIncompleteLine({ lines }: Hunk): boolean {
  return lines.some((line, i) => line[0] === "\\" && lines[i - 1]?.[0] === "+");
}

/** Whether an added line is one of the blank lines at the end of the new text. */
function addsBlankEnd({ lines }: Hunk): boolean {
  const last = lines.findLastIndex((line) => line[0] === "-" || !BLANK.test(line.slice(1)));
  return lines.slice(last + 1).some((line) => line[0] === "+");
}

/** Whether added lines of a file end in CR and no old one does: then the CR is not part of the line end. */
function addsFirstCr(hunks: readonly Hunk[]): boolean {
  const ofFile = new Map<number, { oldCr: boolean; newCr: boolean }>();
  for (const { file, lines } of hunks) {
    const { oldCr, newCr } = ofFile.get(file) ?? { oldCr: false, newCr: false };
    const ended = lines.filter((line) => line.endsWith("\r") && line[0] !== "\\");
    ofFile.set(file, {
      oldCr: oldCr || ended.some((line) => line[0] !== "+"),
      newCr: newCr || ended.some((line) => line[0] === "+"),
    });
  }
  return [...ofFile.values()].some(({ oldCr, newCr }) => newCr && !oldCr);
}

/** A hunk line without its sign and the CR of its line end, if any. */
function bare(line: string): string {
  return line.slice(1).replace(/\r$/, "");
}

/** An added line without the CR of its line end, if any. */
function isWrong(line: string, { names, tabWidth }: WhitespaceRules): boolean {
  const [indent] = /^[ \t]*/.exec(line)!;
  return (
    (names.has("blank-at-eol") && /[ \t\r]$/.test(line)) ||
    (names.has("space-before-tab") && indent.includes(" \t")) ||
    (names.has("tab-in-indent") && indent.includes("\t")) ||
    (names.has("indent-with-non-tab") && indent.includes(" ".repeat(tabWidth)))
  );
}
