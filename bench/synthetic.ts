/** A synthetic repository, the same in every run: C-like files, many authors, small patches. */

import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const FILES = 60;
const LINES = 300;
const AUTHORS = 200;
const WORDS = `the a of to in is and that for it this with from when not are can be on as we list
  pack commit tree index path value error return check size count before after first last object
  entry name option string buffer cache remote branch merge signal thread lock page table`.split(
  /\s+/,
);
const NAMES = ["Ada", "Björn", "Chen", "Dmitri", "Élodie", "Farah", "Grace", "Hiro", "Ines", "Jan"];

/** Numbers that look random and are the same in every run (xorshift32). */
class Dice {
  #state = 0x9e3779b9;
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % limit;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  words(count: number): string {
    return Array.from({ length: count }, () => this.pick(WORDS)).join(" ");
  }
}

function codeLine(dice: Dice): string {
  const indent = "\t".repeat(dice.below(4));
  return `${indent}${dice.pick(WORDS)}_${dice.pick(WORDS)}(${dice.words(2 + dice.below(5))});`;
}

function message(dice: Dice, author: string): string {
  const lines = [`${dice.pick(WORDS)}: ${dice.words(4 + dice.below(5))}`, ""];
  for (let paragraph = dice.below(4); paragraph >= 0; paragraph--) {
    for (let line = dice.below(6); line >= 0; line--) lines.push(dice.words(12));
    lines.push("");
  }
  // half of the messages have non-ASCII characters, like one of the authors' names
  lines.push(`Signed-off-by: ${author}`, "");
  return lines.join("\n");
}

/** Changes a few places of a file: replaces, adds and removes lines. */
function edit(lines: string[], dice: Dice): void {
  for (let hunk = dice.below(3); hunk >= 0; hunk--) {
    const at = dice.below(lines.length);
    const fresh = Array.from({ length: dice.below(14) }, () => codeLine(dice));
    lines.splice(at, dice.below(Math.min(12, lines.length / 8)), ...fresh, codeLine(dice));
  }
}

/** Makes a bare repository with that many commits on its branch main; returns its folder. */
export function makeRepository(folder: string, commits: number): string {
  const dice = new Dice();
  const files = Array.from({ length: FILES }, () =>
    Array.from({ length: LINES }, () => codeLine(dice)),
  );
  const stream = join(folder, "synthetic.stream");
  const file = openSync(stream, "w");
  const write = (...texts: readonly string[]): void => void writeSync(file, texts.join(""));
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  let author = "";
  for (let number = 0; number <= commits; number++) {
    // authors send series: every third commit, on average, has another author than the one before
    if (author === "" || dice.below(3) === 0) {
      const who = dice.below(AUTHORS);
      author = `${NAMES[who % NAMES.length]} Hacker <hacker${who}@example.org>`;
    }
    const stamp = `${author} ${1_700_000_000 + number * 60} +0000`;
    write(`commit refs/heads/main\nauthor ${stamp}\ncommitter ${stamp}\n`);
    write(data(message(dice, author)));
    const touched = number === 0 ? files.keys() : [dice.below(FILES), dice.below(FILES)];
    for (const one of new Set(touched)) {
      const lines = files[one]!;
      if (number > 0) edit(lines, dice);
      write(`M 100644 inline src/${WORDS[one % WORDS.length]}-${one}.c\n`);
      write(data(`${lines.join("\n")}\n`));
    }
  }
  closeSync(file);
  const repository = join(folder, "synthetic.git");
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", repository]);
  const input = openSync(stream, "r");
  execFileSync("git", ["-C", repository, "fast-import", "--quiet"], {
    stdio: [input, "ignore", "inherit"],
  });
  closeSync(input);
  rmSync(stream);
  return repository;
}
