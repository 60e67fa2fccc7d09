/** Git settings under which `git am` may make another commit from a mail, or none. */

import { amSettings } from "../../src/git/am-settings.ts";
import { configOf } from "../../src/git/config.ts";
import type { AmSettings } from "../../src/verify/plain-am.ts";
import { NO_SETTING, type Setting } from "../support/soundness.ts";

/** Those that can be tested with the parts of git am, without a work tree. */
export const SETTINGS: readonly Setting[] = [
  NO_SETTING,
  { config: ["am.keepcr=true"], split: ["--keep-cr"] },
  { config: ["am.messageid=true"] },
  { config: ["am.threeWay=true"] },
  { config: ["apply.whitespace=fix"] },
  { config: ["apply.ignoreWhitespace=change"] },
  { config: ["i18n.commitEncoding=ISO-8859-1"] },
  { config: ["mailinfo.scissors=true"] },
  { config: ["mailinfo.quotedCr=strip"] },
  {
    config: [
      "apply.whitespace=fix",
      "core.whitespace=blank-at-eol,space-before-tab,tab-in-indent,cr-at-eol",
    ],
  },
  { config: ["core.autocrlf=true"] },
  { config: ["core.autocrlf=input"] },
  { config: ["core.eol=crlf", "core.safecrlf=true"] },
  {
    config: [
      "format.pretty=%B",
      "format.subjectPrefix=X",
      "format.signOff=true",
      "format.useAutoBase=true",
    ],
  },
];

/** The same as `verify` reads them. */
export function amSettingsOf({ config }: Setting): AmSettings | null {
  return amSettings(
    configOf(
      config.map((setting) => {
        const [key, value] = setting.split("=") as [string, string];
        return { key: key.toLowerCase(), value, origin: "", scope: "" };
      }),
    ),
  );
}
