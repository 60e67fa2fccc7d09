/** What people do by hand, each beside its peer: start-up decides, not throughput. */

import { readdirSync, writeFileSync } from "node:fs";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import type { Row } from "../bench.ts";
import { keyOf } from "../corpus.ts";
import { type Figure, number } from "../report.ts";
import { inTurn, type Workplace } from "../run.ts";

const BY = "bench@example.org";
const PATCHES = 3;
/** As many patches as a long series has. */
const SENT = 30;

export const dailyRow: Row = (bench, report) => {
  const place = bench.workplace("daily");
  const node = (): number => place.time(process.execPath, ["-e", "0"]);
  const git = (...args: string[]): number => place.time("git", ["-C", "clone", ...args]);
  const patchsig = (...args: string[]): number => place.patchsig(args);
  makeClone(place, bench.settings.repository, git);
  const inClone = (...args: string[]): number => place.patchsigIn("clone", args);
  const sent = series(place, inClone, `topic~${SENT}..topic`, "sent");
  const few = series(place, inClone, `topic~${PATCHES}..topic`, "few");
  const mbox = place.path("few.mbox");
  place.time("sh", ["-c", "cat few/* >few.mbox"]);
  patchsig("verify", "--new", mbox);
  const to = (): number => git("checkout", "-q", "-B", "work", `topic~${PATCHES}`);

  const taken = inTurn(3 * bench.settings.rounds, {
    node,
    verify: () => patchsig("verify", ...few),
    nothing: () => patchsig("verify", "--new", mbox),
    git: () => git("format-patch", "-q", "-o", "../plain", `topic~${PATCHES}..topic`),
    format: () => inClone("format-patch", "-q", "-o", "../made", `topic~${PATCHES}..topic`),
    am: () => (to(), inClone("am", "-q", mbox)),
    gitAm: () => (to(), git("am", "-q", mbox)),
    hook: () => sent.reduce((sum, file) => sum + patchsig("hook", "run", file), 0),
  });
  const of = (what: string, value: number, peer: number, its: string): Figure => ({
    row: "daily",
    what,
    value: value / peer,
    unit: "x",
    raw: [`${number(1000 * value)} ms; ${its} ${number(1000 * peer)} ms`],
  });
  report(of(`verify of ${PATCHES} patches, over node -e 0`, taken.verify, taken.node, "node"));
  report(of("verify --new, nothing new, over node -e 0", taken.nothing, taken.node, "node"));
  report({
    ...of(
      `format-patch of ${PATCHES}, over git's and node -e 0`,
      taken.format,
      taken.git + taken.node,
      "git format-patch and node",
    ),
    goal: { atMost: 2 },
  });
  report(of(`am of ${PATCHES}, over git am`, taken.am, taken.gitAm, "git am"));
  report(of(`the hook, ${SENT} signed files, over node`, taken.hook, SENT * taken.node, "node"));
};

/** A clone with a branch of new commits, whose base is public. */
function makeClone(place: Workplace, repository: string, git: (...args: string[]) => number): void {
  writeFileSync(place.path("key"), formatSecretKeyFile(keyOf(BY), "bench", null), { mode: 0o600 });
  const config = `[user]\n\tname = Bench\n\temail = ${BY}\n[patchsig]\n\tkey = ${place.path("key")}\n`;
  writeFileSync(place.path("gitconfig"), config);
  place.time("git", ["clone", "-q", "--shared", repository, "clone"]);
  git("checkout", "-q", "-B", "topic");
  for (let i = 0; i < SENT; i++) {
    writeFileSync(place.path("clone", "bench.txt"), `line ${i}\n`.repeat(20));
    git("add", "bench.txt");
    git("commit", "-q", "-m", `bench: change ${i}`, "-m", "All lines are replaced.");
  }
}

/** Writes and signs the patches of a range; returns their files. */
function series(
  place: Workplace,
  inClone: (...args: string[]) => number,
  range: string,
  folder: string,
): string[] {
  inClone("format-patch", "-q", "-o", `../${folder}`, range);
  return readdirSync(place.path(folder))
    .sort()
    .map((name) => place.path(folder, name));
}
