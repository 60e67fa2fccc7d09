/** What may stand in a feed without having gone to a public list. */

import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { addToFeed } from "../../../src/app/feed/add.ts";
import { initFeed } from "../../../src/app/feed/init.ts";
import { newFolder } from "../../support/folders.ts";
import { result } from "../search/results.ts";

test("a result by somebody whose key is not known to be the user's own does not", async () => {
  const folder = join(newFolder(), "feed");
  vi.stubEnv("XDG_CONFIG_HOME", newFolder());
  vi.stubEnv("HOME", newFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
  await initFeed(folder, { by: "a@example.org" }, () => {});
  const mail = { bytes: result(), source: "x" };
  await expect(addToFeed(folder, [mail])).rejects.toMatchObject({ code: "refused" });
  expect(await addToFeed(folder, [{ ...mail, record: true }])).toMatchObject({ already: [] });
});
