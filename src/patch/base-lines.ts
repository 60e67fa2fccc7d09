/** git's own base lines in the text of a mail (git-format-patch(1), "BASE TREE INFORMATION"). */

/** What the lines say. Only a full object name counts. */
export interface BaseLines {
  readonly commit: string | null;
  /** `<url> <branch>`, of characters that are safe to repeat in a command. */
  readonly tree: string | null;
  readonly prerequisites: readonly string[];
  /** Text after a `base-commit:` that names no commit, or that names a second one. */
  readonly malformed: string | null;
}

const MAX_PREREQUISITES = 1000;
const LINE = /^(base-commit|base-tree|prerequisite-patch-id): (.*)$/gm;
const OBJECT_NAME = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

const TREE = /^(?:https?|git|ssh):\/\/[\w.~:/@%+-]{1,300} [\w.][\w./-]{0,199}$/;

/**
 * Reads the base lines of some text outside the diff. Quoted (`> base-commit:`) and indented ones
 * do not count.
 */
export function readBaseLines(texts: readonly Buffer[]): BaseLines {
  let commit: string | null = null;
  let tree: string | null = null;
  let malformed: string | null = null;
  const prerequisites: string[] = [];
  for (const bytes of texts) {
    if (!bytes.includes("base-")) continue;
    for (const [, key, text] of bytes.toString("utf8").matchAll(LINE)) {
      const value = text!.trim();
      if (key === "base-tree") tree ??= TREE.test(value) ? value : null;
      else if (key === "prerequisite-patch-id") {
        if (OBJECT_NAME.test(value) && prerequisites.length < MAX_PREREQUISITES)
          prerequisites.push(value);
      } else if (!OBJECT_NAME.test(value)) malformed ??= value.slice(0, 100);
      else if (commit === null) commit = value;
      else if (commit !== value) malformed ??= value;
    }
  }
  return { commit, tree, prerequisites, malformed };
}
