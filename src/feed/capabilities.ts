/** What a git server can do, from what `git ls-remote` says under GIT_TRACE_PACKET. */

export interface ServerAbilities {
  /** It speaks git's protocol; else it only has files. */
  readonly smart: boolean;
  /** It leaves out blobs if asked to. */
  readonly filter: boolean;
  /** It cuts history where it is asked to. */
  readonly shallow: boolean;
}

/** @param trace lines of stderr; version 2 of the protocol, or 0 */
export function serverAbilities(trace: string): ServerAbilities {
  const said = [...trace.matchAll(/packet:\s+\S+< (.*)$/gm)].map(([, line]) => line!);
  const version2 = said.includes("version 2");
  const fetch = said.find((line) => line.startsWith("fetch="))?.slice("fetch=".length) ?? "";
  const version0 = said.find((line) => line.includes("\\0"))?.split("\\0")[1] ?? "";
  const words = (version2 ? fetch : version0).split(" ");
  return {
    smart: version2 || version0 !== "",
    filter: words.includes("filter"),
    shallow: words.includes("shallow"),
  };
}
