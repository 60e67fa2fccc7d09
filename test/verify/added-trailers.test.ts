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

test("finds the first of a paragraph, and what stands right below the text", () => {
  for (const [signed, shown] of [
    [`Text.\n\n${TRAILERS[1]}`, `Text.\n\n${TRAILERS[0]}${TRAILERS[1]}`],
    ["Text.\n", `Text.\n${TRAILERS[0]}`],
  ] as const) {
    const found = withoutTrailers(Buffer.from(shown), (digest) => digest === sha256(signed))!;
    expect(found.message.toString()).toBe(signed);
    expect(found.added).toEqual([TRAILERS[0]!.trimEnd()]);
  }
});

test("a line has at most 500 bytes, a message 256 KiB", () => {
  const line = (length: number): string => `A: ${"b".repeat(length - 4)}\n`;
  expect([tries(`Text.\n\n${line(500)}`), tries(`Text.\n\n${line(501)}`)]).toEqual([3, 0]);
  const message = (length: number): string => `${"x".repeat(length - 7)}\n\n${line(5)}`;
  expect([tries(message(262_144)), tries(message(262_145))]).toEqual([3, 0]);
});

/** What it finds in a message, if this one was signed. */
function done(shown: string, signed: string): [readonly string[], readonly string[]] | null {
  const found = withoutTrailers(Buffer.from(shown), (digest) => digest === sha256(signed));
  if (found === null) return null;
  expect(found.message.toString()).toBe(signed);
  return [found.added, found.moved];
}

const [MINE, TESTED] = ["Signed-off-by: D\n", "Tested-by: E\n"];
const [SIGNED_OFF, CC, LINK, ACK] = ["Signed-off-by: A\n", "Cc: B\n", "Link: x\n", "Acked-by: C\n"];

test.each([
  [
    "the last line was above",
    `T\n\n${CC}${SIGNED_OFF}`,
    `T\n\n${SIGNED_OFF}${CC}`,
    [],
    [SIGNED_OFF],
  ],
  [
    "and others were added",
    `T\n\n${CC}${ACK}${LINK}${SIGNED_OFF}`,
    `T\n\n${SIGNED_OFF}${CC}`,
    [ACK, LINK],
    [SIGNED_OFF],
  ],
  [
    "lines between others",
    `T\n\n${ACK}${CC}${LINK}${SIGNED_OFF}`,
    `T\n\n${CC}${SIGNED_OFF}`,
    [ACK, LINK],
    [],
  ],
  ["an empty line was added", `T\n\n${SIGNED_OFF}`, `T\n${SIGNED_OFF}`, [], []],
  ["and others were", `T\n\n${SIGNED_OFF}${ACK}`, `T\n${SIGNED_OFF}`, [ACK], []],
  ["one of two that are alike", `T\n\n${ACK}${CC}${ACK}`, `T\n\n${ACK}${CC}`, [ACK], []],
  [
    "sorted below a sign-off",
    `T\n\n${CC}${SIGNED_OFF}${LINK}${MINE}${TESTED}${ACK}`,
    `T\n\n${CC}${SIGNED_OFF}${TESTED}${LINK}`,
    [MINE, ACK],
    [LINK, TESTED],
  ],
])("%s", (_, shown, signed, added, moved) => {
  expect(done(shown, signed)).toEqual([
    added.map((line) => line.trimEnd()),
    moved.map((line) => line.trimEnd()),
  ]);
});

test("a line is neither changed nor left out", () => {
  expect(done(`T\n\n${CC}`, `T\n\n${CC}${ACK}`)).toBeNull();
  expect(done(`T\n\n${CC}${ACK}`, `T\n\n${CC}${LINK}`)).toBeNull();
  const rest = TRAILERS.slice(0, 5).join("");
  expect(done(`T\n\n${ACK}${CC}${rest}`, `T\n\n${CC}${ACK}${rest}`)).toBeNull();
});

test("tries a bounded number of messages, and skips a very long one", () => {
  expect(tries("Text.\n")).toBe(0);
  const counts = Array.from({ length: 40 }, (_, n) =>
    tries(`Text.\n\n${TRAILERS.slice(0, n).join("")}`),
  );
  expect(counts.slice(0, 3)).toEqual([0, 3, 13]);
  expect(Math.max(...counts)).toBe(903);
  expect(tries(`Text.\n\n${TRAILERS.join("")}`)).toBe(823);
  expect(tries(`${"x".repeat(300_000)}\n\n${TRAILERS[0]}`)).toBe(0);
  expect(tries(`Text.\n\nA: ${"b".repeat(500)}\n${TRAILERS[0]}`)).toBe(2);
});
