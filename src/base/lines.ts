/**
 * What the text of a mail says about the tree that a series was made against: git's own lines
 * (git-format-patch(1), "BASE TREE INFORMATION"), our `base-tree:`, and what a series needs before
 * it, as b4 (`change-id:`, `prerequisite-…:`) and Patchwork (`Depends-on:`) write it.
 *
 *     base-commit: <full name>             the first one counts
 *     base-tree: <url> <branch>            where that commit can be had
 *     prerequisite-patch-id: <patch-id>    oldest first
 *     prerequisite-message-id: <id>        Depends-on: or Based-on: <id>, or a URL that ends in one
 *     prerequisite-change-id: <id>:v3      change-id: <id> is the series' own
 */

/** A series that this one is to be applied after. */
export type Dependency =
  /** A Message-ID without its angle brackets. */
  | { readonly kind: "message"; readonly id: string }
  | { readonly kind: "change"; readonly id: string; readonly version: number | null }
  /** A number in a Patchwork, or anything else that cannot be looked up: for people. */
  | { readonly kind: "other"; readonly id: string };

export interface BaseProblem {
  readonly kind: "commit" | "tree" | "prerequisite" | "too-many";
  /** What was met; quotes the mail. */
  readonly text: string;
}

/** What the base lines of a mail, or of a series, say. They are not signed. */
export interface BaseLines {
  readonly commit: string | null;
  /** The commits that base lines name, each once; at most two are kept. */
  readonly named: readonly string[];
  /** `<url> <branch>`, of characters that are safe to repeat in a command. */
  readonly tree: string | null;
  /** Full patch-ids, in the order in which they are to be applied. */
  readonly prerequisites: readonly string[];
  readonly dependencies: readonly Dependency[];
  readonly changeId: string | null;
  /** The first problem of each kind. */
  readonly problems: readonly BaseProblem[];
}

export const NO_BASE_LINES: BaseLines = {
  commit: null,
  named: [],
  tree: null,
  prerequisites: [],
  dependencies: [],
  changeId: null,
  problems: [],
};

/** More than git lists for any useful base; a hostile mail can have any number. */
export const MAX_PREREQUISITES = 1000;
const MAX_DEPENDENCIES = 100;
const MAX_QUOTED = 100;

const LINE =
  /(?<![^\n])(?:((?:base-(?:commit|tree)|change-id|prerequisite-(?:patch|message|change)-id):[ \t]*)|((?:Depends|Based)-on:))([^\n]*)/gi;
const MARKS = /^(?:base|based|prerequisite|change|depends)-/im;
/** A full name or patch-id. A remark may follow, like `(tag: v6.1)`: b4 accepts that too. */
const NAME = /^([0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-z])/;
/**
 * What git could read as the name of a commit: not the date in `next-20261124`, but the end of
 * git-describe(1)'s `v6.1-3-g1a2b3c4`.
 */
const COMMIT = /(?:(?<![\w.-])|-g)[0-9a-f]{7,}(?!\w)/;
const TREE = /^(?:https?|git|ssh):\/\/[\w.~:/@%+-]{1,300} [\w.][\w./-]{0,199}$/;
const CHANGE = /^([\w.-]{1,200})(?::v(\d{1,4}))?$/;
const MESSAGE =
  /^<?(?:https?:\/\/[\w.:-]+\/(?:[\w.~%+-]+\/)*)?([^\s<>/]{1,200}@[^\s<>/]{1,200}?)\/?>?$/;

/**
 * Reads the base lines in text outside the diff, in upper or lower case. Quoted (`> base-commit:`) and
 * indented lines do not count, nor does anything but a full object name or patch-id: `v6.9-rc1` or
 * seven digits name no commit. A remark may follow.
 */
export function readBaseLines(texts: readonly Buffer[]): BaseLines {
  let found: Collector | null = null;
  for (const bytes of texts) {
    const whole = bytes.toString("utf8");
    if (!MARKS.test(whole)) continue;
    found ??= new Collector();
    for (const [, key, depends, text] of whole.matchAll(LINE))
      found.take(
        depends === undefined ? key!.trimEnd().slice(0, -1).toLowerCase() : "depends-on",
        text!.trim(),
      );
  }
  return found ?? NO_BASE_LINES;
}

