/** `patchsig verify`: what a person reads, what a script gets, and what is no mail. */

import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeAll, describe, expect, test } from "vitest";
import { displayWidth } from "../../src/report/escape.ts";
import { patchsig, patchsigEach, PROGRAM, records } from "../support/cli.ts";
import { git } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import {
  edited,
  expectError,
  expectStatus,
  expectTidy,
  formatPatch,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  publicKey,
  signedPatches,
  text,
} from "./support.ts";

const ALICE = "alice@example.org";

let submission: ReturnType<typeof newSubmission>;
let alice: string;
let files: string[];
let series: string;
let unsigned: string[];

beforeAll(() => {
  submission = newSubmission();
  alice = newHome(7);
  files = signedPatches(submission.work, alice);
  series = mbox(...files);
  unsigned = formatPatch(submission.work);
});

/** A verifier who remembers nobody. */
function verify(args: readonly string[], home = newFolder()): ReturnType<typeof patchsig> {
  return patchsig(["verify", ...args], { home });
}

describe("text", () => {
  test("a good series: one aligned line per patch, the key at first use, the base", () => {
    const run = expectStatus(verify([series]), 0);
    expect(run.stderr).toBe("");
    expect(run.stdout.split("\n")).toEqual([
      "ok    1/3 song: shout line 2                        alice@example.org  first use",
      "ok    2/3 song: shout line 10                       alice@example.org  first use",
      "ok    3/3 song: credits                             alice@example.org  first use",
      "3 of 3 in the signed order",
      "key of alice@example.org: first use, remembered",
      publicKey(7),
      `base ${submission.baseCommit.slice(0, 12)}`,
      "",
    ]);
  });

  test("twenty good patches are twenty-one lines, the key and the base", () => {
    const out = newFolder();
    const names = Array.from({ length: 20 }, (_, i) => join(out, `${i + 101}.patch`));
    for (const [i, name] of names.entries())
      writeFileSync(
        name,
        text(unsigned[1]!).replace(/^Subject: .*$/m, `Subject: [PATCH ${i + 1}/20] file ${i + 1}`),
      );
    expectStatus(patchsig(["sign", "-q", ...names], { home: alice }), 0);
    const lines = expectStatus(verify([out]), 0)
      .stdout.trimEnd()
      .split("\n");
    expect(lines.filter((line) => /^ok {4}[ 12]\d\/20 file \d+ /.test(line))).toHaveLength(20);
    expect(lines.slice(20)).toEqual([
      "20 of 20 in the signed order",
      "key of alice@example.org: first use, remembered",
      publicKey(7),
      "no base commit recorded; the submitter can add one: git patchsig format-patch",
    ]);
  });

  test("a failure comes with its reason; the reason is given once", () => {
    const bad = edited(files[1]!, (t) => t.replace("+LINE 10", "+LINE ten"));
    const run = expectStatus(verify([files[0]!, bad, unsigned[2]!]), 1);
    expectTidy(run.stdout);
    expect(run.stdout).toContain(
      [
        "FAIL  2/3 song: shout line 10                      alice@example.org  BAD",
        "          diff changed after signing",
        "          ask for a resend",
      ].join("\n"),
    );
    expect(run.stdout).toMatch(/^FAIL {2}3\/3 song: credits .* NOT SIGNED$/m);
    expect(run.stdout).toContain("\n3 of 3, 2 failed\n");
    const none = expectStatus(verify(["--require=signature", ...unsigned]), 1).stdout;
    expect(none).toMatch(
      /^none {2}3\/3 .* not signed\n\nthe policy requires a signature: 3 patches without\n$/,
    );
  });

  test("an added trailer is named, with a hint", () => {
    const acked = edited(files[0]!, (t) =>
      t.replace("---\n", "Acked-by: Bob <bob@example.org>\n---\n"),
    );
    const { stdout } = expectStatus(verify([acked]), 1);
    expectTidy(stdout);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      'message changed after signing; the diff is intact; added: "Acked-by: Bob ' +
        '<bob@example.org>" to apply it as signed: git patchsig am --signed-only',
    );
  });

  test("narrow and wide terminals are filled, not exceeded", () => {
    for (const COLUMNS of ["60", "120"]) {
      const run = patchsig(["verify", "--dry-run", series, ...unsigned], {
        home: newFolder(),
        env: { COLUMNS },
      });
      expectTidy(run.stdout, Number(COLUMNS));
      expect(displayWidth(run.stdout.split("\n")[0]!)).toBeGreaterThan(Number(COLUMNS) - 4);
    }
  });

  test("several series are separated, and counted", () => {
    const other = signedPatches(submission.work, alice, ["-v2"]);
    const { stdout } = expectStatus(verify([mbox(...files, ...other)]), 0);
    expect(stdout).toContain("\n3 of 3 in the signed order\n");
    expect(stdout).toContain("\n\nok    1/3 song: shout line 2 ");
    expect(stdout).toContain("\nv2, 3 of 3 in the signed order\n");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("6 patches in 6 mails: 6 signed, 6 ok");
  });

  test("text from a mail is escaped", () => {
    const hostile = edited(files[0]!, (t) =>
      t
        .replace(
          /^From: .*$/m,
          "From: =?utf-8?q?A=1B[31mlice=0D=E2=80=AE?= <al\x1b[2Jice@example.org>",
        )
        .replace(
          /^Subject: .*$/m,
          "Subject: [PATCH 1/3] =?utf-8?q?=1B]0;owned=07ok=0A=E2=80=AEevil?= \x9b2J",
        )
        .replace("\n\n", "\nMessage-ID: <\x1b[2J\r\x07@\x7f>\n\n"),
    );
    for (const args of [[hostile], ["--json", hostile]]) {
      const run = expectStatus(verify(args), 1);
      expectTidy(run.stdout, args.length > 1 ? 10_000 : 80);
      expectTidy(run.stderr);
    }
  });

  test("a file name is escaped like a mail", () => {
    expectTidy(verify(["no\x1b[31m\u202efile"]).stderr);
  });
});

