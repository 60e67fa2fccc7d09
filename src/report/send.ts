/** What `patchsig send` shows before anything leaves: the mails, who gets them and why, and what they hang on. */

import type { Objection } from "../outgoing/checks.ts";
import { count } from "../primitives/words.ts";
import { factLines } from "./base.ts";
import { ours, type SafeText, truncateTo } from "./escape.ts";
import type { Style } from "./text.ts";

/** Somebody who gets mail. */
export interface ShownRecipient {
  readonly address: string;
  readonly field: "to" | "cc" | "bcc";
  /** Why, in a few words: `--to`, `Reviewed-by in 2/3`. */
  readonly why: string;
}

export interface SendPreview {
  readonly branch: string;
  readonly version: number;
  /** Subjects, in order. */
  readonly subjects: readonly string[];
  readonly recipients: readonly ShownRecipient[];
  /** What the first mail replies to; null: it begins a thread. */
  readonly parent: string | null;
  /** A line on the base, and one on where the mails go. */
  readonly base: string;
  readonly through: string;
  /** What is to be known, a line each. */
  readonly notes: readonly string[];
}

/** Recipients that are named one by one. */
const MAX_LISTED = 40;

export function renderSendPreview(preview: SendPreview, style: Style): SafeText[] {
  const { branch, version, subjects, recipients, parent, base, through, notes } = preview;
  const named = recipients.slice(0, MAX_LISTED);
  const more = recipients.length - named.length;
  return [
    ours`${branch}, v${version}: ${count(subjects.length, "mail")}`,
    ...subjects.map((subject) => truncateTo(ours`  ${subject}`, style.columns)),
    ...named.flatMap(({ address, field, why }) => factLines(field, `${address}  (${why})`, style)),
    ...(more > 0 ? factLines("", `and ${more} more`, style) : []),
    ...factLines("thread", parent === null ? "a new one" : `a reply to ${parent}`, style),
    ...factLines("base", base, style),
    ...factLines("through", through, style),
    ...notes.flatMap((note) => factLines("note", note, style)),
  ];
}

/** Why nothing is sent, and the ways out; a line each. */
export function renderObjections(objections: readonly Objection[]): SafeText[] {
  return objections.flatMap(({ check, why, hint }) => [
    ours`not sent: ${why}`,
    ...(hint === "" ? [] : [ours`hint: ${hint}`]),
    ours`hint: --allow ${check} sends it all the same`,
  ]);
}
