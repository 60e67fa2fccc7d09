/**
 * npm run lei-equal -- MBOX: what `search` finds among these mails, beside what lei finds.
 *
 *     --queries FILE   a query a line, instead of those below
 *
 * Both read the mbox into an index of their own, in a temporary folder. Only Message-IDs are compared. Exits
 * with 1 if a query finds other mails that has no reason here.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const PROGRAM = fileURLToPath(new URL("../../bin/patchsig.js", import.meta.url));

const UNSTEMMED = "lei: words that a sign joins are a phrase, and phrases are not stemmed";
const INFIX = "lei: v2.1 is one word";
const PLUS = "lei: what follows a + is looked for in the whole mail";
const CLOCK = "lei: a day without a time is that day at the present time of day";

/** For a list of i2c drivers; and why some find others. */
const QUERIES: readonly (readonly [query: string, why?: string])[] = [
  ["s:designware"],
  ['s:"add support"'],
  ["s:add s:support"],
  ["s:dt-bindings", UNSTEMMED],
  ["s:convert*"],
  ["s:v2", INFIX],
  ["f:wolfram"],
  ["f:wsa+renesas@sang-engineering.com", PLUS],
  ['f:"Andy Shevchenko"'],
  ["f:Jürgen OR f:Benoît OR f:Uwe"],
  ["t:linux-i2c@vger.kernel.org"],
  ["t:andi.shyti@kernel.org s:PATCH"],
  ["c:devicetree@vger.kernel.org"],
  ["tc:krzk f:shyti"],
  ["a:krzk@kernel.org"],
  ["l:linux-i2c.vger.kernel.org"],
  ["m:20250722230642.25243-1-safinaskar@zohomail.com"],
  ["d:2025-06-01..2025-07-01"],
  ["d:..20250501"],
  ["d:2025-07-15.."],
  ["dt:20250601000000..20250603120000"],
  ["rt:2025-06-10..2025-06-12", CLOCK],
  ["dfn:drivers/i2c/busses/i2c-designware-master.c"],
  ["dfn:Documentation/devicetree/bindings/i2c"],
  ["dfn:i2c-core*"],
  ["dfa:pm_runtime_put"],
  ["dfb:timeout"],
  ["dfb:i2c_adapter NOT dfa:i2c_adapter"],
  ["dfhh:i2c_imx_probe"],
  ["dfctx:timeout"],
  ["dfpre:00000000"],
  ["b:regression"],
  ["nq:regression"],
  ["q:regression"],
  ["bs:timeout"],
  ['b:"kernel test robot"'],
  ["nq:reviewed NOT s:re"],
  ["(s:imx OR s:stm32) AND dfn:drivers"],
  ["s:imx OR s:stm32 f:carlos"],
  ["s:i2c -s:patch"],
  ['"clock stretching"'],
  ["atomic* -f:wolfram s:i2c"],
  ["running"],
];

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { queries: { type: "string" } },
  });
  const [mbox] = positionals;
  if (mbox === undefined) throw new Error("npm run lei-equal -- MBOX");
  const home = mkdtempSync(join(tmpdir(), "patchsig-lei-"));
  const given = values.queries === undefined ? null : readFileSync(values.queries, "utf8");
  const queries = given?.split("\n").flatMap((one) => (one === "" ? [] : [[one] as const]));
  try {
    process.exitCode = compare(resolve(mbox), home, queries ?? QUERIES) ? 0 : 1;
  } finally {
    run(home, "lei", ["daemon-kill"]);
    rmSync(home, { recursive: true, force: true });
  }
}

function compare(mbox: string, home: string, queries: typeof QUERIES): boolean {
  mkdirSync(join(home, "run"), { mode: 0o700 });
  run(home, "lei", ["import", "--no-kw", "-F", "mboxrd", mbox]);
  const search = (query: string): Set<string> =>
    idsIn(
      run(home, process.execPath, [
        PROGRAM,
        "search",
        "--json",
        "-n",
        "10000",
        "--source",
        mbox,
        query,
      ]),
      "messageId",
    );
  let isEqual = true;
  let same = 0;
  for (const [query, why] of queries) {
    const ours = search(query);
    const theirs = idsIn(run(home, "lei", ["q", "-q", "-f", "jsonl", "--stdin"], query), "m");
    const more = [...ours].filter((id) => !theirs.has(id));
    const less = [...theirs].filter((id) => !ours.has(id));
    const differs = more.length + less.length > 0;
    if (!differs) same++;
    else if (why === undefined) isEqual = false;
    const said = differs
      ? `+${more.length} -${less.length}${why === undefined ? "" : `  ${why}`}`
      : "";
    process.stdout.write(`${query}\t${ours.size}\t${theirs.size}\t${said}\n`);
    for (const [sign, ids] of [
      ["+", more],
      ["-", less],
    ] as const)
      for (const id of ids.slice(0, 3)) process.stdout.write(`\t${sign} ${id}\n`);
  }
  process.stdout.write(`${same} of ${queries.length} queries find the same\n`);
  return isEqual;
}

/** 1 is the status of a search without results. */
function run(home: string, command: string, args: readonly string[], input = ""): string {
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    XDG_RUNTIME_DIR: join(home, "run"),
    GIT_CONFIG_NOSYSTEM: "1",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
  };
  try {
    return execFileSync(command, args, {
      env,
      cwd: home,
      input,
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["pipe", "pipe", "ignore"],
    });
  } catch (error) {
    const { status, stdout } = error as { status: number | null; stdout: string };
    if (status === 1) return stdout;
    throw error;
  }
}

/** Of records a line each, without brackets. */
function idsIn(records: string, field: string): Set<string> {
  const ids = records.split("\n").flatMap((line) => {
    if (line === "") return [];
    const id = (JSON.parse(line) as Record<string, unknown>)[field];
    return typeof id === "string" ? [id.replaceAll(/^<|>$/g, "")] : [];
  });
  return new Set(ids);
}

main();
