/** The settings that `git am` would obey, for src/verify. */

import type { AmSettings } from "../verify/plain-am.ts";
import { whitespaceRules } from "../verify/whitespace.ts";
import type { Config } from "./config.ts";

const UTF8 = /^utf-?8$/i;
const MENDS = new Set(["fix", "strip"]);

/**
 * The user's settings that can change what `git am` commits; null if none is set. am.messageId and
 * commit.gpgSign are not among them: they add what the user has asked for. am.threeWay,
 * core.autocrlf, core.eol and the rest change no commit that git makes without them.
 *
 * @throws PatchsigError "usage" for a boolean that git would not accept either
 */
export function amSettings(config: Config): AmSettings | null {
  const encoding = config.string("i18n.commitEncoding") ?? "";
  const mends = MENDS.has(config.string("apply.whitespace") ?? "");
  const settings: AmSettings = {
    keepCr: config.bool("am.keepcr") === true,
    scissors: config.bool("mailinfo.scissors") === true,
    stripCr: config.string("mailinfo.quotedCr")?.toLowerCase() === "strip",
    encoding: encoding === "" || UTF8.test(encoding) ? null : encoding,
    mend: mends ? whitespaceRules(config.string("core.whitespace") ?? "") : null,
    ignoreWhitespace: config.string("apply.ignoreWhitespace") === "change",
  };
  const isSet = Object.values(settings).some((value) => value !== false && value !== null);
  return isSet ? settings : null;
}
