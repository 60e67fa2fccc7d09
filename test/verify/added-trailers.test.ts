import { expect, test } from "vitest";
import { withoutTrailers } from "../../src/verify/added-trailers.ts";

const TRAILERS = Array.from({ length: 100 }, (_, i) => `Acked-by: ${i} <a@x.example>\n`);

/** How many messages are tried before it gives up. */
function tries(message: string): number {
  let asked = 0;
  expect(withoutTrailers(Buffer.from(message), () => asked++ < 0)).toBeNull();
  return asked;
}

test("finds the lines that were added", () => {
  const signed = `Text.\n\n${TRAILERS[0]}${TRAILERS[1]}`;
  const found = withoutTrailers(
    Buffer.from(`Text.\n\n${TRAILERS[0]}${TRAILERS[7]}${TRAILERS[1]}`),
    (candidate) => candidate.toString() === signed,
  )!;
  expect(found.message.toString()).toBe(signed);
  expect(found.added).toEqual([TRAILERS[7]!.trimEnd()]);
});

test("tries a bounded number of messages, and none of one that is very long", () => {
  expect(tries("Text.\n")).toBe(0);
  expect(tries(`Text.\n\n${TRAILERS.slice(0, 3).join("")}`)).toBe(6);
  expect(tries(`Text.\n\n${TRAILERS.join("")}`)).toBe(528);
  expect(tries(`${"x".repeat(300_000)}\n\n${TRAILERS[0]}`)).toBe(0);
});
