import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSeriesCollector } from "../../src/series/collector.ts";
import type { AssembledSeries } from "../../src/series/item.ts";
import { mail, type Named, shapeOf } from "./thread.ts";

function collect(mails: readonly Named[]): string[] {
  const collector = createSeriesCollector<string>();
  const closed: AssembledSeries<string>[] = [];
  for (const { name, item } of mails) closed.push(...collector.add(item, name));
  closed.push(...collector.end());
  return closed.map(shapeOf).sort();
}

/** A copy of each name in a row counts once. */
function once(shapes: readonly string[]): string[] {
  return shapes.map((shape) => shape.replace(/(?<= )(\S+)(?: \1)+(?= |$)/g, "$1"));
}

interface Plan {
  readonly total: number;
  readonly version: number;
  readonly sender: number;
  readonly cover: boolean;
  readonly deep: boolean;
  readonly signed: boolean;
  /** Which earlier series it answers, if any. */
  readonly answers: number;
  readonly lost: number;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  total: fc.integer({ min: 1, max: 5 }),
  version: fc.integer({ min: 1, max: 3 }),
  sender: fc.integer({ min: 0, max: 2 }),
  cover: fc.boolean(),
  deep: fc.boolean(),
  signed: fc.boolean(),
  answers: fc.integer({ min: -1, max: 6 }),
  lost: fc.integer({ min: 1, max: 9 }),
});

function mailsOf(plans: readonly Plan[]): Named[] {
  const all: Named[][] = [];
  plans.forEach((one, s) => {
    const mails: Named[] = [];
    const before = all[one.answers % Math.max(1, s)]?.[0]?.name;
    const parent = one.answers < 0 || before === undefined ? "" : before;
    let previous = parent;
    for (let n = one.cover ? 0 : 1; n <= one.total; n++) {
      const name = `s${s}n${n}`;
      const first = mails[0]?.name ?? "";
      const re = n === (one.cover ? 0 : 1) ? parent : one.deep ? `${first} ${previous}` : first;
      mails.push(
        mail(name, `[PATCH v${one.version} ${n}/${one.total}] ${s} ${n}`, {
          re: re.trim(),
          from: `p${one.sender}@example.org`,
          at: 1_790_000_000 + s * 10_000 + n,
          ...(one.signed ? { signing: `K${one.sender} s${s}` } : {}),
        }),
      );
      previous = name;
    }
    // the first one stays: without it its answers are found by the mail that they answer
    all.push(mails.length > 1 ? mails.filter((_, i) => i !== one.lost) : mails);
  });
  return all.flat();
}

const RUNS = Number(process.env["SERIES_RUNS"] ?? 300);

