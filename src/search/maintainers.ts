/**
 * Reads the sections of a MAINTAINERS file, as in Linux, and finds the patches that belong to one: by F, X and N, whose
 * rules the file explains at its top, and by K, if it is a choice of words. Nobody need trust the file: its patterns are
 * never run as regular expressions, and a match takes at most as many steps as the pattern's length times the path's.
 * Pure.
 */

/** A section of MAINTAINERS: its patterns, as they are written. */
export interface MaintainedSection {
  readonly title: string;
  /** F: files and folders, with wildcards. X: those to leave out. */
  readonly files: readonly string[];
  readonly excluded: readonly string[];
  /** N: regular expressions for paths. */
  readonly names: readonly string[];
  /** K: regular expressions for changed lines. */
  readonly keywords: readonly string[];
}

/** Characters. */
const MAX_FILE = 4 << 20;
const MAX_SECTIONS = 10_000;
/** Patterns of one letter in a section, and characters of a pattern. */
const MAX_PATTERNS = 1_000;
const MAX_PATTERN = 300;

/** Ignores other letters, and patterns that are too long. A section without F, N and K is left out. */
export function parseMaintainers(text: string): MaintainedSection[] {
  const sections: MaintainedSection[] = [];
  let title = "";
  let lines: [kind: string, value: string][] = [];
  const end = (): void => {
    const of = (kind: string): string[] =>
      lines.flatMap(([one, value]) => (one === kind ? [value] : [])).slice(0, MAX_PATTERNS);
    const [files, excluded, names, keywords] = ["F", "X", "N", "K"].map(of) as [
      string[],
      string[],
      string[],
      string[],
    ];
    if (title !== "" && files.length + names.length + keywords.length > 0)
      sections.push({ title, files, excluded, names, keywords });
    lines = [];
  };
  for (const line of text.slice(0, MAX_FILE).split("\n")) {
    if (sections.length === MAX_SECTIONS) break;
    const [, kind, value] = /^([A-Z]):\s*(\S.*?)\s*$/.exec(line) ?? [];
    if (kind !== undefined && value !== undefined) {
      if (value.length <= MAX_PATTERN) lines.push([kind, value]);
    } else if (/^\S/.test(line)) {
      if (lines.length > 0) end();
      // if several lines stand above the letters, the last is the title
      title = line.trim();
    }
  }
  end();
  return sections;
}

/**
 * The section with this title, in any case; else the only section with `name` in its title.
 *
 * @returns null if there is none, or several
 */
export function sectionNamed(
  sections: readonly MaintainedSection[],
  name: string,
): MaintainedSection | null {
  const wanted = name.trim().toLowerCase();
  const whole = sections.find(({ title }) => title.toLowerCase() === wanted);
  if (whole !== undefined) return whole;
  const [one, ...more] = sections.filter(({ title }) => title.toLowerCase().includes(wanted));
  return one === undefined || more.length > 0 ? null : one;
}

/** What to search for a section. */
export interface SectionFilter {
  readonly paths: readonly PathTest[];
  readonly excluded: readonly PathTest[];
  /** What words in changed lines begin with. */
  readonly words: readonly string[];
  /** Lines of the section that this program cannot search for, such as `K: a(?=b)`. */
  readonly unread: readonly string[];
}

/** `file`, `folder`: a pattern of F or X, which names a file or a folder. `name`: a pattern of N. */
export interface PathTest {
  readonly kind: "file" | "folder" | "name";
  readonly pattern: string;
}

/** @param isFolder says whether a path is a folder in the repository */
export function filterOf(
  { files, excluded, names, keywords }: MaintainedSection,
  isFolder: (path: string) => boolean,
): SectionFilter {
  const fileTest = (pattern: string): PathTest => ({
    kind: isFolder(pattern) ? "folder" : "file",
    pattern,
  });
  const [readNames, otherNames] = parted(names, (name) => namePattern(name) !== null);
  const words: string[] = [];
  const [, otherWords] = parted(keywords, (word) => {
    const its = keywordsIn(word);
    if (its === null || words.length + its.length > MAX_SECTION_WORDS) return false;
    words.push(...its);
    return true;
  });
  return {
    paths: [
      ...files.map(fileTest),
      ...readNames.map((pattern) => ({ kind: "name", pattern }) as const),
    ],
    excluded: excluded.map(fileTest),
    words,
    unread: [...otherNames.map((one) => `N: ${one}`), ...otherWords.map((one) => `K: ${one}`)],
  };
}

