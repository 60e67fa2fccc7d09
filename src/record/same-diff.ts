/** Whether two diffs make the same change at the same lines, as git apply reads them. */

/**
 * What git apply ignores: the names of blobs in a text diff (a binary diff applies only to the blob it names), and a
 * rename's similarity. A hunk's lines begin with ` `, `+`, `-` or `\`, so none of them matches. The mode at the end of
 * an index line stays: it is compared.
 */
const UNUSED =
  /^(?:index [0-9a-f]+\.\.[0-9a-f]+(?=(?: \d+)?\n--- )|(?:dis)?similarity index [^\n]*\n)/gm;
/** The text after a hunk's line numbers, as of a function. */
const SECTION = /^(@@ -\d[\d,]* \+\d[\d,]* @@)[^\n]+$/gm;

/**
 * True if the diffs are equal in all that git apply uses: it ignores the names of blobs (gits abbreviate them
 * differently), a rename's similarity, and the text after a hunk's line numbers.
 *
 * False does not mean that they make different changes: one may show more context, or another diff algorithm may
 * have chosen other lines.
 *
 * @param a,b canonical diffs
 */
export function isSameDiff(a: Buffer, b: Buffer): boolean {
  return a.equals(b) || usedOf(a) === usedOf(b);
}

function usedOf(diff: Buffer): string {
  return diff.toString("latin1").replace(UNUSED, "").replace(SECTION, "$1");
}
