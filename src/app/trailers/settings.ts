/** Which trailers are read in replies, and what a Link says: git config. */

import { PatchsigError } from "../../errors.ts";
import type { Config } from "../../git/config.ts";
import { gitConfig } from "../settings.ts";
import { oneOfThese } from "../usage.ts";

/**
 * `patchsig.trailers`: names of more trailers, separated by blanks or commas, any number of times.
 *
 * @throws PatchsigError "usage" for what is no name
 */
export function trailerSettings(): string[] {
  const names = gitConfig()
    .all("patchsig.trailers")
    .flatMap((value) => value.split(/[\s,]+/))
    .filter((name) => name !== "");
  const wrong = names.find((name) => !/^[A-Za-z][A-Za-z0-9-]{0,60}$/.test(name));
  if (wrong === undefined) return names;
  throw new PatchsigError("usage", `patchsig.trailers: "${wrong}" is no name of a trailer`, {
    hint: "names as in Link, Closes",
  });
}

/** Whether `am` adds trailers if no option says so. */
const AM_TRAILERS = ["ask", "yes", "no"] as const;
export type AmTrailers = (typeof AM_TRAILERS)[number];

/** `patchsig.amTrailers`. PatchsigError "usage" for an invalid value. */
export function amTrailersSetting(): AmTrailers {
  const set = (gitConfig().string("patchsig.amTrailers") ?? "ask").toLowerCase();
  if (/^(?:true|on|1)$/.test(set)) return "yes";
  if (/^(?:false|off|0)$/.test(set)) return "no";
  return oneOfThese("patchsig.amTrailers", set, AM_TRAILERS);
}

const LORE = "https://lore.kernel.org/r/%s";

/**
 * The mask of a Link: `patchsig.linkMask`, else b4's: a URL, or a whole trailer, with `%s` for the
 * Message-ID without its brackets.
 *
 * @throws PatchsigError "usage" if it has no `%s`, or is no single line
 */
export function linkMaskSetting(config: Config = gitConfig()): string {
  const keys = ["patchsig.linkMask", "b4.linktrailermask", "b4.linkmask"];
  const mask = keys.map((key) => config.string(key)).find((value) => value !== null) ?? LORE;
  if (mask.split("%s").length === 2 && !/\p{Cc}/u.test(mask)) return mask;
  throw new PatchsigError("usage", `patchsig.linkMask: "${mask}" has no place for a Message-ID`, {
    hint: `with %s once, as in ${LORE}`,
  });
}
