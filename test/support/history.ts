/** An epoch of an inbox as git makes it. */

import { execFileSync } from "node:child_process";

/** Nothing but these mails; commits have other names with another time. */
export function writeHistory(repository: string, mails: readonly Buffer[], time: number): void {
  const stream = mails.map((bytes, i) =>
    Buffer.concat([
      Buffer.from(`commit refs/heads/master\ncommitter a <a@x> ${time + i} +0000\ndata 1\nx\n`),
      Buffer.from(`deleteall\nM 100644 inline m\ndata ${bytes.length}\n`),
      bytes,
      Buffer.from("\n"),
    ]),
  );
  const reset = Buffer.from("reset refs/heads/master\n");
  execFileSync("git", ["fast-import", "--quiet", "--force", "--date-format=raw"], {
    cwd: repository,
    input: Buffer.concat([reset, ...stream]),
  });
  execFileSync("git", ["symbolic-ref", "HEAD", "refs/heads/master"], { cwd: repository });
}
