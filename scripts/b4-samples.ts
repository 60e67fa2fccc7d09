/**
 * Compares the trailers that `am --trailers` would add with those that b4's own tests expect; docs/with-b4.md
 * has what came of it:
 *
 *     npm run b4-samples -- ~/src/b4/src/tests/samples
 *
 * The samples stay where they are. Their hunks have wrong numbers of lines, which git would refuse: these are
 * put right in memory. Compared are names and values of the trailers, not their order.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMail } from "../src/mail/mailinfo.ts";
import { messages } from "../src/mail/mbox.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
const REFERENCE = /^(trailers-followup-.*)-ref-(.*)\.txt$/;
const TRAILER = /^[A-Za-z][A-Za-z-]+: .*\S/;
/** What b4 adds besides the trailers of replies: by its options, or for whoever applies. */
const OWN = /^(?:Link|Message-ID|Cc): |^Signed-off-by: .*test-override@example\.com/i;

/** Trailers in the messages, by the patches' titles. */
function trailersIn(mbox: Buffer): Map<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const { bytes } of messages(mbox)) {
    const read = bytes === null ? null : readMail(bytes);
    // a reply has the title of what it replies to
    if (read === null || !read.ok || /^re:/i.test(read.value.headers.subject)) continue;
    const title = read.value.info.subject.toString("utf8");
    if (found.has(title)) continue;
    const lines = read.value.message.toString("utf8").split("\n");
    const trailers = lines.map((line) => line.trim()).filter((line) => TRAILER.test(line));
    found.set(title, new Set(trailers.filter((line) => !OWN.test(line))));
  }
  return found;
}

/** With hunks whose headers say how many lines they have. */
function withRightHunks(mbox: string): string {
  return mbox.replaceAll(
    /^@@@? -\d+(?:,\d+)? \+\d+(?:,\d+)? @@@?(.*)\n((?:(?!-- $|diff |From )(?:[-+ ].*)?\n)*)/gm,
    (_, rest: string, body: string) => {
      const lines = body.replace(/\n+$/, "").split("\n");
      const of = (sign: string): number =>
        lines.filter((line) => line === "" || line[0] === " " || line[0] === sign).length;
      return `@@ -1,${of("-")} +1,${of("+")} @@${rest}\n${lines.map((line) => line || " ").join("\n")}\n`;
    },
  );
}

type Json = Readonly<Record<string, unknown>>;

/**
 * What `verify` says of the newest series: titles, and the trailers that would be added.
 *
 * @param how as b4's tests call it; `sloppy` is `am --sloppy-trailers`, `noadd` is `am --no-trailers`
 */
function added(mbox: string, how: string, home: string): Map<string, Set<string>> {
  const { stdout } = spawnSync(process.execPath, [PROGRAM, "verify", "--json", "--dry-run", "-"], {
    env: { ...process.env, XDG_DATA_HOME: home },
    input: mbox,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const records = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json);
  const series = records.filter(({ type, complete }) => type === "series" && complete === true);
  const newest = series.toSorted((a, b) => Number(a["version"]) - Number(b["version"])).at(-1);
  const given = new Map<string, Set<string>>();
  if (newest === undefined) return given;
  const sources = new Set((newest["members"] as Json[]).map(({ source }) => source));
  const { trailers = [], leftOut = [] } = (newest["replies"] ?? {}) as {
    trailers?: { trailer: string; patches: number[] }[];
    leftOut?: { trailer: string; why: string }[];
  };
  const sloppy = how === "sloppy" ? leftOut.filter(({ why }) => why === "sender") : [];
  for (const patch of records.filter(
    ({ type, source }) => type === "patch" && sources.has(source),
  )) {
    const { index } = patch["series"] as { index: number };
    const own = trailers.filter(({ patches }) => patches.includes(index));
    const all = how === "noadd" ? [] : [...own, ...sloppy];
    if (index > 0) given.set(String(patch["subject"]), new Set(all.map(({ trailer }) => trailer)));
  }
  return given;
}

function compare(folder: string, name: string, home: string): string[] {
  const [, sample = "", how = ""] = REFERENCE.exec(name)!;
  const mbox = withRightHunks(readFileSync(join(folder, `${sample}.mbox`), "latin1"));
  const before = trailersIn(Buffer.from(mbox, "latin1"));
  const wanted = trailersIn(readFileSync(join(folder, name)));
  const ours = added(Buffer.from(mbox, "latin1").toString("utf8"), how, home);
  return [...wanted].flatMap(([title, expected]) => {
    const own = before.get(title) ?? new Set();
    const theirs = [...expected].filter((line) => !own.has(line));
    const given = ours.get(title) ?? new Set<string>();
    return [
      ...theirs.filter((line) => !given.has(line)).map((line) => `  only b4:   ${title}: ${line}`),
      ...[...given]
        .filter((line) => !theirs.includes(line))
        .map((line) => `  only ours: ${title}: ${line}`),
    ];
  });
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("name the folder of b4's samples");
const home = mkdtempSync(join(tmpdir(), "patchsig-b4-samples."));
try {
  for (const name of readdirSync(folder)
    .filter((one) => REFERENCE.test(one))
    .toSorted()) {
    const differences = compare(folder, name, home);
    process.stdout.write(
      [`${name}: ${differences.length === 0 ? "equal" : "differs"}`, ...differences, ""].join("\n"),
    );
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
