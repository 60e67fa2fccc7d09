import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decideLetter,
  mayLeave,
  REASONS,
  type LetterReason,
  type Situation,
} from "../../src/bot/decide.ts";
import type { MailFacts } from "../../src/bot/facts.ts";
import { isQuiet, parseQuiet } from "../../src/bot/quiet.ts";
import { DEFAULT_RULES, type Rules } from "../../src/bot/settings.ts";

const DAY = 86_400;
const NOW = 1_790_000_000;

const FIRST: MailFacts = {
  messageId: "<1@example.org>",
  subject: "[PATCH] one",
  title: "one",
  sender: { name: "Alice", identity: "alice@example.org" },
  lists: ["net.example.org"],
  kind: "patch",
  number: { version: 1, index: 1, total: 1 },
  date: NOW,
  inReplyTo: "",
  automatic: null,
  bot: false,
  replaced: false,
  reply: false,
  marked: true,
  rfc: false,
  pull: false,
  forwarded: false,
  signed: false,
  patchsig: false,
  based: false,
};

interface Change {
  readonly first?: Partial<MailFacts> | null;
  readonly series?: Partial<Situation["series"]>;
  readonly author?: Partial<Situation["author"]>;
  readonly list?: Partial<Situation["list"]>;
  readonly guess?: Situation["guess"];
}

function situation({ first, series, author, list, guess }: Change = {}): Situation {
  return {
    now: NOW,
    series: {
      first: first === null ? null : { ...FIRST, ...first },
      signed: false,
      patchsig: false,
      based: false,
      refused: false,
      sentAt: NOW,
      ...series,
    },
    author: {
      works: 5,
      since: NOW - 100 * DAY,
      letters: [],
      refused: false,
      undeliverable: false,
      pausedUntil: 0,
      ...author,
    },
    list: { signers: 5, letters: [], ...list },
    guess: guess ?? "uncertain",
  };
}

describe("decide", () => {
  test("suggests every topic that applies, in one letter", () => {
    expect(decideLetter(situation(), DEFAULT_RULES)).toEqual({
      kind: "suggest",
      topics: ["sign", "base"],
      at: NOW,
    });
  });

  const HELD: readonly (readonly [LetterReason, Change, Partial<Rules>?])[] = [
    ["headless", { first: null }],
    ["automatic", { first: { automatic: "auto-submitted" } }],
    ["bot", { first: { bot: true } }],
    ["list-generated", { first: { replaced: true } }],
    ["no-address", { first: { sender: null } }],
    ["no-address", { first: { messageId: "" } }],
    ["never", {}, { never: ["alice@example.org"] }],
    ["other-list", {}, { lists: ["git.example.org"] }],
    ["reply", { first: { reply: true } }],
    ["reply", { first: { inReplyTo: "<0@example.org>" } }],
    ["rfc", { first: { rfc: true } }],
    ["pull", { first: { pull: true } }],
    ["unmarked", { first: { marked: false } }],
    ["forwarded", { first: { forwarded: true } }],
    ["refused", { series: { refused: true } }],
    ["old", { series: { sentAt: NOW - 3 * DAY } }],
    ["opted-out", { author: { refused: true } }],
    ["undeliverable", { author: { undeliverable: true } }],
    ["unreachable", { first: { sender: { name: "A", identity: "a@localhost" } } }],
    ["maintainer", {}, { excluded: new Set(["alice@example.org"]) }],
    ["maintainer", {}, { excluded: new Set(["@example.org"]) }],
    ["newcomer", { author: { works: 2 } }],
    ["newcomer", { author: { since: NOW - 13 * DAY } }],
    ["newcomer", { author: { since: null } }],
    ["complete", { series: { signed: true, based: true } }],
    ["complete", { series: { based: true } }, { topics: ["base"] }],
    ["paused", { author: { pausedUntil: NOW + 1 } }],
    ["enough", { author: { letters: [1, 2, 3] } }],
    ["recent", { author: { letters: [NOW - 89 * DAY] } }],
    ["few-sign", { series: { based: true }, list: { signers: 2 } }],
    ["base-certain", { series: { signed: true }, guess: "certain" }],
    ["base-certain", { list: { signers: 0 }, guess: "certain" }],
    ["ceiling", { list: { letters: [1, 2, 3, 4, 5].map((n) => NOW - n * 3600) } }],
  ];

  test.each(HELD.map((row) => [...row, {}].slice(0, 3) as [LetterReason, Change, Partial<Rules>]))(
    "%s %j",
    (reason, change, rules) => {
      expect(decideLetter(situation(change), { ...DEFAULT_RULES, ...rules })).toEqual({
        kind: "hold",
        reason,
      });
    },
  );

  test("the table above covers every reason", () => {
    expect(new Set(HELD.map(([reason]) => reason))).toEqual(new Set(Object.keys(REASONS)));
  });

  test("a new version sent in reply to the old one is not a reply", () => {
    const first = { inReplyTo: "<0@example.org>", number: { version: 2, index: 0, total: 3 } };
    expect(decideLetter(situation({ first }), DEFAULT_RULES).kind).toBe("suggest");
  });

  test("a base is guessed only when nothing else holds the letter back", () => {
    expect(decideLetter(situation({ guess: "unasked" }), DEFAULT_RULES)).toEqual({ kind: "guess" });
    const held = situation({ guess: "unasked", author: { works: 1 } });
    expect(decideLetter(held, DEFAULT_RULES).kind).toBe("hold");
    const based = situation({ guess: "unasked", series: { based: true } });
    expect(decideLetter(based, DEFAULT_RULES)).toMatchObject({ topics: ["sign"] });
  });

  test("in quiet hours a letter waits until they end", () => {
    const quiet = parseQuiet("22:00-07:00", "Europe/Berlin");
    // 21 September 2026, 13:33:20 UTC is 15:33 there
    expect(decideLetter(situation(), { ...DEFAULT_RULES, quiet })).toMatchObject({ at: NOW });
    const night = { ...situation(), now: NOW + 10 * 3600 };
    const decision = decideLetter(night, { ...DEFAULT_RULES, quiet });
    const morning = decision.kind === "suggest" ? new Date(decision.at * 1000).toISOString() : "";
    expect(morning).toBe("2026-09-22T05:00:00.000Z");
  });
});

