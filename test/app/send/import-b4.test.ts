import { describe, expect, test } from "vitest";
import { importB4 } from "../../../src/app/send/import-b4.ts";
import { openRepository, type Repository } from "../../../src/git/repository.ts";
import { readState } from "../../../src/git/series-ref.ts";
import { commit, git, newRepository, temporaryFolder } from "../../support/repo.ts";

/** As b4 0.12 writes them. */
function cover(text: string, series: object): string {
  return `${text}\n\n--- b4-submit-tracking ---\n# This section is for b4.\n${JSON.stringify({ series }, null, 2)}\n`;
}

async function clone(message: string | null): Promise<Repository> {
  const origin = newRepository(temporaryFolder());
  commit(origin, "first", { a: "1\n" });
  const folder = temporaryFolder();
  git(folder, ["clone", "-q", origin, "."]);
  git(folder, ["switch", "-q", "-c", "b4/work", "origin/main"]);
  if (message !== null) commit(folder, message, {});
  commit(folder, "a: two", { a: "2\n" });
  return openRepository(folder);
}

const SERIES = {
  revision: 3,
  "change-id": "20261128-work-20777a856883",
  "base-branch": "main",
  prefixes: ["RFC"],
  history: { v1: ["old@x", "v1@x"], v2: ["v2@x"], v9: "odd", x: ["y@x"] },
};
const TEXT = `my title

# a note to myself
Why it matters.

To: list@example.org, other@example.org
Cc: Bob <bob@example.org>
Signed-off-by: Alice <alice@example.org>

---
Changes in v3:
- better
- Link to v2: https://lore.example/r/v2@x

Changes in v2:
- good
- Link to v1: https://lore.example/r/v1@x`;

describe("a branch of b4 prep", () => {
  test("is taken over as it is", async () => {
    const repository = await clone(cover(TEXT, SERIES));
    const tip = git(repository.cwd, ["rev-parse", "HEAD"]).toString().trim();
    const base = git(repository.cwd, ["rev-parse", "origin/main"]).toString().trim();
    const note = `my title\n\n---\nbase-commit: ${base}\n`;
    git(repository.cwd, ["tag", "-a", "-m", note, "sent/work-v2"]);
    const imported = await importB4(repository, []);
    expect(imported).toMatchObject({ branch: "b4/work", versions: [2] });
    const { state } = (await readState(repository, "b4/work"))!;
    expect(state).toMatchObject({
      settings: {
        changeId: "20261128-work-20777a856883",
        version: 3,
        prefix: ["RFC"],
        to: ["list@example.org", "other@example.org"],
        cc: ["Bob <bob@example.org>"],
      },
      cover: "my title\n\nWhy it matters.\n\nSigned-off-by: Alice <alice@example.org>\n",
      changes: "- better\n",
      changelog: "Changes in v2:\n- good\n- Link to v1: https://lore.example/r/v1@x\n",
      sent: [{ version: 2, tip, base, mails: [{ index: 0, messageId: "<v2@x>", patch: null }] }],
    });
    await expect(importB4(repository, [])).rejects.toMatchObject({ code: "exists" });
  });

  test("whose letter is still to be written has none", async () => {
    const repository = await clone(
      cover("EDITME: cover title\n\n# a\nEDITME: more", { ...SERIES, history: undefined }),
    );
    await importB4(repository, []);
    expect((await readState(repository, "b4/work"))!.state).toMatchObject({ cover: "", sent: [] });
  });

  test.each([
    ["no cover letter", null],
    ["no tracking data", "title\n\n--- b4-submit-tracking ---\nnone\n"],
    ["no series", cover("title", []).replace('"series"', '"other"')],
    ["a change-id that could be an option", cover("title", { ...SERIES, "change-id": "-x" })],
    ["no revision", cover("title", { ...SERIES, revision: "3" })],
  ])("with %s is none", async (_, message) => {
    const repository = await clone(message);
    await expect(importB4(repository, [])).rejects.toMatchObject({ code: "not-found" });
    expect(await readState(repository, "b4/work")).toBeNull();
  });
});
