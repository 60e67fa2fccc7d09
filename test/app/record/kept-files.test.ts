/** Files in memory that is written over: what is still given out is what was kept. */

import { expect, test } from "vitest";
import { KeptFiles } from "../../../src/app/record/kept-files.ts";
import { TOP } from "../../../src/record/line-marks.ts";

/** 32 MB are kept. */
const SIZES = [1 << 20, 900_000, 7, 0, 1 << 19, 300_001, 1 << 20, 1, 650_000];

test("what is given out stays through the next piece; the oldest go", () => {
  const kept = new KeptFiles();
  const names: string[] = [];
  const fill = (name: string): number => (Number(name) % 250) + 1;
  for (let i = 0; i < 200; i++) {
    const name = `${i}`;
    const given = names.flatMap((one) => {
      const bytes = kept.get(one)?.bytes ?? null;
      expect(bytes !== null).toBe(kept.has(one));
      return bytes === null ? [] : [[one, bytes] as const];
    });
    const size = SIZES[i % SIZES.length]!;
    const half = Buffer.alloc(size >> 1, fill(name));
    const bytes = kept.join([half, Buffer.alloc(size - half.length, fill(name))]);
    kept.keep(name, { bytes, marks: TOP });
    for (const [one, bytes] of given)
      expect([bytes[0] ?? fill(one), bytes.at(-1) ?? fill(one)]).toEqual([fill(one), fill(one)]);
    expect(kept.get(name)?.bytes).toHaveLength(size);
    names.push(name);
  }
  const here = names.filter((name) => kept.has(name));
  expect(here).toEqual(names.slice(-here.length));
  expect(here.length).toBeGreaterThan(40);
  expect(here.length).toBeLessThan(100);
});

test("a long file is made, and not kept", () => {
  const kept = new KeptFiles();
  const long = kept.join([Buffer.alloc(1 << 20, 1), Buffer.alloc(1, 2)]);
  kept.keep("long", { bytes: long, marks: TOP });
  expect([long.length, long.at(-1)]).toEqual([(1 << 20) + 1, 2]);
  expect(kept.get("long")).toBe(null);
});