class Collector implements BaseLines {
  commit: string | null = null;
  readonly named: string[] = [];
  tree: string | null = null;
  changeId: string | null = null;
  readonly prerequisites: string[] = [];
  readonly dependencies: Dependency[] = [];
  readonly problems: BaseProblem[] = [];

  take(key: string, value: string): void {
    switch (key) {
      case "base-commit":
        this.#base(value);
        break;
      case "base-tree":
        if (TREE.test(value)) this.tree ??= value;
        else this.#problem("tree", value);
        break;
      case "prerequisite-patch-id":
        this.#need(value);
        break;
      case "change-id":
        this.changeId ??= CHANGE.exec(value)?.[1] ?? null;
        break;
      case "prerequisite-change-id":
        this.#depend(changeOf(value));
        break;
      case "prerequisite-message-id":
      case "depends-on":
        this.#depend(messageOf(value));
        break;
      default:
    }
  }

  #base(value: string): void {
    const text = value.toLowerCase();
    const [, commit] = NAME.exec(text) ?? [];
    const name = commit ?? text.slice(0, MAX_QUOTED);
    if (COMMIT.test(text) && this.named.length < 2 && !this.named.includes(name))
      this.named.push(name);
    if (commit === undefined || (this.commit ?? commit) !== commit) this.#problem("commit", value);
    else this.commit = commit;
  }

  #need(value: string): void {
    const [, id] = NAME.exec(value.toLowerCase()) ?? [];
    if (id === undefined) this.#problem("prerequisite", value);
    else if (this.prerequisites.length >= MAX_PREREQUISITES) this.#problem("too-many", "");
    else this.prerequisites.push(id);
  }

  #problem(kind: BaseProblem["kind"], value: string): void {
    if (!this.problems.some((problem) => problem.kind === kind))
      this.problems.push({ kind, text: value.slice(0, MAX_QUOTED) });
  }

  #depend(dependency: Dependency): void {
    if (dependency.id === "") return;
    if (this.dependencies.length >= MAX_DEPENDENCIES) return this.#problem("too-many", "");
    const known = ({ kind, id }: Dependency): boolean =>
      kind === dependency.kind && id === dependency.id;
    if (!this.dependencies.some(known)) this.dependencies.push(dependency);
  }
}

function changeOf(value: string): Dependency {
  const [, id, version] = CHANGE.exec(value) ?? [];
  if (id === undefined) return { kind: "other", id: value.slice(0, MAX_QUOTED) };
  return { kind: "change", id, version: version === undefined ? null : Number(version) };
}

function messageOf(value: string): Dependency {
  // a title may follow
  const [, id] = MESSAGE.exec(value.slice(0, 1000).split(/\s/, 1)[0]!) ?? [];
  return id === undefined
    ? { kind: "other", id: value.slice(0, MAX_QUOTED) }
    : { kind: "message", id };
}

/** Merges what several mails of one series say: the first commit and tree, all of the rest. */
export function joinBaseLines(all: readonly BaseLines[]): BaseLines {
  if (all.every((lines) => lines === NO_BASE_LINES)) return NO_BASE_LINES;
  const dependencies = new Map(
    all.flatMap((lines) => lines.dependencies).map((d) => [`${d.kind} ${d.id}`, d]),
  );
  return {
    commit: all.find((lines) => lines.commit !== null)?.commit ?? null,
    named: [...new Set(all.flatMap((lines) => lines.named))].slice(0, 2),
    tree: all.find((lines) => lines.tree !== null)?.tree ?? null,
    changeId: all.find((lines) => lines.changeId !== null)?.changeId ?? null,
    prerequisites: [...new Set(all.flatMap((lines) => lines.prerequisites))].slice(
      0,
      MAX_PREREQUISITES,
    ),
    dependencies: [...dependencies.values()].slice(0, MAX_DEPENDENCIES),
    problems: all.flatMap((lines) => lines.problems),
  };
}
