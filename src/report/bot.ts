/** What the bot tells its owner: what it would do and why, and what it has done. Pure. */

import { REASONS, type LetterReason } from "../bot/decide.ts";
import type { LettersEffect } from "../bot/effect.ts";
import { count } from "../primitives/words.ts";
import { day } from "../primitives/time.ts";
import { displayWidth, escapeText, ours, padTo, type SafeText, truncateTo } from "./escape.ts";
import type { Style } from "./text.ts";

/** One letter of a preview. */
export interface Planned {
  readonly at: number;
  readonly identity: string;
  readonly topics: readonly string[];
  readonly subject: string;
}

export interface Preview {
  readonly mails: number;
  readonly series: number;
  /** Seconds; null where there was no mail. */
  readonly from: number | null;
  readonly to: number | null;
  readonly held: ReadonlyMap<LetterReason, number>;
  readonly letters: readonly Planned[];
}

/** Most letters to list by name. */
const MAX_LISTED = 50;

export function renderPreview(preview: Preview, style: Style): SafeText[] {
  const { mails, series, from, to, held, letters } = preview;
  const span = from === null || to === null ? "" : `, ${day(from)} to ${day(to)}`;
  const authors = new Map<string, number>();
  for (const { identity } of letters) authors.set(identity, (authors.get(identity) ?? 0) + 1);
  const most = Math.max(0, ...authors.values());
  const whom =
    letters.length === 0 ? "" : `, to ${count(authors.size, "author")}, at most ${most} each`;
  return [
    ours`${count(mails, "mail")}, ${series} series${span}`,
    ours``,
    ...table([
      [String(letters.length), `get a letter${whom}`],
      ...[...held]
        .sort(([, a], [, b]) => b - a)
        .map(([reason, n]): [string, string] => [String(n), REASONS[reason]]),
    ]),
    ...(letters.length === 0 ? [] : [ours``, ...letterLines(letters, style)]),
  ];
}

/** Numbers to the right, words to the left. */
function table(rows: readonly (readonly [string, string])[]): SafeText[] {
  const width = Math.max(...rows.map(([n]) => n.length));
  return rows.map(([n, text]) => ours`${n.padStart(width + 2)}  ${text}`);
}

function letterLines(letters: readonly Planned[], { columns }: Style): SafeText[] {
  const shown = letters.slice(0, MAX_LISTED);
  const names = shown.map(({ identity }) => escapeText(identity));
  const width = Math.min(32, Math.max(...names.map(displayWidth)));
  const lines = shown.map(({ at, topics, subject }, i) => {
    const start = `${day(at)}  ${padTo(truncateTo(names[i]!, width), width)}  ${topics.join("+").padEnd(9)}  `;
    return ours`${start}${truncateTo(escapeText(subject), Math.max(10, columns - displayWidth(start)))}`;
  });
  const left = letters.length - shown.length;
  return left === 0 ? lines : [...lines, ours`and ${left} more: --json has them all`];
}

export interface BotStatus {
  readonly mode: string;
  readonly mails: number;
  /** Series by decision. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly effect: LettersEffect;
  /** Letters by their state. */
  readonly outbox: Readonly<Record<string, number>>;
  /** Mails of series that are not decided yet. */
  readonly open: number;
}

export function renderStatus({
  mode,
  mails,
  outcomes,
  effect,
  outbox,
  open,
}: BotStatus): SafeText[] {
  const [left, ...came] = effectLines(effect);
  const series = [...outcomes.values()].reduce((sum, n) => sum + n, 0);
  const waiting = Object.entries(outbox).filter(([state, n]) => n > 0 && state !== "sent");
  return [
    ours`mode ${mode}: ${count(mails, "mail")}, ${series} series${open > 0 ? `, ${count(open, "mail")} of more` : ""}`,
    ours``,
    ...table([
      left!,
      ...waiting.map(([state, n]): [string, string] => [
        String(n),
        `letters ${STATES[state] ?? state}`,
      ]),
      ...came,
    ]),
    ...(series === 0
      ? []
      : [ours``, ...table([...outcomes].map(([name, n]) => [String(n), outcomeText(name)]))]),
  ];
}

/** How many letters left, and what came of them: numbers, and what they count. */
export function effectLines(effect: LettersEffect): [number: string, what: string][] {
  const { letters, authors, signed, based, named, stopped, paused, undeliverable } = effect;
  return [
    [String(letters), `letters left, to ${count(authors, "author")}`],
    [String(signed), "signed in one of the next two series"],
    [String(based), "gave a base in one of the next two series"],
    [String(named), "named a base in a reply"],
    [String(stopped), "asked to stop"],
    [String(paused), "said not now"],
    [String(undeliverable), "cannot be reached"],
  ];
}

const STATES: Readonly<Record<string, string>> = {
  queued: "wait to be sent",
  "in-doubt": "may have been sent",
  failed: "were refused by a server",
  cancelled: "were cancelled",
  expired: "waited too long to be sent",
};

function outcomeText(name: string): string {
  if (name === "suggest") return "get a letter";
  return Object.hasOwn(REASONS, name) ? REASONS[name as LetterReason] : name;
}

/** The same for Prometheus: the text format of its node exporter's textfile collector. */
export function renderMetrics({ mails, outcomes, effect, outbox, open }: BotStatus): string {
  const metrics: [string, string, string, [string, number][]][] = [
    ["mails_total", "counter", "mails that were taken in", [["", mails]]],
    ["series_total", "counter", "series by what was decided", labelled("outcome", outcomes)],
    ["open_mails", "gauge", "mails of series that are not decided", [["", open]]],
    ["letters", "gauge", "letters by their state", labelled("state", Object.entries(outbox))],
    ["authors_written_to", "gauge", "authors who had a letter", [["", effect.authors]]],
    [
      "authors_followed",
      "gauge",
      "authors who did what was suggested in one of the next two series",
      labelled("topic", [
        ["sign", effect.signed],
        ["base", effect.based],
      ]),
    ],
    ["bases_named", "gauge", "bases that authors named in a reply", [["", effect.named]]],
    [
      "wishes",
      "gauge",
      "authors who are not written to",
      labelled("kind", [
        ["stop", effect.stopped],
        ["pause", effect.paused],
        ["undeliverable", effect.undeliverable],
      ]),
    ],
  ];
  return metrics
    .map(([name, type, help, values]) =>
      [
        `# HELP patchsig_bot_${name} ${help}`,
        `# TYPE patchsig_bot_${name} ${type}`,
        ...values.map(([labels, value]) => `patchsig_bot_${name}${labels} ${value}`),
        "",
      ].join("\n"),
    )
    .join("");
}

/** Names are the program's own words, and need no escaping. */
function labelled(label: string, values: Iterable<readonly [string, number]>): [string, number][] {
  return [...values].map(([name, n]) => [`{${label}="${name}"}`, n]);
}
