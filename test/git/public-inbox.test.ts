/** Reading a public-inbox as far as somebody wants. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSource } from "../../src/app/sources/sources.ts";
import { newFolder } from "../support/folders.ts";
import { git, newRepository } from "../support/repo.ts";

/** What keeps node from ending. */
function children(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
}

test("whoever stops at the first mail leaves no git behind: it would keep the program from ending", async () => {
  const inbox = newRepository(join(newFolder(), "inbox"));
  for (const i of [1, 2]) {
    writeFileSync(join(inbox, "m"), `From: a <a@example.org>\nMessage-ID: <${i}@x>\n\n${i}\n`);
    git(inbox, ["add", "m"]);
    git(inbox, ["commit", "-q", "-m", "mail"]);
  }
  const before = children();
  for await (const [mail] of openSource(join(inbox, ".git"), { cursorOf: () => null }))
    if (mail !== undefined) break;
  await expect.poll(children).toBe(before);
});
