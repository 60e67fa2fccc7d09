/**
 * Sections of a MAINTAINERS file, as Linux and others have it, and which patches are theirs: F, X and N by the rules
 * that the file itself explains at its top, K as far as it is a choice of words. The file may be anybody's: patterns are
 * data here, never regular expressions, and matching takes a time that is bounded by the pattern times the path. Pure.
 */

export interface MaintainedSection {
  readonly title: string;
  /** F: files and folders, with wildcards. X: those of them that are not meant. */
  readonly files: readonly string[];
  readonly excluded: readonly string[];
  /** N: what stands somewhere in a path. */
  readonly names: readonly string[];
  /** K: what stands in a changed line. */
  readonly keywords: readonly string[];
}

const MAX_FILE = 4 << 20;
const MAX_SECTIONS = 10_000;
/** Of one section. */
const MAX_PATTERNS = 1_000;
const MAX_PATTERN = 300;

/** Unknown letters, and lines that are too long, are passed over. Without a line of F, X, N or K it is no section. */
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
      // of several lines above the letters, the last one
      title = line.trim();
    }
  }
  end();
  return sections;
}

/** By its title, without case. The whole title, else the only one that it stands in. */
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

/** What a section looks for, as far as it can be looked for. */
export interface SectionFilter {
  readonly paths: readonly PathTest[];
  readonly excluded: readonly PathTest[];
  /** Beginnings of words in changed lines. */
  readonly words: readonly string[];
  /** Lines of it that are not read: `K: a(?=b)`. */
  readonly unread: readonly string[];
}

/** `file`, `folder`: a pattern of F or X, and what it names. `name`: of N. */
export interface PathTest {
  readonly kind: "file" | "folder" | "name";
  readonly pattern: string;
}

/** @param isFolder true for a path that is a folder in the repository */
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

export function pathPattern({ kind, pattern }: PathTest): PathPattern {
  if (kind !== "name") return filePattern(pattern, kind === "folder");
  return namePattern(pattern) ?? { prefix: "", matches: () => false };
}

const MAX_KEPT = 2_000;

/** For a database, which asks of one pattern and many paths. */
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

/** A pattern that can be matched: what it begins with, and the whole. */
interface PathPattern {
  /** Every path that it matches begins so. */
  readonly prefix: string;
  readonly matches: (path: string) => boolean;
}

/**
 * The rules of F and X, as get_maintainer.pl has them: `drivers/net/` is all below, `drivers/net/*` all in it but not
 * below. A path may go on behind a pattern, as `i2c-core.c` behind `i2c`, with as many slashes as the pattern. `*` and
 * `?` are any signs; with `**` the number of slashes does not count.
 *
 * @param isFolder it names a folder, whatever its end
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

/** A sign, any one, or any number of them. */
interface GlobStep {
  readonly kind: "sign" | "one" | "many";
  /** Of kind "sign". */
  readonly sign?: string;
}

function stepsOf(pattern: string): GlobStep[] {
  return Array.from(pattern.replaceAll(/\*+/g, "*"), (sign): GlobStep => {
    if (sign === "*") return { kind: "many" };
    return sign === "?" ? { kind: "one" } : { kind: "sign", sign };
  });
}

/** Goes back to the last `many` only: steps times signs, however hostile both are. */
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
 * N is a regular expression of Perl. What most are made of is read: letters, `\.`, `[^a-z]`, `.`, `^`, `$`. Null for
 * another one.
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

/** `\.`, a class of signs and ranges, any sign, a plain one; not if it is repeated. */
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

const MAX_WORDS = 200;
/** Of all K of a section. */
const MAX_SECTION_WORDS = 2_000;

/**
 * The words that a K names, if it is a choice of whole words or their beginnings: `of_get_profile`,
 * `\b(printk|pr_(info|err))\b`, `regulator_.*`. Null for another regular expression.
 */
export function keywordsIn(pattern: string): string[] | null {
  const inner = pattern.replaceAll("\\b", "").replaceAll("(?:", "(").replaceAll("\\.", ".");
  if (!/^[A-Za-z0-9_.|()-]+$/.test(inner)) return null;
  const reader = new Choices(inner);
  const words = reader.all();
  return words !== null && reader.isAtEnd && words.every((word) => /\w/.test(word)) ? words : null;
}

/** `a(b|c)|d` is ab, ac, d. */
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

  /** Null for what it cannot be, and for too many. */
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
