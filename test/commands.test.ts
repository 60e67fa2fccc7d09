/** The commands that findings and letters name are the program's. */

import { expect, test } from "vitest";
import { COMMANDS } from "../src/commands.ts";
import { patchsig } from "./support/cli.ts";

const ROOT = import.meta.dirname;

test.each(Object.values(COMMANDS))("%s", (command) => {
  const words = command.replace(/^git patchsig /, "").split(" ");
  const named = words.filter((word) => !word.startsWith("-"));
  const { status, stdout } = patchsig([...named, "--help"], { home: ROOT });
  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`^(?:git )?patchsig ${named.join(" ")}\\b`));
  for (const option of words.slice(named.length)) expect(stdout).toContain(` ${option} `);
});
