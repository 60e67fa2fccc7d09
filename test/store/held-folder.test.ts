/** A folder that is held: whoever exchanges it meanwhile leads nobody elsewhere. */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { HeldFolder } from "../../src/store/held-folder.ts";
import { newFolder } from "../support/folders.ts";

function held(name: string): HeldFolder {
  const folder = HeldFolder.open(name);
  onTestFinished(() => folder.close());
  return folder;
}

/** A held folder, and somebody else's, with a file, to which a link now leads from the place of `name`. */
function exchanged(name: string): { top: HeldFolder; moved: string; elsewhere: string } {
  const [folder, elsewhere] = [newFolder(), newFolder()];
  mkdirSync(join(folder, "below"));
  writeFileSync(join(folder, "below", "page"), "ours");
  writeFileSync(join(elsewhere, "page"), "theirs");
  const top = held(folder);
  const moved = join(folder, "moved");
  renameSync(join(folder, name), moved);
  symlinkSync(elsewhere, join(folder, name));
  return { top, moved, elsewhere };
}

describe.runIf(existsSync("/proc/self/fd"))("a link in the place of a folder", () => {
  test("that is held leads nowhere", () => {
    const [folder, elsewhere] = [newFolder(), newFolder()];
    mkdirSync(join(folder, "below"));
    writeFileSync(join(folder, "below", "page"), "ours");
    writeFileSync(join(elsewhere, "page"), "theirs");
    const below = held(folder).below("below")!;
    onTestFinished(() => below.close());
    renameSync(join(folder, "below"), join(folder, "moved"));
    symlinkSync(elsewhere, join(folder, "below"));
    expect(below.read("page")?.toString()).toBe("ours");
    writeFileSync(below.path("new"), "");
    below.remove("page");
    expect(readdirSync(join(folder, "moved"))).toEqual(["new"]);
    expect(readdirSync(elsewhere)).toEqual(["page"]);
  });

  test("is refused, and removed without what it leads to", () => {
    const { top, elsewhere } = exchanged("below");
    for (const make of [false, true])
      expect(() => top.below("below", make)).toThrow(/below is a symbolic link$/);
    expect(top.read("below")).toBeNull();
    top.remove("below");
    expect(readFileSync(join(elsewhere, "page"), "utf8")).toBe("theirs");
    expect(top.names()).toEqual(["moved"]);
    top.remove("moved");
    top.remove("moved");
    expect([top.names(), top.below("moved")]).toEqual([[], null]);
  });
});