function parted(all: readonly string[], is: (one: string) => boolean): [string[], string[]] {
  const yes = new Set(all.filter(is));
  return [[...yes], all.filter((one) => !yes.has(one))];
}

/** A pattern of N that cannot be read matches nothing. */
export function pathPattern({ kind, pattern }: PathTest): PathPattern {
  if (kind !== "name") return filePattern(pattern, kind === "folder");
  return namePattern(pattern) ?? { prefix: "", matches: () => false };
}

/** Patterns that a matcher keeps. */
const MAX_KEPT = 2_000;

/**
 * A function for SQLite, which tests many paths against one pattern: it keeps the patterns that it has read.
 *
 * @returns 1 if the path matches, else 0
 */
export function pathMatcher(): (kind: string, pattern: string, path: string) => number {
  const kept = new Map<string, PathPattern>();
  return (kind, pattern, path) => {
    const key = `${kind} ${pattern}`;
    let found = kept.get(key);
    if (found === undefined) {
      if (kept.size >= MAX_KEPT) kept.clear();
      found = pathPattern({ kind: kind as PathTest["kind"], pattern });
      kept.set(key, found);
    }
    return found.matches(path) ? 1 : 0;
  };
}

/** A pattern that was read. */
interface PathPattern {
  /** What every path that it matches begins with. */
  readonly prefix: string;
  readonly matches: (path: string) => boolean;
}

/**
 * Reads a pattern of F or X, by the rules of get_maintainer.pl. `drivers/net/` matches all files below that folder,
 * `drivers/net/*` only the files in it. A pattern matches longer paths too, as `i2c` matches `i2c-core.c`, but only with
 * as many slashes as the pattern has, unless it contains `**`. `*` stands for any characters, `?` for any one.
 *
 * @param isFolder true if the pattern names a folder, even without a slash at its end
 */
export function filePattern(pattern: string, isFolder: boolean): PathPattern {
  const whole = isFolder && !pattern.endsWith("/") ? `${pattern}/` : pattern;
  const [prefix = ""] = /^[^*?]*/.exec(whole)!;
  const steps = stepsOf(`${whole}*`);
  const slashes = slashesIn(whole);
  const isDeep = whole.endsWith("/") || whole.includes("**");
  return {
    prefix,
    matches: (path) => (isDeep || slashesIn(path) === slashes) && matchesSteps(steps, path),
  };
}

function slashesIn(text: string): number {
  return text.split("/").length - 1;
}

/** A step of a pattern: a character, any one character (`?`), or any number of characters (`*`). */
interface GlobStep {
  readonly kind: "sign" | "one" | "many";
  /** The character of a step "sign". */
  readonly sign?: string;
}

function stepsOf(pattern: string): GlobStep[] {
  return Array.from(pattern.replaceAll(/\*+/g, "*"), (sign): GlobStep => {
    if (sign === "*") return { kind: "many" };
    return sign === "?" ? { kind: "one" } : { kind: "sign", sign };
  });
}

/** Goes back to the last `*` only, so it takes at most steps times characters, whatever the pattern. */
function matchesSteps(steps: readonly GlobStep[], text: string): boolean {
  let [step, at] = [0, 0];
  let [many, tried] = [-1, 0];
  while (at < text.length) {
    const one = steps[step];
    if (one?.kind === "many") [many, tried, step] = [step, at, step + 1];
    else if (one !== undefined && (one.kind === "one" || one.sign === text[at])) {
      step++;
      at++;
    } else if (many >= 0) [step, at] = [many + 1, ++tried];
    else return false;
  }
  while (steps[step]?.kind === "many") step++;
  return step === steps.length;
}

