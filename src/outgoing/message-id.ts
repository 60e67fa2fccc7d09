/** Makes the Message-IDs of a series before anything is sent. Pure. */

/** No field may be longer than a line (RFC 5322, section 2.1.1). */
const MAX_STEM = 120;

/**
 * `<20261128-net-timer-v2-1-3f2a81c09d4e@example.org>`, as b4 makes them: people see which mail it is.
 *
 * @param stem of the whole version: `stemOf`
 * @param index 0 for the cover letter
 */
export function messageIdOf({ stem, random, domain }: MessageIdParts, index: number): string {
  return `<${stem}-${index}-${random}@${domain}>`;
}

export interface MessageIdParts {
  readonly stem: string;
  /** Hex, different in each run. */
  readonly random: string;
  readonly domain: string;
}

/**
 * @param changeId of the series; @param random six bytes; @param address whose domain it is
 */
export function messageIdParts(
  { changeId, version, address }: { changeId: string; version: number; address: string },
  random: Buffer,
): MessageIdParts {
  const domain = address.slice(address.lastIndexOf("@") + 1).toLowerCase();
  const stem = `${changeId.replace(/-[0-9a-f]{12}$/, "").slice(0, MAX_STEM)}-v${version}`;
  const isPlain = /^[a-z0-9.-]{1,100}$/.test(domain);
  return { stem, random: random.toString("hex"), domain: isPlain ? domain : "localhost.invalid" };
}