describe.runIf(requireTool("script"))("on a terminal", () => {
  /** What the program writes to a pty of 80 columns. */
  function onTerminal(command: string, env: Record<string, string>): string {
    const run = spawnSync("script", ["-qec", `stty cols 80; ${command}`, "/dev/null"], {
      env: { ...process.env, XDG_DATA_HOME: newFolder(), TERM: "xterm", GIT_PAGER: "cat", ...env },
      encoding: "utf8",
    });
    return run.stdout;
  }

  test("colour only on a terminal; NO_COLOR and TERM=dumb turn it off", () => {
    const command = `'${process.execPath}' '${PROGRAM}' verify '${series}'`;
    const color = onTerminal(command, { NO_COLOR: "" });
    const plain = [
      onTerminal(command, { NO_COLOR: "1" }),
      onTerminal(command, { NO_COLOR: "", TERM: "dumb" }),
      onTerminal(`${command} | cat`, { NO_COLOR: "" }),
    ];
    expect(color).toContain("\x1b[32mok    \x1b[0m1/3");
    for (const output of plain) expect(output).toBe(color.replace(/\x1b\[[0-9;]*m/g, ""));
  });
});

describe("a series that came before", () => {
  /** As mails, each with an id of its own. */
  const mails = (version: number, prefix: string): string[] =>
    signedPatches(submission.work, alice, [`-v${version}`], "origin/main..").map((file, i) =>
      edited(file, (t) => t.replace(/^Subject:/m, `Message-ID: <${prefix}${i}@example.org>\n$&`)),
    );

  test("what a new version leaves alone is one line, and so is what is sent again", () => {
    const second = mails(2, "v2-");
    second[0] = edited(mails(2, "v2-")[0]!, (t) => t.replace("+LINE 2\n", "+LINE two\n"));
    const resigned = patchsig(["sign", ...second], { home: alice });
    expectStatus(resigned, 0);
    const again = mails(1, "again-");
    const home = newFolder();
    const run = expectStatus(verify([mbox(...mails(1, "v1-"), ...second)], home), 0);
    expect(run.stdout.match(/^.*since v1$/gm)).toEqual(["2 and 3: unchanged since v1"]);
    expect(run.stdout).not.toContain("came before");
    const replayed = expectStatus(verify([mbox(...again)], home), 0);
    expect(replayed.stdout.match(/^.*came before.*$/gm)).toEqual(["came before, in other mails"]);
    const one = verify(["--dry-run", again[1]!, again[0]!], home);
    expectTidy(one.stdout);
    expect(one.stdout).toMatch(/^came before, in other mails$/m);
    expect(verify(["--dry-run", again[1]!], home).stdout).toMatch(
      /^the same patch came before, on .*, as <v1-1@example.org>$/m,
    );
  });
});

describe("--summary and --quiet", () => {
  test("the totals and what stands out; or only errors, and the exit status", () => {
    const bad = edited(files[1]!, (t) => t.replace("+LINE 10", "+LINE ten"));
    const bobs = unsigned.map((file) =>
      edited(file, (t) => t.replace(/^From: .*$/m, "From: Bob <bob@example.org>")),
    );
    const sources = [mbox(files[0]!, bad, files[2]!), ...bobs];
    const summary = expectStatus(verify(["--summary", ...sources]), 1);
    expect(summary.stdout.split("\n")).toEqual([
      "FAIL  2/3 song: shout line 10                             alice@example.org  BAD",
      "          diff changed after signing",
      "          ask for a resend",
      "3 of 3, 1 failed",
      "key of alice@example.org: first use, remembered",
      publicKey(7),
      `base ${submission.baseCommit.slice(0, 12)}`,
      "",
      "6 patches in 6 mails: 2 signed, 2 ok, 3 not signed, 1 not good",
      "",
    ]);
    const good = expectStatus(verify(["--summary", series]), 0);
    expect(good.stdout).toBe("3 patches in 3 mails: 3 signed, 3 ok\n");
    expect(good.stderr).toBe("");
    for (const [args, status] of [
      [sources, 1],
      [[series], 0],
      [unsigned, 0],
      [["--require=signature", ...unsigned], 1],
    ] as const)
      expect(verify(["-q", ...args])).toEqual({ status, stdout: "", stderr: "" });
    expectError(verify(["-q", "nowhere"]), 3, "no such file: nowhere");
    expectError(verify(["-q", "--json", series]), 2, /^--json, --summary and --quiet exclude/);
  });
});

describe("--json", () => {
  test("one record per patch, one per series, one summary", () => {
    const run = expectStatus(verify(["--json", series]), 0);
    const [first, , , whole, summary, ...more] = records(run);
    expect(more).toEqual([]);
    expect(first).toEqual({
      type: "patch",
      source: series,
      messageId: "",
      subject: "song: shout line 2",
      author: { name: "Alice", email: ALICE },
      signer: ALICE,
      publicKey: publicKey(7),
      signature: "good",
      trust: "first-use",
      vouched: null,
      key: null,
      changed: [],
      base: { status: "present", commit: submission.baseCommit, tree: null },
      series: { id: whole!["id"], version: 1, index: 1, total: 3 },
      findings: [
        {
          code: "key-first-use",
          severity: "info",
          message: `key of ${ALICE}: first use, remembered`,
          hint: publicKey(7),
        },
      ],
      verdict: "pass",
    });
    expect(whole).toMatchObject({
      type: "series",
      signer: ALICE,
      total: 3,
      complete: true,
      missing: [],
      sealed: true,
      verdict: "pass",
    });
    expect(summary).toEqual({
      type: "summary",
      messages: 3,
      patches: 3,
      pass: 3,
      warn: 0,
      fail: 0,
      unread: 0,
      unsigned: 0,
      passedOver: 0,
    });
  });

  test("stays JSON after an error: errors go to stderr", () => {
    const run = expectStatus(verify(["--json", files[0]!, "nowhere"]), 3);
    expect(records(run).map((r) => r["type"])).toEqual(["patch", "unread", "series", "summary"]);
    expect(run.stderr).toBe("patchsig: no such file: nowhere\n");
  });
});

describe("the policy", () => {
  test.each([
    ["opt-in", "unsigned", 0],
    ["known", "signed", 1],
    ["pinned", "signed", 1],
  ])(
    "--require %s of a series that is %s, by a stranger: status %i",
    (requirement, which, status) => {
      const sources = which === "signed" ? files : unsigned;
      expectStatus(verify(["--require", requirement, ...sources]), status);
    },
  );

  test("known and pinned keys; set by git config too, the option wins", () => {
    const home = newFolder();
    expectStatus(verify([series], home), 0);
    for (const _ of "12") expectStatus(verify(["--require=known", series], home), 1);
    // as if the day before another series had brought the key
    const db = new Database(join(home, "patchsig", "trust.db"));
    db.exec("update keys set first_series = 'another', first_seen = first_seen - 86400");
    db.close();
    for (const _ of "12") expectStatus(verify(["--require=known", series], home), 0);
    expectStatus(verify([series], home), 0);
    const { stdout } = expectStatus(verify(["--require=pinned", series], home), 1);
    expectTidy(stdout);
    expect(stdout).toContain("the key is known; the policy requires pinned");
    // the command to copy is whole, though it had to be wrapped
    const command = /git patchsig (trust accept[^\n]*\\\n[^]*?[^\\])\n(?:\S|FAIL)/.exec(
      stdout,
    )![1]!;
    const words = command.replaceAll("\\\n", " ").trim().split(/\s+/);
    expectStatus(patchsig(words, { home }), 0);
    expectStatus(verify(["--require=pinned", series], home), 0);

    const config = {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "patchsig.require",
      GIT_CONFIG_VALUE_0: "pinned",
    };
    const stranger = newFolder();
    expectStatus(patchsig(["verify", series], { home: stranger, env: config }), 1);
    expectStatus(
      patchsig(["verify", "--require=signature", series], { home: stranger, env: config }),
      0,
    );
    const broken = { ...config, GIT_CONFIG_VALUE_0: "sometimes" };
    expectError(
      patchsig(["verify", series], { home: stranger, env: broken }),
      2,
      /^patchsig\.require cannot be sometimes$/,
    );
  });

  test("--dry-run writes nothing at all", () => {
    const home = newFolder();
    const { stdout } = expectStatus(verify(["--dry-run", series], home), 0);
    expect(stdout).toContain("first use, not remembered");
    expect(readdirSync(home)).toEqual([]);

    expectStatus(verify([series], home), 0);
    const state = (): string[] =>
      readdirSync(join(home, "patchsig")).map(
        (name) => `${name} ${readFileSync(join(home, "patchsig", name), "latin1")}`,
      );
    const before = state();
    expectStatus(verify(["--dry-run", ...unsigned, series], home), 1);
    expect(state()).toEqual(before);
  });
});

describe("sources", () => {
  test("a directory, in order of names; other files are ignored", () => {
    const folder = newFolder();
    for (const [i, file] of files.entries()) copyFileSync(file, join(folder, `000${i}.patch`));
    writeFileSync(join(folder, "README"), "\x7fELF");
    writeFileSync(join(folder, ".#0001.patch"), "\x7fELF");
    const run = expectStatus(verify(["--json", folder]), 0);
    expect(records(run).at(-1)).toMatchObject({ messages: 3, pass: 3 });
  });

  test("a maildir", () => {
    const folder = newFolder();
    for (const name of ["new", "cur", "tmp"]) mkdirSync(join(folder, name));
    copyFileSync(files[0]!, join(folder, "new", "1700000000.1.host"));
    copyFileSync(files[1]!, join(folder, "cur", "1700000000.2.host:2,S"));
    copyFileSync(files[2]!, join(folder, "cur", "1700000000.3.host:2,"));
    writeFileSync(join(folder, "tmp", "half"), "Subject: [PATCH] ha");
    const run = expectStatus(verify(["--json", folder]), 0);
    expect(records(run).at(-1)).toMatchObject({ messages: 3, pass: 3 });
  });

  test("standard input, also in pieces and with CRLF", async () => {
    const crlf = text(series).replaceAll("\n", "\r\n");
    const child = spawn(process.execPath, [PROGRAM, "verify"], {
      env: { ...process.env, XDG_DATA_HOME: newFolder() },
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.write("\r\nFr");
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.stdin.end(crlf.slice(2), "latin1");
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(said).toContain("3 of 3 in the signed order");
    expect(status).toBe(0);
  });

  test("arguments after -- are names, whatever they look like", () => {
    const home = newFolder();
    copyFileSync(files[0]!, join(home, "--json"));
    copyFileSync(files[1]!, join(home, "-x"));
    copyFileSync(files[2]!, join(home, "y"));
    const { stdout } = expectStatus(verify(["--", "--json", "-x", "y"], home), 0);
    expect(stdout).toContain("3 of 3 in the signed order");
    expectError(verify(["--", "-nowhere"], home), 3, "no such file: ./-nowhere");
  });

  test("verdicts before a missing source are printed and remembered", () => {
    const home = newFolder();
    const run = expectStatus(verify([files[0]!, "nowhere", files[1]!], home), 3);
    expect(run.stdout).toMatch(/^ok {4}1\/3 .*\nok {4}2\/3 .*\n2 of 3, missing 3\n/);
    expect(run.stderr).toBe("patchsig: no such file: nowhere\n");
    expect(patchsig(["trust", "list"], { home }).stdout).toContain(ALICE);
  });

  test("an empty file among others does not stop it", () => {
    const empty = join(newFolder(), "empty.mbox");
    writeFileSync(empty, "");
    expectStatus(verify([empty, newFolder(), series]), 0);
  });
});

describe("input that is not a mail: one line, the right status", () => {
  const folder = newFolder();
  const put = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  const cases: [name: string, source: () => string, status: number, message: string | RegExp][] = [
    ["an empty file", () => put("empty", ""), 1, /^no mail in .*empty$/],
    ["blank lines", () => put("blank", "\n\r\n\n".repeat(2000)), 1, /^no mail in .*blank$/],
    ["an empty directory", () => newFolder(), 1, /^no mail in /],
    ["/dev/null", () => "/dev/null", 1, "no mail in /dev/null"],
    [
      "a mail without a patch",
      () => put("hello", "From: Bob <bob@example.org>\nSubject: hello\n\nHow are you?\n"),
      1,
      /^no patch in .*hello, only 1 mail$/,
    ],
    ["a missing file", () => "nowhere", 3, "no such file: nowhere"],
    [
      "what is below a file",
      () => join(put("file", "x"), "x"),
      3,
      /^cannot read .*file\/x: a part of its path is not a folder/,
    ],
    [
      "bytes",
      () => put("bytes", Buffer.from([0x7f, 0, 1, 2, 0xff])),
      3,
      /^.*bytes is neither a mail nor an mbox$/,
    ],
    [
      "a JPEG",
      () => put("x.jpg", Buffer.from("ffd8ffe000104a464946000101", "hex")),
      3,
      /neither a mail nor an mbox/,
    ],
    [
      "a bare diff",
      () => put("x.diff", "diff --git a/x b/x\n--- a/x\n+++ b/x\n"),
      3,
      /neither a mail nor an mbox/,
    ],
    ["a database", () => "/dev/zero", 3, "/dev/zero is neither a mail nor an mbox"],
  ];
  test("any kind of file", () => {
    const words = cases.map(([, source]) => ["verify", source()]);
    const runs = patchsigEach(words, newFolder());
    for (const [i, [, , status, message]] of cases.entries())
      expectError(runs[i]!, status, message);
  });

  test("empty standard input", () => {
    expectError(verify(["-"]), 1, "no mail in standard input");
  });

  test("an unreadable file", (context) => {
    const file = put("secret", "From: x\n\n");
    chmodSync(file, 0o000);
    const command = [process.execPath, PROGRAM, "verify", file];
    // root reads everything, unless it gives that up
    if (process.getuid?.() === 0)
      command.unshift("setpriv", "--bounding-set=-dac_override,-dac_read_search");
    const [program = "", ...args] = command;
    const env = { ...process.env, XDG_DATA_HOME: newFolder() };
    const run = spawnSync(program, args, { encoding: "utf8", env });
    if (run.error !== undefined) return context.skip();
    expectError({ ...run, status: run.status ?? -1 }, 3, `not allowed to read ${file}`);
  });

  test("a truncated mbox: only the last mail fails", () => {
    const [first, second] = text(series).split("\ntrusted comment: ");
    const cut = put("cut", `${first}\ntrusted comment: ${second}\ntrusted com`);
    const { stdout } = expectStatus(verify([cut]), 1);
    expect(stdout).toMatch(/^ok {4}1\/3 /m);
    expect(stdout).toMatch(/^FAIL {2}2\/3 .*unreadable$/m);
    expect(stdout).toContain("the signature block is damaged");
    expect(stdout).toContain("2 of 3, missing 3, 1 failed");
  });

  test.runIf(existsSync("/proc/self/status"))(
    "200 MB of zeros, bare and as a mail: bounded memory",
    () => {
      const zeros = put("zeros", "");
      truncateSync(zeros, 200 << 20);
      const mail = put("mail", "From: Bob <bob@example.org>\nSubject: [PATCH] x\n\n");
      truncateSync(mail, 200 << 20);
      const measured = join(folder, "measure.mjs");
      writeFileSync(
        measured,
        // not maxRSS: that begins with the memory of the process that started this one
        `import { readFileSync } from "node:fs";\n` +
          `const peak = () => /VmHWM:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1];\n` +
          `process.on("exit", () => process.stderr.write("peak " + peak()));\n` +
          `process.argv.splice(1, 1);\nawait import(process.argv[1]);\n`,
      );
      const peak = (file: string): { said: string; status: number | null; megabytes: number } => {
        const run = spawnSync(process.execPath, [measured, PROGRAM, "verify", file], {
          encoding: "utf8",
          env: { ...process.env, XDG_DATA_HOME: newFolder() },
        });
        const kilobytes = Number(/peak (\d+)$/.exec(run.stderr)?.[1]);
        return { said: run.stdout + run.stderr, status: run.status, megabytes: kilobytes / 1024 };
      };
      const bare = peak(zeros);
      expect(bare).toMatchObject({
        status: 3,
        said: expect.stringContaining("is neither a mail nor an mbox\n"),
      });
      expect(bare.megabytes).toBeLessThan(120);
      const large = peak(mail);
      expect(large).toMatchObject({
        status: 1,
        said: expect.stringContaining("bytes are too many"),
      });
      // the cap on one mail is 100 MB
      expect(large.megabytes).toBeLessThan(300);
    },
  );
});

test("a closed pipe ends it without success", async () => {
  const many = mbox(...Array.from({ length: 400 }, () => unsigned).flat());
  const run = spawnSync(
    "bash",
    [
      "-c",
      `set -o pipefail; "$1" "$2" verify --json --require=opt-in "$3" | head -1`,
      "bash",
      process.execPath,
      PROGRAM,
      many,
    ],
    { encoding: "utf8", env: { ...process.env, XDG_DATA_HOME: newFolder() } },
  );
  expect(run.stdout.split("\n")).toHaveLength(2);
  expect(run.stderr).toBe("");
  expect(run.status).toBe(3);
});

test("every thread reports, under the settings that matter, what plain git am would do differently", () => {
  const crlf = edited(files[0]!, (mail) => mail.replaceAll("\n", "\r\n"));
  const many = mbox(...Array.from({ length: 600 }, () => crlf));
  const run = (folder: string, args: readonly string[]): string[] =>
    records(patchsig(["verify", "--json", "--dry-run", ...args], { home: alice, cwd: folder }))
      .filter(({ type }) => type === "patch")
      .map(({ findings }) => findings.map((f: { code: string }) => f.code).includes("am-differs"));
  const own = newFolder();
  git(own, ["init", "-q"]);
  expect(run(own, [crlf])).toEqual([false]);
  git(own, ["config", "am.keepcr", "true"]);
  expect(run(own, [crlf])).toEqual([true]);
  expect(new Set(run(own, ["-j2", many]))).toEqual(new Set([true]));
  expect(run(own, [files[0]!])).toEqual([false]);
  // a bare one is nobody's working tree
  const bare = newFolder();
  git(bare, ["init", "-q", "--bare"]);
  git(bare, ["config", "am.keepcr", "true"]);
  expect(run(bare, [crlf])).toEqual([false]);
});