/**
 * Reads a pattern of N, a Perl regular expression, if it has no more than most: letters, `\.`, `[^a-z]`, `.`, `^`, `$`.
 *
 * @returns null for any other expression
 */
export function namePattern(pattern: string): PathPattern | null {
  const units: ((sign: string) => boolean)[] = [];
  let rest = pattern;
  const isAtStart = rest.startsWith("^");
  if (isAtStart) rest = rest.slice(1);
  const isAtEnd = rest.endsWith("$") && !rest.endsWith("\\$");
  if (isAtEnd) rest = rest.slice(0, -1);
  while (rest !== "") {
    const unit = UNIT.exec(rest);
    if (unit === null) return null;
    const [whole, escaped, none, signs, plain] = unit;
    units.push(unitOf(escaped, none, signs, plain));
    rest = rest.slice(whole.length);
  }
  return {
    prefix: "",
    matches: (path) => {
      const last = path.length - units.length;
      const first = isAtEnd ? last : 0;
      for (let at = first; at <= (isAtStart ? Math.min(0, last) : last); at++)
        if (at >= 0 && units.every((fits, i) => fits(path[at + i]!))) return true;
      return false;
    },
  };
}

/** An escaped character, a class such as `[^a-z]`, `.`, or a plain character, not repeated by `*`, `+`, `?` or `{`. */
const UNIT =
  /^(?:\\([./_+-])|\[(\^?)((?:[A-Za-z0-9_./]-[A-Za-z0-9_./]|[A-Za-z0-9_./])+)\]|([A-Za-z0-9_./:-]))(?![*+?{])/;

function unitOf(
  escaped: string | undefined,
  none: string | undefined,
  signs: string | undefined,
  plain: string | undefined,
): (sign: string) => boolean {
  if (plain === ".") return () => true;
  if (signs === undefined) return (sign) => sign === (escaped ?? plain);
  const ranges = [...signs.matchAll(/(.)(?:-(.))?/g)].map(([, from, to]) => [from!, to ?? from!]);
  return (sign) => ranges.some(([from, to]) => from! <= sign && sign <= to!) === (none !== "^");
}

/** Words of one K. */
const MAX_WORDS = 200;
/** Words of all K of a section. */
const MAX_SECTION_WORDS = 2_000;

/**
 * The words that a K names, if it is a choice of words or of their beginnings: `of_get_profile`,
 * `\b(printk|pr_(info|err))\b`.
 *
 * @returns null for any other regular expression
 */
export function keywordsIn(pattern: string): string[] | null {
  const inner = pattern.replaceAll("\\b", "").replaceAll("(?:", "(").replaceAll("\\.", ".");
  if (!/^[A-Za-z0-9_.|()-]+$/.test(inner)) return null;
  const reader = new Choices(inner);
  const words = reader.all();
  return words !== null && reader.isAtEnd && words.every((word) => /\w/.test(word)) ? words : null;
}

/** Expands choices: `a(b|c)|d` gives ab, ac, d. */
class Choices {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Null if the brackets do not match, or if there are too many words. */
  all(): string[] | null {
    const found: string[] = [];
    for (;;) {
      const one = this.#sequence();
      if (one === null || found.length + one.length > MAX_WORDS) return null;
      found.push(...one);
      if (this.#text[this.#at] !== "|") return found;
      this.#at++;
    }
  }

  #sequence(): string[] | null {
    let words = [""];
    for (;;) {
      const sign = this.#text[this.#at];
      if (sign === undefined || sign === "|" || sign === ")") return words;
      this.#at++;
      let next: string[] | null = [sign];
      if (sign === "(") {
        if (++this.#depth > 10) return null;
        next = this.all();
        if (next === null || this.#text[this.#at++] !== ")") return null;
        this.#depth--;
      }
      if (words.length * next.length > MAX_WORDS) return null;
      const ends = next;
      words = words.flatMap((word) => ends.map((end) => word + end));
    }
  }
}
