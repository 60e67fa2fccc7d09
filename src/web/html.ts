/**
 * HTML from templates. A template takes escaped text (`SafeText`), numbers, and HTML from other templates. A plain
 * string, such as a mail's, does not type-check, and no function turns a string into HTML. Templates write attributes in
 * double quotes.
 */

import type { SafeText } from "../report/escape.ts";

declare const markup: unique symbol;
/** Escaped HTML. Only `html` makes it. */
export type Html = { readonly text: string } & { readonly [markup]: true };

export type HtmlValue = SafeText | number | Html | readonly Html[] | null;

/** The tag of HTML templates. */
export function html(words: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const text = values.reduce<string>(
    (sum, value, i) => sum + inserted(value) + words[i + 1]!,
    words[0]!,
  );
  return { text } as Html;
}

function inserted(value: HtmlValue): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return entities(value);
  if ("text" in value) return value.text;
  return value.map(({ text }) => text).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function entities(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
