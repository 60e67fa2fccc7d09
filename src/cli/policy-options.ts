import { flag, repeated, value } from "../options/kinds.ts";

export const REQUIRE_OPTION = value("opt-in (default), vouched, signature, known or pinned");

/** What both verify and am let the user require of a patch. */
export const POLICY_OPTIONS = {
  require: REQUIRE_OPTION,
  "dev-keyring": repeated("folder with keys for X-Developer-Signature"),
  dkim: flag("ask DNS for the keys of domains that vouch for unsigned patches"),
} as const;
