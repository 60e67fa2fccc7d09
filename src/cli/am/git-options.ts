/**
 * git am's own options (docs/am.md). What is committed must be what was verified: so `am` passes on those
 * that leave it alone, and refuses the others by name.
 */

import type { RefusedOption } from "../../options/command.ts";
import { flag, value } from "../../options/kinds.ts";

/** Those that are taken. */
export const GIT_OPTIONS = {
  "3way": { alias: "3", type: "boolean", describe: "as in git am" },
  signoff: flag("as in git am", "s"),
  "message-id": { alias: "m", type: "boolean", describe: "as in git am" },
  "gpg-sign": { alias: "S", type: "string", describe: "as in git am: sign the commits" },
  "no-verify": { alias: "n", type: "boolean", describe: "as in git am: skip its hooks" },
  verify: { type: "boolean", hidden: true },
  whitespace: value("as in git am, but fix only where there is nothing to fix"),
  scissors: {
    alias: "c",
    type: "boolean",
    describe: "as in git am, but only where there are none",
  },
  "keep-cr": {
    type: "boolean",
    default: true,
    describe: "as in git am; CRs that were signed are always kept",
  },
  context: value("as in git am: with so many lines of context", "C"),
  reject: { type: "boolean", describe: "as in git am: leave what does not fit in .rej files" },
  "committer-date-is-author-date": { type: "boolean", describe: "as in git am" },
  "ignore-date": { type: "boolean", describe: "as in git am" },
  "rerere-autoupdate": { type: "boolean", describe: "as in git am" },
  quiet: flag("say only what went wrong", "q"),
} as const;

const SIGNED_PATHS = {
  why: "the paths are applied as they were verified",
  hint: "git patchsig verify checks the mail; then git am takes the option",
};
const EXACTLY = "patches are applied exactly; where git stops:";
const LEAVE_IT_OUT = "leave it out";

/** Those that are not taken, and git's own way. */
export const REFUSED_OPTIONS: Readonly<Record<string, RefusedOption>> = {
  interactive: {
    alias: "i",
    why: "a series is applied as a whole",
    hint: "leave patches out afterwards: git rebase -i",
  },
  keep: {
    alias: "k",
    why: "the subject is applied as it was verified",
    hint: "change it afterwards: git rebase -i",
  },
  "keep-non-patch": {
    alias: "b",
    why: "the subject is applied as it was verified",
    hint: "change it afterwards: git rebase -i",
  },
  "ignore-space-change": {
    why: EXACTLY,
    hint: "git am --show-current-patch=diff | git apply --ignore-space-change",
  },
  "ignore-whitespace": {
    why: EXACTLY,
    hint: "git am --show-current-patch=diff | git apply --ignore-whitespace",
  },
  strip: { alias: "p", ...SIGNED_PATHS },
  directory: SIGNED_PATHS,
  exclude: SIGNED_PATHS,
  include: SIGNED_PATHS,
  "patch-format": { why: "the format of mails is found out", hint: LEAVE_IT_OUT },
  "quoted-cr": { why: "CRs are applied as they were verified", hint: LEAVE_IT_OUT },
  empty: { why: "only mails with a patch are applied", hint: LEAVE_IT_OUT },
  utf8: { alias: "u", why: "text is always applied as UTF-8", hint: LEAVE_IT_OUT },
  "no-utf8": { why: "text is always applied as UTF-8", hint: LEAVE_IT_OUT },
  resolvemsg: { why: "it is for git's own scripts", hint: LEAVE_IT_OUT },
};