/** A list whose authors do what they like; the bot remembers what it must, and no more. */
interface Author {
  letters: number[];
  works: number;
  since: number | null;
  refused: boolean;
  pausedUntil: number;
  undeliverable: boolean;
}

const event = fc.record({
  wait: fc.oneof(fc.nat(600), fc.nat(20 * 3600), fc.nat(40 * DAY)),
  author: fc.nat(6),
  what: fc.constantFrom("series", "series", "series", "series", "stop", "pause", "bounce"),
  signed: fc.boolean(),
  based: fc.boolean(),
  signers: fc.nat(6),
  guess: fc.constantFrom("unasked" as const, "certain" as const, "uncertain" as const),
  server: fc.boolean(),
});

describe("the limits always hold", () => {
  test("for random sequences of series, replies and outages", () => {
    let written = 0;
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 20, maxLength: 250 }),
        fc.record({
          perDay: fc.integer({ min: 1, max: 3 }),
          most: fc.integer({ min: 1, max: 4 }),
          minSeries: fc.integer({ min: 1, max: 4 }),
          period: fc.constantFrom(7 * DAY, 90 * DAY),
          hours: fc.constantFrom("22:00-07:00", "09:30-17:00", "00:00-23:00"),
        }),
        (events, { hours, ...limits }) => {
          const quiet = parseQuiet(hours, "America/New_York");
          const rules: Rules = { ...DEFAULT_RULES, ...limits, quiet };
          const authors = Array.from({ length: 7 }, (): Author => ({
            letters: [],
            works: 0,
            since: null,
            refused: false,
            pausedUntil: 0,
            undeliverable: false,
          }));
          const waiting: { author: Author; at: number }[] = [];
          const sent: { author: Author; at: number }[] = [];
          let now = NOW;

          /** What is due leaves, as `bot run` lets it: at any time between two mails. */
          function deliver(until: number, up: boolean): void {
            for (let at = now; at <= until; at += Math.max(1800, (until - now) / 50)) {
              for (const letter of waiting.filter((one) => one.at <= at)) {
                const times = sent.map((one) => one.at);
                const { author } = letter;
                const own = sent.filter((one) => one.author === author).map((one) => one.at);
                const may = mayLeave(at, times, own, rules);
                if (author.refused || author.undeliverable || may === "never") {
                  waiting.splice(waiting.indexOf(letter), 1);
                  author.letters.splice(author.letters.indexOf(letter.at), 1);
                } else if (up && may === "now") {
                  waiting.splice(waiting.indexOf(letter), 1);
                  author.letters[author.letters.indexOf(letter.at)] = at;
                  author.letters.sort((a, b) => a - b);
                  sent.push({ author: letter.author, at });
                  expect(letter.author.refused).toBe(false);
                  expect(isQuiet(quiet, at)).toBe(false);
                }
              }
            }
          }

          for (const { wait, author: index, what, server, ...series } of events) {
            deliver(now + wait, server);
            now += wait;
            const author = authors[index]!;
            if (what === "stop") author.refused = true;
            else if (what === "bounce") author.undeliverable = true;
            else if (what === "pause") author.pausedUntil = now + rules.pause;
            if (what !== "series") continue;
            author.works++;
            author.since ??= now;
            const planned = authors.flatMap(({ letters }) => letters).sort((a, b) => a - b);
            const decision = decideLetter(
              {
                ...situation({
                  series,
                  author,
                  list: { signers: series.signers, letters: planned },
                }),
                now,
                series: { first: FIRST, refused: false, patchsig: false, sentAt: now, ...series },
                guess: series.guess,
              },
              rules,
            );
            if (decision.kind !== "suggest") continue;
            expect(author.works).toBeGreaterThanOrEqual(rules.minSeries);
            expect(now - author.since).toBeGreaterThanOrEqual(rules.minTime);
            expect(author.refused || author.undeliverable || now < author.pausedUntil).toBe(false);
            expect(series.signed && series.based).toBe(false);
            author.letters.push(decision.at);
            waiting.push({ author, at: decision.at });
          }
          deliver(now + 3 * DAY, true);

          written += sent.length;
          for (const author of authors) {
            const times = sent.filter((one) => one.author === author).map(({ at }) => at);
            expect(times.length).toBeLessThanOrEqual(rules.most);
            for (const [i, at] of times.slice(1).entries())
              expect(at - times[i]!).toBeGreaterThanOrEqual(rules.period);
          }
          for (const { at } of sent) {
            const day = sent.filter((one) => one.at > at - DAY && one.at <= at);
            expect(day.length).toBeLessThanOrEqual(rules.perDay);
          }
        },
      ),
      { numRuns: 200 },
    );
    expect(written).toBeGreaterThan(100);
  });
});
