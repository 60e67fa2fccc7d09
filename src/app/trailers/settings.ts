/** Settings of trailers in git config: which are read in replies, whether `am` adds them, and the mask of a Link. */

import { PatchsigError } from "../../errors.ts";
import type { Config } from "../../git/config.ts";
import { gitConfig } from "../settings.ts";
import { oneOfThese } from "../usage.ts";

/**
 * `patchsig.trailers`: names of further trailers to read. They are separated by blanks or commas, and the setting can
 * be given several times.
 *
 * @throws PatchsigError "usage" for a word that cannot be a trailer's name
 */
export function trailerSettings(): string[] {
  const names = gitConfig()
    .all("patchsig.trailers")
    .flatMap((value) => value.split(/[\s,]+/))
    .filter((name) => name !== "");
  const wrong = names.find((name) => !/^[A-Za-z][A-Za-z0-9-]{0,60}$/.test(name));
  if (wrong === undefined) return names;
  throw new PatchsigError("usage", `patchsig.trailers: "${wrong}" cannot be a trailer's name`, {
    hint: "names as in Link, Closes",
  });
}

/** Whether `am` adds trailers from replies, if no option says so. */
const AM_TRAILERS = ["ask", "yes", "no"] as const;
export type AmTrailers = (typeof AM_TRAILERS)[number];

/** `patchsig.amTrailers`. @throws PatchsigError "usage" for an invalid value */
export function amTrailersSetting(): AmTrailers {
  const set = (gitConfig().string("patchsig.amTrailers") ?? "ask").toLowerCase();
  if (/^(?:true|on|1)$/.test(set)) return "yes";
  if (/^(?:false|off|0)$/.test(set)) return "no";
  return oneOfThese("patchsig.amTrailers", set, AM_TRAILERS);
}

const LORE = "https://lore.kernel.org/r/%s";

/**
 * The mask of a Link: `patchsig.linkMask`, else b4's setting. It is a URL, or a whole trailer, with one `%s` for the
 * Message-ID without its brackets.
 *
 * @throws PatchsigError "usage" if it does not have exactly one `%s`, or is more than one line
 */
export function linkMaskSetting(config: Config = gitConfig()): string {
  const keys = ["patchsig.linkMask", "b4.linktrailermask", "b4.linkmask"];
  const mask = keys.map((key) => config.string(key)).find((value) => value !== null) ?? LORE;
  if (mask.split("%s").length === 2 && !/\p{Cc}/u.test(mask)) return mask;
  throw new PatchsigError("usage", `patchsig.linkMask: "${mask}" has no place for a Message-ID`, {
    hint: `with %s once, as in ${LORE}`,
  });
}
