/** A public-inbox as its own programs make it. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { requireTool } from "./tools.ts";

export const HAS_INBOX = requireTool("public-inbox-init") && requireTool("public-inbox-mda");

export interface Inbox {
  readonly folder: string;
  /** Delivers a mail. */
  deliver(mail: Buffer): void;
  /** The same for many at once, and quicker; they must have a Message-ID. */
  deliverAll(mails: readonly Buffer[]): void;
  /** Removes a mail. */
  remove(mail: Buffer): void;
  /** Removes it from the history, too; version 2 only. */
  purge(mail: Buffer): void;
}

/** A commit as public-inbox-v2-format(5) and -v1-format(5) have it, for git fast-import. */
function commitOf(ref: string, mail: Buffer, version: 1 | 2): Buffer {
  const [, id = ""] = /^Message-ID: <(.*)>/im.exec(mail.toString("latin1")) ?? [];
  const path = createHash("sha1").update(id).digest("hex").replace(/^../, "$&/");
  const name = version === 2 ? "m" : path;
  return Buffer.concat([
    Buffer.from(`commit ${ref}\ncommitter x <x@example.org> now\ndata 1\nx\n`),
    Buffer.from(`M 100644 inline ${name}\ndata ${mail.length}\n`),
    mail,
    Buffer.from("\n"),
  ]);
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
  const repository = version === 2 ? join(folder, "git", "0.git") : folder;
  return {
    folder,
    deliverAll(mails) {
      const ref = execFileSync("git", ["symbolic-ref", "HEAD"], { cwd: repository }).toString();
      const input = Buffer.concat(mails.map((mail) => commitOf(ref.trim(), mail, version)));
      execFileSync("git", ["fast-import", "--quiet", "--date-format=now"], {
        cwd: repository,
        input,
      });
      run("public-inbox-index", ["-Lbasic", folder]);
    },
    deliver: (mail) => run("public-inbox-mda", ["--no-precheck"], mail),
    remove: (mail) => run("public-inbox-learn", ["rm", "--all"], mail),
    purge: (mail) => run("public-inbox-purge", [folder], mail),
  };
}
