/** Two runs that bring the user's index up to date at once. */

import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { openUserIndex, updateUserIndex } from "../../../src/app/search/user-index.ts";
import { lockFile } from "../../../src/store/flock.ts";
import { openTrustStore } from "../../../src/store/trust-store.ts";
import { newFolder } from "../../support/folders.ts";
import { signed, two } from "../series/thread.ts";
import { writeMbox } from "./index.ts";

afterEach(() => void vi.unstubAllEnvs());

test("the second one waits, and says so", async () => {
  const home = newFolder();
  vi.stubEnv("XDG_CACHE_HOME", home);
  const mbox = writeMbox(join(home, "mbox"), signed(two("a", "PATCH")));
  const index = openUserIndex();
  const trust = openTrustStore({ file: join(home, "trust.db") });
  const first = await lockFile(join(home, "patchsig", "index.db.lock"), () => {});
  const said: string[] = [];
  const say = (line: string): void => {
    said.push(`${line}, ${index.sources().length} sources yet`);
    first.release();
  };
  const reporter = { say, sayError: () => {}, progress: null };
  const { mails } = await updateUserIndex(index, [mbox], trust, reporter);
  expect(said).toEqual(["waiting for another run that brings the index up to date, 0 sources yet"]);
  expect(mails).toBe(3);
  trust.close();
  index.close();
});
