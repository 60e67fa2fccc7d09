/** ARCHITECTURE.md is true: what it names is there, and what is there has its room on the page. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const SRC = join(ROOT, "src");
const page = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".ts"),
);
const sources = files.map((name) => readFileSync(join(SRC, name), "utf8"));
const text = sources.join("\n");
const quoted = [...page.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word!);

describe("ARCHITECTURE.md", () => {
  test("files and folders that it names are there", () => {
    const places = quoted.filter((word) => /^[\w./-]+(?:\.ts|\/)$|^src\/[\w/-]+$/.test(word));
    const names = new Set(files.flatMap((name) => [basename(name), `${basename(dirname(name))}/`]));
    const isThere = (place: string): boolean =>
      [ROOT, SRC, join(SRC, "app"), join(SRC, "cli")].some((at) => existsSync(join(at, place))) ||
      names.has(place);
    expect(places.length).toBeGreaterThan(150);
    expect(places.filter((place) => !isThere(place))).toEqual([]);
  });

  test("functions, types and methods that it names are declared", () => {
    const names = quoted.flatMap((word) =>
      /^[A-Za-z]\w*(?:\.\w+)?$/.test(word) && /[a-z][A-Z]|^[A-Z][a-z]/.test(word)
        ? word.split(".")
        : [],
    );
    const declared = new Set(
      [
        ...text.matchAll(/\b(?:function\*?|class|interface|type|const) (\w+)/g),
        // methods, and functions in a value
        ...text.matchAll(/^  (?:readonly |async |static )*(\w+)[(:<]/gm),
      ].map(([, name]) => name!),
    );
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => !declared.has(name))).toEqual([]);
  });

  test("each room of src has a row", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `src/"));
    const rooms = readdirSync(SRC, { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `src/${entry.name}/` : entry.name,
    );
    const named = rows.map((row) => row.split("|")[1]).join(" ");
    expect(rooms.filter((room) => !named.includes(`${room}\``) && room !== "index.ts")).toEqual([]);
  });

  test("a command is its definition and a function", () => {
    const cli = sources.filter((_, i) => files[i]!.startsWith("cli/"));
    const lines = cli.join("").split("\n").length;
    const commands = cli.join("").split(/\bcommand\(\{/).length - 1;
    const [, most] = /at most (\d+) lines for each/.exec(page)!;
    expect(commands).toBeGreaterThan(50);
    expect(lines / commands, `${lines} lines, ${commands} commands`).toBeLessThan(Number(most));
  });
});
