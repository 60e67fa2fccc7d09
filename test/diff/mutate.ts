// Seeded damage to diffs, as transports cause it and an attacker might.

/** A small generator of random numbers (mulberry32): the same seed gives the same cases. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  shuffle<T>(of: T[]): T[] {
    for (let at = of.length - 1; at > 0; at--) {
      const other = this.below(at + 1);
      [of[at], of[other]] = [of[other]!, of[at]!];
    }
    return of;
  }
}

/** Lines that mean something to git, for insertion where they do not belong. */
const LINES = [
  ..."diff --git a/hello.txt b/hello.txt|diff --git a/hello.txt b/other.txt|diff --git a/x y b/x y".split(
    "|",
  ),
  ..."--- a/hello.txt|+++ b/hello.txt|--- /dev/null|+++ /dev/null|--- hello.txt|+++ hello.txt".split(
    "|",
  ),
  ...'--- "a/hello.txt"|+++ "b/hello.txt"|--- "a/hel\\154o.txt"|+++ b/hello.txt\t'.split("|"),
  ..."--- a/hello.txt\t2024-01-01 00:00:00.000000000 +0000|+++ b/hello.txt 1970-01-01 00:00:00 +0000".split(
    "|",
  ),
  ..."@@ -1,3 +1,3 @@|@@ -1 +1 @@|@@ -0,0 +1 @@|@@ -1 +0,0 @@|@@ -1,0 +1,0 @@|@@ -1,2 +1,4 @@ main()|@@ -x".split(
    "|",
  ),
  ..."old mode 100644|new mode 100755|new file mode 100644|deleted file mode 100644|new mode 120000".split(
    "|",
  ),
  ..."rename from hello.txt|rename to other.txt|copy from hello.txt|copy to other.txt|similarity index 90%".split(
    "|",
  ),
  ..."rename old hello.txt|rename new other.txt|dissimilarity index 12%|index 4cb29ea..a0e1cd5 100644".split(
    "|",
  ),
  ..."index 0000000..4cb29ea|index a..b|GIT binary patch|literal 0|HcmV?d00001|delta 3|literal 5".split(
    "|",
  ),
  ..."Binary files a/hello.txt and b/hello.txt differ|Files a and b differ|\\ No newline at end of file".split(
    "|",
  ),
  ..."\\ 345678901|\\ short|\\|-- |--|---|-|+| ||\t|+one|-one| one|+evil|Index: hello.txt|=====|2.39.5".split(
    "|",
  ),
];
/** Bytes and words that decide how a header line is read. */
const SCRAPS: readonly string[] = [
  ...'\n\r\t\0 "\\/.+-@019~:\x1b\xff'.split(""),
  ...'  |//|a/|b/|old/|/dev/null|\\303|\\"|\xc2\xa0|\xe2\x80\xae| +0000|.git'.split("|"),
  ..."2024-01-01 00:00:00|1970-01-01 00:00:00 +0000|\t(remark)".split("|"),
];

type Mutation = (lines: string[], random: Random, pool: readonly string[]) => void;

const MUTATIONS: readonly Mutation[] = [
  (lines, random) => lines.splice(random.below(lines.length), 1),
  (lines, random) => lines.splice(random.below(lines.length), 1 + random.below(4)),
  (lines, random) => lines.splice(random.below(lines.length), 0, random.pick(lines)),
  (lines, random) => lines.splice(random.below(lines.length + 1), 0, random.pick(LINES)),
  (lines, random) => lines.splice(random.below(lines.length), 1, random.pick(LINES)),
  (lines, random) => {
    lines.splice(headerLine(lines, random), random.below(2), random.pick(LINES));
  },
  (lines, random, pool) =>
    lines.splice(random.below(lines.length), 1, random.pick(random.pick(pool).split("\n"))),
  (lines, random) => {
    const at = random.below(lines.length);
    const other = random.below(lines.length);
    [lines[at], lines[other]] = [lines[other]!, lines[at]!];
  },
  (lines, random) => {
    const at = random.below(lines.length);
    lines[at] = lines[at]!.replace(/\d+/, (digits) =>
      String(Number(digits) + random.pick([-1, 1, 10, 1e10])),
    );
  },
  (lines, random) => {
    const at = random.below(lines.length);
    lines[at] = lines[at]!.trimEnd();
  },
  (lines) => lines.forEach((line, at) => (lines[at] = line === " " ? "" : line)),
  (lines) => lines.forEach((line, at) => (lines[at] = at < lines.length - 1 ? `${line}\r` : line)),
  (lines, random) => {
    const at = random.below(lines.length);
    lines[at] =
      `${lines[at]}${random.pick(["\r", " ", "\t", " x", "\t2024-01-01 00:00:00 +0100", '"'])}`;
  },
  (lines, random, pool) => lines.push(...random.pick(pool).split("\n")),
  (lines, random, pool) => {
    const other = random.pick(pool).split("\n");
    const at = random.below(lines.length);
    lines.splice(at, lines.length - at, ...other.slice(random.below(other.length)));
  },
  (lines, random) => lines.splice(random.below(lines.length)),
  ...Array.from({ length: 4 }, () => byteMutation),
];

/** The number of a line that looks as if it is not in a hunk. */
function headerLine(lines: readonly string[], random: Random): number {
  const headers = lines.flatMap((line, at) => (/^(?:[^ +-]|--- |\+\+\+ )/.test(line) ? [at] : []));
  return headers[random.below(headers.length)] ?? 0;
}

function byteMutation(lines: string[], random: Random): void {
  const at = random.below(3) > 0 ? headerLine(lines, random) : random.below(lines.length);
  const line = lines[at]!;
  const column = random.below(line.length + 1);
  const inserted = random.below(3) === 0 ? "" : random.pick(SCRAPS);
  lines[at] = line.slice(0, column) + inserted + line.slice(column + random.below(2));
}

/** One of `pool` (diffs, a character a byte) with one to four mutations. */
export function mutate(pool: readonly string[], random: Random): Buffer {
  const lines = random.pick(pool).split("\n");
  for (let left = 1 + random.below(4) * random.below(2); left > 0; left--) {
    if (lines.length > 0) random.pick(MUTATIONS)(lines, random, pool);
  }
  return Buffer.from(lines.join("\n"), "latin1");
}
