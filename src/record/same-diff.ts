/** Whether two diffs make the same change at the same lines, as git apply reads them. */

/**
 * What git apply does not go by, each at the beginning of a line: no line of a hunk begins so. The names of blobs
 * only in text diffs: a binary one is for that old file, and a mode is compared.
 */
const UNUSED =
  /^(?:index [0-9a-f]+\.\.[0-9a-f]+(?=(?: \d+)?\n--- )|(?:dis)?similarity index [^\n]*\n)/gm;
/** What stands behind the numbers of a hunk. */
const SECTION = /^(@@ -\d[\d,]* \+\d[\d,]* @@)[^\n]+$/gm;

/**
 * True if the diffs are alike in all that git apply goes by: not in the names of blobs, which differ in
 * length, nor in the similarity of a rename, nor in what stands behind the numbers of a hunk.
 *
 * False does not mean that they make different changes: one may show more context, or the change in other
 * lines.
 *
 * @param a,b canonical
 */
export function isSameDiff(a: Buffer, b: Buffer): boolean {
  return a.equals(b) || usedOf(a) === usedOf(b);
}

function usedOf(diff: Buffer): string {
  return diff.toString("latin1").replace(UNUSED, "").replace(SECTION, "$1");
}
