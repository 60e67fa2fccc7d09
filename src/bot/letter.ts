/**
 * What the bot writes: templates, which the list's owner can change, filled in for one series.
 * Pure.
 *
 * A template is `Subject: …`, an empty line, and text, in the language of mustache(5): {{name}},
 * {{#base}} … {{/base}}, {{^base}} … {{/base}}. What comes from a mail is one line without
 * controls.
 */

import Mustache from "mustache";
import { COMMANDS } from "../commands.ts";
import { FormatError } from "../errors.ts";

export type TemplateName = "suggest" | "stopped" | "paused" | "base" | "digest";

export interface Text {
  readonly subject: string;
  readonly body: string;
}

/** A value is text, a number, whether a section is shown, or the section's own view. */
export interface View {
  readonly [name: string]: TemplateValue;
}
type TemplateValue = string | number | boolean | null | View | readonly View[];

const COMMON: View = {
  botName: "bot",
  owner: "Olga <olga@example.org>",
  about: "https://example.org",
  subject: "[PATCH] one",
};

/** Everything a template may name: to test one before it is needed. */
export const SAMPLES: Readonly<Record<TemplateName, View>> = {
  suggest: {
    ...COMMON,
    name: "Alice",
    title: "one",
    list: "net@example.org",
    sign: true,
    base: true,
    signers: 3,
    others: "3 others here sign",
    guess: {
      commit: "1".repeat(40),
      short: "1".repeat(12),
      described: "v1",
      evidence: "1 of 1 file",
    },
    baseCommand: "git format-patch",
    signCommand: COMMANDS.prepare,
    sendCommand: "git send-email",
    keyCommand: COMMANDS.makeKey,
    most: 3,
    days: 90,
    pauseDays: 180,
  },
  stopped: { ...COMMON, until: "2026-01-01", commit: "1".repeat(40), unknown: true },
  paused: { ...COMMON, until: "2026-01-01", commit: "1".repeat(40), unknown: true },
  base: { ...COMMON, until: "2026-01-01", commit: "1".repeat(40), unknown: true },
  digest: {
    ...COMMON,
    count: 1,
    from: "2026-01-01",
    to: "2026-01-07",
    letters: [{ identity: "a@example.org", topics: "base", subject: "one", messageId: "<1@a>" }],
    more: 1,
    reasons: [{ number: "1", text: "a reply" }],
  },
};

/**
 * @param file for the message
 * @throws FormatError for a malformed template, or an unknown name
 */
export function render(template: string, view: View, file: string): Text {
  const broken = (why: string): FormatError => new FormatError(`${file} is not a template: ${why}`);
  let text: string;
  try {
    checkNames(Mustache.parse(template) as unknown as MustacheToken[], [view], broken);
    text = Mustache.render(template, view, {}, { escape: (value: unknown) => oneLine(value) });
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw broken(oneLine((error as Error).message));
  }
  const [, subject, body] =
    /^Subject: ([^\n]+)\n\n([^]*)$/.exec(text.replaceAll("\r\n", "\n")) ?? [];
  if (subject === undefined || body === undefined)
    throw broken('it begins with "Subject: …" and an empty line');
  const tidy = body
    .split("\n")
    .flatMap((line) => wrapped(line === "-- " ? line : line.trimEnd()))
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return { subject: oneLine(subject), body: `${tidy}\n` };
}

/** Longer lines would have to be encoded. */
const WIDTH = 74;

/** Wraps filled-in prose; an indented line is a command or a name, and stays as it is. */
function wrapped(line: string): string[] {
  if (line.length <= WIDTH || line.startsWith("  ")) return [line];
  const lines: string[] = [];
  for (const word of line.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** No text from a mail can end a line, hide, or change the text direction. */
function oneLine(value: unknown): string {
  return String(value)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu, " ")
    .slice(0, 1000);
}

/** mustache's own: type, name, from, to, and a section's contents. */
type MustacheToken = readonly [string, string, number, number, (readonly MustacheToken[])?];

/** An unknown name would leave a gap in a letter: it is an error instead. */
function checkNames(
  tokens: readonly MustacheToken[],
  views: readonly View[],
  broken: (why: string) => FormatError,
): void {
  for (const [type, name, , , inner] of tokens) {
    if (type === "text" || type === "!" || name === ".") continue;
    if (!["#", "^", "name"].includes(type)) throw broken(`{{${type}${name}}} is not used here`);
    const view = views.find((one) => Object.hasOwn(one, name));
    if (view === undefined) throw broken(`there is no {{${name}}}`);
    const value = view[name];
    const isEmpty = value === null || (Array.isArray(value) && value.length === 0);
    // what an empty part would hold is unknown
    if (type === "#" && isEmpty) continue;
    if (inner !== undefined) checkNames(inner, [...viewsIn(value), ...views], broken);
  }
}

/** The view whose names a section adds: its own, or the first of its list. */
function viewsIn(value: unknown): View[] {
  const into: unknown = Array.isArray(value) ? value[0] : value;
  return typeof into === "object" && into !== null && !Array.isArray(into) ? [into as View] : [];
}
