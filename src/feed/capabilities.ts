/** What a git server can do, as read from `git ls-remote` with GIT_TRACE_PACKET. */

export interface ServerAbilities {
  /** It speaks git's protocol; false for a web server that only has files ("dumb HTTP"). */
  readonly smart: boolean;
  /** It can leave out blobs (partial clone). */
  readonly filter: boolean;
  /** It can cut history (shallow clone). */
  readonly shallow: boolean;
  /** The repository's object names are SHA-256. */
  readonly sha256: boolean;
}

/** @param trace what git wrote to stderr; of protocol version 2 or 0 */
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
    sha256: [...said, ...version0.split(" ")].includes("object-format=sha256"),
  };
}
