/** A feed that patchsig wrote, read unchanged by the programs of others; docs/feeds.md names them. */

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { patchsig, records } from "../support/cli.ts";
import { servePython } from "../support/feed-server.ts";
import { HAS_INBOX } from "../support/inbox.ts";
import { LONG } from "../support/long.ts";
import { freePort } from "../support/port.ts";
import { requireTool } from "../support/tools.ts";
import { expectStatus, newFolder, newHome, newSubmission, signedPatches, text } from "./support.ts";

const LIST = "list@example.org";
const TITLES = 3;
/** grok-pull without an installation; its last arguments are the program's. */
const PULL_FROM_SOURCE =
  "import sys; sys.path.insert(0, sys.argv.pop(1)); from grokmirror.pull import command; command()";

let root: string;
let feed: string;
let home: string;
let env: Record<string, string>;

/** A signed series of three patches, published. */
beforeAll(() => {
  home = newHome();
  env = {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "patchsig.publicLists",
    GIT_CONFIG_VALUE_0: LIST,
  };
  root = newFolder();
  feed = join(root, "ci");
  expectStatus(
    patchsig(["feed", "init", feed, "--url", "https://example.org/ci"], { home, env }),
    0,
  );
  const { work } = newSubmission();
  const files = signedPatches(work, home, ["--cover-letter"]).map((file, i) => {
    const thread = i === 0 ? "" : "In-Reply-To: <0@example.org>\nReferences: <0@example.org>\n";
    const named = join(newFolder(), `${i}.eml`);
    const fields = `To: ${LIST}\nMessage-ID: <${i}@example.org>\n${thread}From: `;
    writeFileSync(named, text(file).replace(/^From: /m, fields), "latin1");
    return named;
  });
  expectStatus(patchsig(["feed", "add", feed, ...files], { home, env }), 0);
  expectStatus(patchsig(["feed", "publish", feed], { home, env }), 0);
});

function subjects(repository: string): string[] {
  const log = execFileSync("git", ["log", "--format=%s"], { cwd: repository, encoding: "utf8" });
  return log.trim().split("\n");
}

/** A home for others' programs, and what runs them. */
function other(): { at: string; run: (program: string, ...args: string[]) => string } {
  const at = newFolder();
  execFileSync("git", ["init", "-q", join(at, "work")]);
  const its = {
    ...process.env,
    HOME: at,
    XDG_DATA_HOME: at,
    XDG_CACHE_HOME: at,
    PI_CONFIG: join(at, "pi"),
  };
  const run = (program: string, ...args: string[]): string => {
    const options = { env: its, cwd: join(at, "work"), encoding: "utf8" } as const;
    const { status, stdout, stderr } = spawnSync(program, args, options);
    expect([program, status, stderr]).toEqual([program, 0, stderr]);
    return stdout;
  };
  return { at, run };
}

describe.runIf(LONG && HAS_INBOX)("public-inbox", () => {
  /** It indexes a copy: it writes beside the epochs. */
  test("-clone, -index and -httpd serve it; b4 takes a series from there, and lei finds it", async () => {
    const web = await servePython(root);
    onTestFinished(web.stop);
    const { at, run } = other();
    const inbox = join(at, "ci");
    run("public-inbox-clone", "-q", `${web.url}/ci`, inbox);
    expect(subjects(join(inbox, "git", "0.git"))).toHaveLength(TITLES + 1);
    run("public-inbox-init", "-V2", "-Lfull", "ci", inbox, "http://127.0.0.1/ci", LIST);
    run("public-inbox-index", "-Lfull", inbox);

    const port = await freePort();
    const its = { ...process.env, HOME: at, PI_CONFIG: join(at, "pi") };
    const httpd = spawn("public-inbox-httpd", ["-W0", "-l", `127.0.0.1:${port}`], { env: its });
    onTestFinished(() => void httpd.kill("SIGKILL"));
    const url = `http://127.0.0.1:${port}/ci`;
    while (
      httpd.exitCode === null &&
      !(await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      ))
    )
      await new Promise((resolve) => setTimeout(resolve, 50));

    if (requireTool("b4")) {
      // it wants to know who runs it
      const settings = { "user.name": "Mia", "user.email": "mia@example.org" };
      const b4 = { "b4.midmask": `http://127.0.0.1:${port}/ci/%s`, "b4.attestation-policy": "off" };
      for (const [name, value] of Object.entries({ ...settings, ...b4 }))
        execFileSync("git", ["config", name, value], { cwd: join(at, "work") });
      run("b4", "--no-interactive", "am", "-o", at, "1@example.org");
      const mbox = execFileSync("sh", ["-c", "cat *.mbx"], { cwd: at });
      const verified = records(
        patchsig(["verify", "--json", "--dry-run", "-"], { home, input: mbox }),
      );
      expect(verified.filter(({ type }) => type === "series")).toMatchObject([
        { complete: true, verdict: "pass" },
      ]);
    }
    if (requireTool("lei")) {
      const found = run("lei", "q", "--no-save", "--only", inbox, "-f", "json", "m:2@example.org");
      run("lei", "daemon-kill");
      expect(JSON.parse(found)).toMatchObject([{ m: "2@example.org" }, null]);
    }
  });
});

