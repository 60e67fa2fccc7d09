/** What test runs leave that are killed, the next one removes. */

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newFolder } from "./support/folders.ts";
import { removeLeftovers } from "./support/memory.ts";

test("only folders of runs go that have ended", () => {
  const place = newFolder();
  const { pid: ended } = spawnSync("true");
  const names = [process.pid, ended].map((pid) => `patchsig-tests-${pid}-a1B2c3`);
  for (const name of [...names, "patchsig-tests-a1B2c3", `other-${ended}-x`]) {
    mkdirSync(join(place, name, "x"), { recursive: true });
    writeFileSync(join(place, name, "x", "y"), "");
  }
  removeLeftovers(place);
  removeLeftovers(join(place, "nowhere"));
  expect(new Set(readdirSync(place))).toEqual(
    new Set([`other-${ended}-x`, names[0], "patchsig-tests-a1B2c3"]),
  );
});
