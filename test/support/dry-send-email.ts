import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { git, temporaryFolder } from "./repo.ts";

export interface DryMail {
  /** In the order in which the server would be told. */
  readonly envelope: readonly string[];
  /** The fields' values, unfolded; "" for none. */
  readonly to: string;
  readonly cc: string;
}

export interface DrySend {
  readonly mails: readonly string[];
  readonly settings?: readonly string[];
  readonly args?: readonly string[];
  /** More files where it runs; those that end in .sh are programs. */
  readonly files?: Readonly<Record<string, string>>;
  readonly path: string;
}

/** Whom `git send-email --dry-run` would send mails to; a string if it refused: its words. */
export function drySendEmail(options: DrySend): DryMail[] | string {
  const { mails, settings = [], args = [], files = {}, path } = options;
  const cwd = temporaryFolder();
  git(cwd, ["init", "-q"]);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(cwd, name), text);
    if (name.endsWith(".sh")) chmodSync(join(cwd, name), 0o755);
  }
  const names = mails.map((text, i) => {
    const name = join(cwd, `${String(i + 1).padStart(4, "0")}.patch`);
    writeFileSync(name, text);
    return name;
  });
  const fixed = [
    "--dry-run",
    "--confirm=never",
    "--smtp-server=/bin/true",
    "--8bit-encoding=UTF-8",
    "--from=Sam Sender <sam@example.org>",
  ];
  const own = settings.flatMap((setting) => ["-c", setting]);
  const run = spawnSync("git", [...own, "send-email", ...fixed, ...args, ...names], {
    cwd,
    env: { ...process.env, PATH: path, GIT_CONFIG_GLOBAL: "/dev/null", GIT_SEND_EMAIL_NOTTY: "1" },
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return run.status === 0 ? mailsIn(run.stdout) : run.stderr.trim();
}

function mailsIn(text: string): DryMail[] {
  return text
    .replaceAll(/\n[\t ]+/g, " ")
    .split(/^Sendmail: \/bin\/true -i */m)
    .slice(1)
    .map((part) => ({
      envelope: part
        .slice(0, part.indexOf("\n"))
        .split(" ")
        .filter((word) => word !== ""),
      to: /^To: *(.*)$/m.exec(part)?.[1] ?? "",
      cc: /^Cc: *(.*)$/m.exec(part)?.[1] ?? "",
    }));
}
