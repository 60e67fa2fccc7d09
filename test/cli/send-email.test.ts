/**
 * Stock `git send-email` through a real SMTP server: what was signed is good as it arrives, stock
 * minisign agrees, and stock git am makes the same commits as `patchsig am`.
 */

import { spawn, spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig, records } from "../support/cli.ts";
import { commit, commitsSince, git, newRepository } from "../support/repo.ts";
import { some } from "../support/long.ts";
import { receive } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import { expectStatus, filesOf, newFolder, newHome } from "./support.ts";

const tools = requireTool("minisign") && requireTool("git-send-email");

let folder: string;
let base: string;
let home: string;
let sent: string[];

/** Four patches: plain; a foreign author; a name and subject that are not ASCII; a very long line. */
function submission(): void {
  base = newRepository(join(folder, "base"));
  commit(base, "start", { "song.txt": "one\ntwo\nthree\n" });
  const work = join(folder, "work");
  git(folder, ["clone", "-q", "base", "work"]);
  commit(work, "song: shout two\n\n.\nFrom here on it is loud.", {
    "song.txt": "one\nTWO\nthree\n",
  });
  const as = (author: string): void =>
    void git(work, ["commit", "-q", "--amend", "--no-edit", "--author", author]);
  commit(work, "song: verse", { "song.txt": "one\nTWO\nthree\nfour\n" });
  as("Bob Builder <bob@example.net>");
  commit(
    work,
    "song: Grüße, and a title so long that git has to fold it — ümlaut or not, it is one\n\nJürgen sang „ja“.",
    {
      "grüße.txt": "Grüße aus Köln\n",
    },
  );
  as("Jürgen Groß <juergen@example.net>");
  commit(work, "song: a long line", { "long.txt": `${"la ".repeat(1000)}\ttab \nend` });
  const out = join(folder, "out");
  git(work, ["format-patch", "-q", "--base=origin/main", "-o", out, "origin/main.."]);
  sent = filesOf(out);
  // as the one who forwards the patches of others
  expectStatus(patchsig(["sign", ...sent], { home }), 0);
}

beforeAll(() => {
  folder = newFolder();
  home = newHome(7);
  submission();
});

/** Sends the files; resolves to the mails as the server got them, in the order of their subjects. */
async function received(encoding: string): Promise<Buffer[]> {
  const args = (port: number): string[] => [
    "send-email",
    "--quiet",
    "--confirm=never",
    "--suppress-cc=all",
    "--from=Alice <alice@example.org>",
    "--to=list@example.org",
    "--smtp-server=127.0.0.1",
    `--smtp-server-port=${port}`,
    "--smtp-domain=localhost",
    "--no-validate",
    `--transfer-encoding=${encoding}`,
    ...sent,
  ];
  const mails = await receive(async (port) => {
    const child = spawn("git", args(port), { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(status, said).toBe(0);
  });
  const number = (mail: Buffer): number =>
    Number(/\[PATCH (\d)\/4\]/.exec(mail.toString("latin1"))?.[1]);
  return mails.sort((a, b) => number(a) - number(b));
}

/** A fresh copy of the base. */
function tree(): string {
  const copy = join(newFolder(), "tree");
  cpSync(base, copy, { recursive: true });
  return copy;
}

describe.runIf(tools)("git send-email", () => {
  test.each(some(["auto", "8bit", "quoted-printable", "base64"], 2))(
    "--transfer-encoding=%s",
    async (encoding) => {
      const mails = await received(encoding);
      expect(mails).toHaveLength(sent.length);
      const inbox = newFolder();
      const files = mails.map((mail, i) => {
        const file = join(inbox, `${i + 1}.eml`);
        writeFileSync(file, mail);
        return file;
      });

      // good, and of one piece
      const run = expectStatus(patchsig(["verify", "--json", inbox], { home: newFolder() }), 0);
      const all = records(run);
      expect(all.slice(0, 4).map((r) => [r["author"].email, r["signature"], r["verdict"]])).toEqual(
        [
          ["alice@example.org", "good", "pass"],
          ["bob@example.net", "good", "warn"],
          ["juergen@example.net", "good", "warn"],
          ["alice@example.org", "good", "pass"],
        ],
      );
      expect(all[4]).toMatchObject({ type: "series", complete: true, sealed: true });

      // stock minisign agrees
      for (const file of files) {
        const name = join(newFolder(), "signed");
        expectStatus(patchsig(["attestation", file, "-o", name], { home }), 0);
        const key = join(home, "patchsig", "minisign.pub");
        const minisign = spawnSync("minisign", ["-V", "-m", name, "-p", key], { encoding: "utf8" });
        expect(minisign.stdout).toContain("Signature and comment signature verified");
        expect(minisign.status).toBe(0);
      }

      // stock git am makes the same commits
      const [stock, ours] = [tree(), tree()];
      git(stock, ["am", "-q", ...files]);
      expectStatus(patchsig(["am", ...files], { home: newFolder(), cwd: ours }), 0);
      const start = git(base, ["rev-parse", "HEAD"]).toString().trim();
      const work = commitsSince(join(folder, "work"), start);
      expect(commitsSince(ours, start)).toEqual(work);
      expect(commitsSince(stock, start)).toEqual(work);
    },
  );
});

test("the signed files are not changed by sending", () => {
  for (const file of sent)
    expect(readFileSync(file, "latin1")).toContain("\ntrusted comment: patchsig-v1 ");
});
