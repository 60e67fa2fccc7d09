/** Where trailers go in a message: where stock git interpret-trailers puts them. */

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { appendTrailers, trailersOf } from "../../src/trailers/append.ts";
import { trailerNames } from "../../src/trailers/trailer.ts";

const SIGNED = "Signed-off-by: Alice Ames <alice@example.org>\n";
const BOB = "Reviewed-by: Bob Berg <bob@example.org>";
const CARL = 'Fixes: 1234567890ab ("f: four")';

/** The body of a commit with these trailers, as git makes it. */
function byGit(message: string, lines: readonly string[]): string {
  const words = lines.flatMap((line) => ["--trailer", line]);
  const settings = ["-c", "trailer.ifexists=add", "-c", "trailer.where=end"];
  const { stdout } = spawnSync(
    "git",
    [...settings, "interpret-trailers", "--no-divider", ...words],
    {
      input: `f: a title\n\n${message}`,
      encoding: "utf8",
      env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
      cwd: "/",
    },
  );
  // git writes the trailers that it finds anew; patchsig leaves lines that were signed as they are
  return spaced(stdout.replace("f: a title\n\n", "").replace(/\n+$/, "\n"));
}

function spaced(text: string): string {
  return text.replace(/^([A-Za-z-]+) ?: ?(?=\S)/gm, "$1: ");
}

test.each([
  ["no text", ""],
  ["text", "Text.\n"],
  ["text and a sign-off", `Text.\n\n${SIGNED}`],
  ["a sign-off alone", SIGNED],
  ["text right above a sign-off", `Text.\nMore.\n${SIGNED}`],
  ["much text right above a sign-off", `Text\n${"of words\n".repeat(9)}${SIGNED}`],
  ["three lines above a sign-off", `a\nb\nc\n${SIGNED}`],
  ["four lines above a sign-off", `a\nb\nc\nd\n${SIGNED}`],
  [
    "trailers of other kinds",
    "Text.\n\nLink: https://example.org/1\nCc: Carl <carl@example.org>\n",
  ],
  ["one of them is text", "Text.\n\nLink: https://example.org/1\nand more\n"],
  ["a folded one", `Text.\n\nNote: one\n  two\n${SIGNED}`],
  ["a remark in brackets", `Text.\n\n${SIGNED}[carl: fixed a typo]\n`],
  [
    "a cherry-pick",
    "Text.\n\n(cherry picked from commit 1234567890123456789012345678901234567890)\n",
  ],
  ["a blank before the colon", "Text.\n\nLink : https://example.org/1\n"],
  ["a colon in text", "Text.\n\nas follows: this\n"],
  ["a list", "Text.\n\n- one: two\n"],
  ["an indented paragraph", "Text.\n\n  Signed-off-by: Alice Ames <alice@example.org>\n"],
  ["an address right behind a colon", "Text.\n\nCc:carl@example.org\n"],
])("%s", (_, message) => {
  for (const lines of [[BOB], [BOB, CARL]])
    expect(spaced(appendTrailers(Buffer.from(message), lines).toString())).toBe(
      byGit(message, lines),
    );
});

test("none: the message stays", () =>
  expect(appendTrailers(Buffer.from("Text.\n"), []).toString()).toBe("Text.\n"));

test("the trailers that a message has, wherever they stand", () => {
  const text = Buffer.from(`${BOB}\n\nText.\n\n${SIGNED}> Acked-by: Carl <carl@example.org>\n`);
  expect(trailersOf(text, trailerNames([])).map(({ name }) => name)).toEqual(["Reviewed-by"]);
});
