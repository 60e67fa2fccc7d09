/** How the mails of a version reply to each other, by git's settings. */

import { PatchsigError } from "../../errors.ts";
import { type Lookup, settingsOf } from "../../send/settings.ts";
import { booleanIn } from "./addressed.ts";
import type { ThreadShape } from "./version.ts";

/**
 * As git send-email decides it (found by running it): `format.thread` counts more than `sendemail.thread`, and that
 * more than `sendemail.chainReplyTo`.
 *
 * @param chain `--chain-reply-to`, or `--no-chain-reply-to`; null: as set
 */
export function threadShape(config: Lookup, chain: boolean | null): ThreadShape {
  if (chain !== null) return chain ? "each" : "first";
  const setting = settingsOf(config);
  const format = config.string("format.thread")?.toLowerCase() ?? null;
  const chained = booleanIn(setting.string("chainReplyTo"), "chainReplyTo") === true;
  const threaded = booleanIn(setting.string("thread"), "thread") !== false;
  if (format === "deep") return "each";
  if (format === "shallow" || /^(?:true|yes|on|1)$/.test(format ?? "")) return "first";
  if (format !== null && !/^(?:false|no|off|0)$/.test(format))
    throw new PatchsigError(
      "usage",
      `format.thread is "${format}": not shallow, deep or a boolean`,
    );
  if (!threaded) return "flat";
  return chained ? "each" : "first";
}
