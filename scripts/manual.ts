/**
 * Writes the manual pages and the shells' completion, from the definitions that --help uses:
 * dist/man and dist/completion. Run by the build.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bashCompletion } from "./manual/bash.ts";
import { readProgram } from "./manual/definitions.ts";
import { FISH_OF_GIT, fishCompletion } from "./manual/fish.ts";
import { manualPages, type Texts } from "./manual/pages.ts";
import { zshCompletion } from "./manual/zsh.ts";

const ROOT = join(import.meta.dirname, "..", "..");

function text(...path: string[]): string {
  return readFileSync(join(ROOT, ...path), "utf8");
}

/** What the pages say beside the definitions. */
function readTexts(): Texts {
  const about = readdirSync(join(ROOT, "docs", "manual")).map(
    (name) => [name.replace(/\.md$/, ""), text("docs", "manual", name)] as const,
  );
  return {
    version: (JSON.parse(text("package.json")) as { version: string }).version,
    // reproducible-builds.org: whoever packages says of which day it is
    time: Number(process.env["SOURCE_DATE_EPOCH"] ?? Date.now() / 1000),
    about: new Map(about),
    readme: text("README.md"),
    policy: text("docs", "policy.md"),
  };
}

/** Writes files into a folder of dist that is made anew. */
function write(folder: string, files: ReadonlyMap<string, string>): void {
  const path = join(ROOT, "dist", folder);
  rmSync(path, { recursive: true, force: true });
  for (const [name, content] of files) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
}

const program = await readProgram();
write("man", manualPages(program, readTexts()));
write(
  "completion",
  new Map([
    ["bash/git-patchsig", bashCompletion(program)],
    ["zsh/_git-patchsig", zshCompletion(program)],
    ["fish/patchsig.fish", fishCompletion(program)],
    ["fish/git-of-patchsig.fish", FISH_OF_GIT],
  ]),
);
