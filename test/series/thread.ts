/** Mails of a thread, one per line, for tests of series assembly. */

import { subjectNumber } from "../../src/patch/subject.ts";
import { assemble } from "../../src/series/assemble.ts";
import type { AssembledSeries, SeriesItem, ThreadMail } from "../../src/series/item.ts";

export interface Options {
  /** References, the nearest last: names of other mails. */
  readonly re?: string;
  readonly from?: string;
  /** Seconds since the epoch. */
  readonly at?: number;
  /** Identifies the patch; by default its subject. */
  readonly body?: string;
  readonly signing?: string;
  readonly kind?: SeriesItem["kind"];
  /** A file without a Message-ID. */
  readonly bare?: boolean;
}

export interface Named {
  readonly name: string;
  readonly item: SeriesItem;
  /** A reply without a patch. */
  readonly isLink: boolean;
}

let clock = 1_790_000_000;

/** A mail: its name becomes its Message-ID. Dates grow by a second a mail. */
export function mail(name: string, subject: string, options: Options = {}): Named {
  const number = subjectNumber(subject);
  const reply = /^\s*(re|aw|sv|antw):/i.test(subject);
  const index = number.index ?? 1;
  const id = (one: string): string => (one.startsWith("<") ? one : `<${one}@example.org>`);
  const kind = options.kind ?? (index === 0 ? "cover" : "patch");
  return {
    name,
    isLink: reply && kind !== "answer",
    item: {
      kind,
      messageId: options.bare === true ? "" : id(name),
      references: (options.re ?? "").split(" ").flatMap((one) => (one === "" ? [] : [id(one)])),
      sender: options.from ?? "alice@example.org",
      date: options.at ?? clock++,
      number: { version: number.version ?? 1, index, total: number.total ?? 1 },
      hasVersion: number.hasVersion,
      minor: number.minor,
      prefix: number.prefix,
      signing: options.signing ?? null,
      digest: options.body ?? subject,
    },
  };
}

/** One line per series: the names of its mails in order, and anything odd. */
export function shapeOf(series: AssembledSeries<string>): string {
  const present = new Set(series.members.map(({ item }) => item.number.index));
  let complete = true;
  for (let n = 1; n <= series.total; n++) complete &&= present.has(n);
  const names = series.members.map(({ value }) => value).join(" ");
  const reroll = series.rerollOf;
  const odd =
    reroll !== null
      ? ` replaces ${reroll.numbers.join(", ")} of v${reroll.version}`
      : complete
        ? ""
        : " incomplete";
  return `v${series.version} of ${series.total}: ${names}${odd}`;
}

/** All series of these mails, one line each, sorted. */
export function seriesOf(mails: readonly Named[]): string[] {
  const patches = mails.filter(({ isLink }) => !isLink);
  const links: ThreadMail[] = mails.filter(({ isLink }) => isLink).map(({ item }) => item);
  return assemble(
    patches.map(({ name, item }) => ({ item, value: name })),
    links,
  )
    .map(shapeOf)
    .sort();
}
