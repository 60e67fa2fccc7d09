/** A public-inbox as its own programs make it. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { requireTool } from "./tools.ts";

export const HAS_INBOX = requireTool("public-inbox-init") && requireTool("public-inbox-mda");

export interface Inbox {
  readonly folder: string;
  /** Delivers a mail. */
  deliver(mail: Buffer): void;
  /** Removes a mail. */
  remove(mail: Buffer): void;
}

export function newInbox(home: string, version: 1 | 2): Inbox {
  const name = `list${version}`;
  const folder = join(home, name);
  const env = {
    ...process.env,
    HOME: home,
    PI_CONFIG: join(home, "config"),
    ORIGINAL_RECIPIENT: `${name}@example.org`,
  };
  const run = (program: string, args: readonly string[], input: Buffer | string = ""): void => {
    execFileSync(program, args, { env, input, stdio: ["pipe", "ignore", "pipe"] });
  };
  const url = `https://example.org/${name}`;
  run("public-inbox-init", ["-Lbasic", `-V${version}`, name, folder, url, `${name}@example.org`]);
  const config = ["config", "-f", join(home, "config"), "publicinboxmda.spamcheck", "none"];
  execFileSync("git", config);
  return {
    folder,
    deliver: (mail) => run("public-inbox-mda", ["--no-precheck"], mail),
    remove: (mail) => run("public-inbox-learn", ["rm", "--all"], mail),
  };
}