function addMail(subject: string): void {
  const input = `From: A <a@example.org>\nTo: ${LIST}\nSubject: ${subject}\nMessage-ID: <${subject}@example.org>\n\nmore\n`;
  expectStatus(patchsig(["feed", "add", feed], { home, env, input }), 0);
  expectStatus(patchsig(["feed", "publish", feed], { home, env }), 0);
}

test("a mirror by grokmirror's README clones it, fetches what is new, and then nothing", async () => {
  const web = await servePython(root);
  onTestFinished(web.stop);
  const { at, run } = other();
  const reader = join(import.meta.dirname, "..", "support", "manifest-reader.py");
  const mirror = (): string => run("python3", reader, `${web.url}/ci/manifest.js.gz`, web.url, at);
  expect(mirror()).toBe("cloned /ci/git/0.git\n");
  expect(mirror()).toBe("unchanged /ci/git/0.git\n");
  addMail("mirrored");
  expect(mirror()).toBe("updated /ci/git/0.git\n");
  expect(subjects(join(at, "ci", "git", "0.git"))[0]).toBe("mirrored");
});

/**
 * Not in Debian 12: `pip install grokmirror`, or a clone of it that PATCHSIG_GROKMIRROR names. Its own settings and
 * locks are what this shows beyond the test above.
 */
const SOURCE = process.env["PATCHSIG_GROKMIRROR"] ?? "";
const GROK_PULL: readonly [string, ...string[]] | null =
  spawnSync("sh", ["-c", "command -v grok-pull"]).status === 0
    ? ["grok-pull"]
    : SOURCE === ""
      ? null
      : ["python3", "-c", PULL_FROM_SOURCE, SOURCE];

describe.runIf(GROK_PULL !== null)("grok-pull", () => {
  test("mirrors it, and what is new", async () => {
    const web = await servePython(root);
    onTestFinished(web.stop);
    const { at, run } = other();
    const config = join(at, "grok.conf");
    const lines = [
      "[core]",
      `toplevel = ${at}/mirror`,
      `manifest = ${at}/mirror/manifest.js.gz`,
      "[remote]",
      `site = ${web.url}`,
      `manifest = ${web.url}/ci/manifest.js.gz`,
      "[pull]",
      "include = *",
    ];
    writeFileSync(config, `${lines.join("\n")}\n`);
    mkdirSync(join(at, "mirror"));
    const mirrored = join(at, "mirror", "ci", "git", "0.git");
    const before = subjects(join(feed, "git", "0.git"));
    run(...GROK_PULL!, "-c", config);
    expect(subjects(mirrored)).toEqual(before);
    addMail("more");
    run(...GROK_PULL!, "-c", config);
    expect(subjects(mirrored)[0]).toBe("more");
    expect(readFileSync(join(at, "mirror", "manifest.js.gz")).length).toBeGreaterThan(0);
  });
});
