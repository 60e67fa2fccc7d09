import { expect, test } from "vitest";
import { sha256 } from "../../src/patch/attestation.ts";
import { withoutTrailers } from "../../src/verify/added-trailers.ts";

const TRAILERS = Array.from({ length: 100 }, (_, i) => `Acked-by: ${i} <a@x.example>\n`);

/** How many messages are tried before it gives up. */
function tries(message: string): number {
  let asked = 0;
  expect(withoutTrailers(Buffer.from(message), () => asked++ < 0)).toBeNull();
  return asked;
}

test("finds added lines", () => {
  const signed = `Text.\n\n${TRAILERS[0]}${TRAILERS[1]}`;
  const found = withoutTrailers(
    Buffer.from(`Text.\n\n${TRAILERS[0]}${TRAILERS[7]}${TRAILERS[1]}`),
    (digest) => digest === sha256(signed),
  )!;
  expect(found.message.toString()).toBe(signed);
  expect(found.added).toEqual([TRAILERS[7]!.trimEnd()]);
});

test("removes the empty line with an added paragraph", () => {
  const added = [TRAILERS[0]!, TRAILERS[1]!];
  for (const signed of ["Text.\n", "A: b\n\nText.\n"]) {
    const shown = Buffer.from(`${signed}\n${added.join("")}`);
    const found = withoutTrailers(shown, (digest) => digest === sha256(signed))!;
    expect(found.message.toString()).toBe(signed);
    expect(found.added).toEqual(added.map((line) => line.trimEnd()));
  }
  const alone = withoutTrailers(Buffer.from(added[0]!), (digest) => digest === sha256(""))!;
  expect(alone.message.length).toBe(0);
});

test("tries a bounded number of messages, and skips a very long one", () => {
  expect(tries("Text.\n")).toBe(0);
  expect(tries(`Text.\n\n${TRAILERS.slice(0, 3).join("")}`)).toBe(6);
  expect(tries(`Text.\n\n${TRAILERS.join("")}`)).toBe(528);
  expect(tries(`${"x".repeat(300_000)}\n\n${TRAILERS[0]}`)).toBe(0);
  expect(tries(`Text.\n\nA: ${"b".repeat(500)}\n${TRAILERS[0]}`)).toBe(1);
});