describe("series from a stream", () => {
  it("are the same for any order and any repetition of mails", () => {
    const shuffled = fc
      .array(plan, { minLength: 3, maxLength: 8 })
      .map(mailsOf)
      .chain((mails) =>
        fc.tuple(
          fc.constant(mails),
          fc.shuffledSubarray(mails, { minLength: mails.length }),
          fc.subarray(mails),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([mails, order, again]) => {
        const copies = again.map((one) => ({ ...one, item: { ...one.item } }));
        const expected = collect(mails);
        expect(collect(order)).toEqual(expected);
        expect(once(collect([...order, ...copies]))).toEqual(expected);
        expect(once(collect([...copies.reverse(), ...order]))).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });

  it("are connected by their label if they refer to no mail", () => {
    const mails = [mail("a1", "[PATCH 1/2] x"), mail("a2", "[PATCH 2/2] y")];
    expect(collect(mails)).toEqual(["v1 of 2: a1 a2"]);
  });

  it("are connected by the first mail and the twenty nearest ones that they refer to", () => {
    const refs = (count: number): string =>
      Array.from({ length: count }, (_, i) => `o${i}`).join(" ");
    const first = mail("a1", "[PATCH 1/2] x", { re: "r b" });
    const below = (re: string): Named[] => [first, mail("a2", "[PATCH 2/2] y", { re })];
    expect(collect(below(`r ${refs(30)}`))).toEqual(["v1 of 2: a1 a2"]);
    expect(collect(below(`s a1 ${refs(19)}`))).toEqual(["v1 of 2: a1 a2"]);
    expect(collect(below(`s a1 ${refs(20)}`))).toHaveLength(2);
  });

  it("are closed when the caller says so", () => {
    const collector = createSeriesCollector<string>();
    for (const name of ["a", "b", "c"]) collector.add(mail(name, `[PATCH] ${name}`).item, name);
    const closed = collector.close((names) => !names.includes("b"));
    expect(closed.map(shapeOf)).toEqual(["v1 of 1: a", "v1 of 1: c"]);
    expect(collector.end().map(shapeOf)).toEqual(["v1 of 1: b"]);
  });

  it("are returned in the order in which they began", () => {
    const mails = ["a", "b", "c"].map((name) => mail(name, `[PATCH] ${name}`));
    const collector = createSeriesCollector<string>();
    for (const { name, item } of mails) collector.add(item, name);
    expect(collector.end().map(shapeOf)).toEqual(["v1 of 1: a", "v1 of 1: b", "v1 of 1: c"]);
  });

  it("are closed when too many are open, the one that was quiet for longest first", () => {
    const collector = createSeriesCollector<string>();
    const closed: string[] = [];
    const add = ({ name, item }: Named): unknown =>
      closed.push(...collector.add(item, name).map(shapeOf));
    for (let i = 0; i < 256; i++) add(mail(`m${i}`, `[PATCH 1/2] ${i}`, { re: `t${i}` }));
    collector.link(mail("r0", "Re: [PATCH 1/2] 0", { re: "m0" }).item);
    expect(closed).toEqual([]);
    add(mail("late", "[PATCH] late"));
    expect(closed).toEqual(["v1 of 2: m1 incomplete"]);
    add(mail("m0b", "[PATCH 2/2] 0", { re: "t0" }));
    expect(collector.end().map(shapeOf)[0]).toBe("v1 of 2: m0 m0b");
  });

  it("are not connected by missing Message-IDs", () => {
    const collector = createSeriesCollector<string>();
    for (const name of ["a", "b"])
      collector.add(mail(name, `[PATCH] ${name}`, { bare: true }).item, name);
    expect(collector.close((names) => names.join() === "a").map(shapeOf)).toEqual(["v1 of 1: a"]);
  });

  it("are open only if there is a patch in them", () => {
    const collector = createSeriesCollector<string>();
    for (let i = 0; i < 256; i++) collector.add(mail(`m${i}`, `[PATCH] ${i}`).item, `m${i}`);
    expect(collector.link(mail("r", "Re: a report", { re: "elsewhere" }).item)).toEqual([]);
  });

  it("do not grow without bound in one thread", () => {
    const collector = createSeriesCollector<string>();
    const closed: [number, boolean][] = [];
    for (let i = 0; i < 12_000; i++) {
      const { name, item } = mail(`m${i}`, `[PATCH] ${i}`, { re: "root" });
      const series = collector.add(item, name);
      if (series.length > 0) closed.push([series.length, series[0]!.portion.isCut]);
    }
    expect(closed).toEqual([
      [5000, true],
      [5000, true],
    ]);
    const rest = collector.end();
    expect([rest.length, rest[0]!.portion.isCut]).toEqual([2000, false]);
  });

  it("are forgotten once they are closed, though their names are known", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const collector = createSeriesCollector<object>();
    const values: WeakRef<object>[] = [];
    const add = (i: number, index: number): void => {
      const value = {};
      values.push(new WeakRef(value));
      collector.add(mail(`m${i}-${index}`, `[PATCH ${index}/2] ${i}`, { re: `t${i}` }).item, value);
    };
    for (let i = 0; i < 300; i++) for (const index of [1, 2]) add(i, index);
    // a WeakRef is kept until the current turn ends
    await new Promise(setImmediate);
    collectGarbage();
    expect(values.filter((value) => value.deref() !== undefined)).toHaveLength(2 * 256);
    expect(collector.end()).toHaveLength(256);
  });
});
