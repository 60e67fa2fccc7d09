/** Feeds as they are followed: what comes of a large list, and how soon new mails are found. */

import { cpSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../bench.ts";
import { number } from "../report.ts";
import { median, type Workplace } from "../run.ts";

const NEW = 1_000;

/** Mails that are there before. */
const OLD = 4_000;
/** Of a home: feeds and keys, and the index. */
const STATE = ["data", "cache"];

export const updateRow: Row = (bench, report, skip) => {
  const { inbox, rounds } = bench.settings;
  if (inbox === null) return skip("update: --inbox names no list");
  const place = bench.workplace("update");
  const served = servedCopy(place, inbox);
  const moveTo = (mails: number): void => {
    const script =
      'git -C "$1" update-ref HEAD "$(git -C "$1" rev-list --reverse all | sed -n "$2p")"';
    place.time("sh", ["-c", script, "sh", served, String(mails)]);
  };
  place.time("git", ["-C", served, "branch", "-q", "all", "HEAD"]);
  moveTo(OLD);
  place.patchsig(["feed", "follow", `file://${served}`, "--as", "list"]);
  place.patchsig(["search", "-n", "1", "PATCH"]);
  moveTo(OLD + NEW);
  const before = place.path("before");
  for (const part of STATE) cpSync(place.path(part), join(before, part), { recursive: true });
  const times = Array.from({ length: rounds }, () => {
    for (const part of STATE) {
      rmSync(place.path(part), { recursive: true });
      cpSync(join(before, part), place.path(part), { recursive: true });
    }
    const update = place.patchsig(["feed", "update"]);
    return { update, index: place.patchsig(["search", "-n", "1", "PATCH"]) };
  });
  const all = times.map(({ update, index }) => update + index);
  report({
    row: "update",
    what: `feed update of ${number(NEW)} new mails, with the index`,
    value: median(all),
    unit: "s",
    goal: { atMost: 1.5 },
    raw: [
      `fetching ${number(median(times.map(({ update }) => update)))} s`,
      `index and search ${number(median(times.map(({ index }) => index)))} s`,
      `the fastest ${number(Math.min(...all))} s`,
    ],
  });
};

export const followRow: Row = (bench, report, skip) => {
  const { inbox } = bench.settings;
  if (inbox === null) return skip("follow: --inbox names no list");
  const place = bench.workplace("follow");
  const served = servedCopy(place, inbox);
  const whole = mebibytes(sizeOf(join(inbox, "objects")));
  const since = place.path("since");
  place.time("sh", ["-c", `git -C "$1" log -1 --format=%cs >"$2"`, "sh", served, since]);
  const last = new Date(place.read(since).trim());
  last.setUTCMonth(last.getUTCMonth() - 3);
  const day = last.toISOString().slice(0, 10);
  for (const [name, what, args, most] of [
    ["all", "its headers", [], 13],
    ["part", "three months' headers", ["--since", day], 1],
  ] as const) {
    const follow = ["feed", "follow", `file://${served}`, "--as", name, "--headers-only", ...args];
    const seconds = place.patchsig(follow);
    report({
      row: "follow",
      what: `a list of ${number(whole)} MiB: ${what}`,
      value: mebibytes(sizeOf(join(place.folder, "data", "patchsig", "feeds", name))),
      unit: "MiB",
      goal: { atMost: most },
      raw: [`${number(seconds)} s`],
    });
  }
};

/** With the same objects, and as a server that leaves out mails if it is asked to. */
function servedCopy(place: Workplace, inbox: string): string {
  const served = place.path("served.git");
  place.time("git", ["clone", "-q", "--bare", "--shared", inbox, served]);
  for (const name of ["allowFilter", "allowAnySHA1InWant"])
    place.time("git", ["-C", served, "config", `uploadpack.${name}`, "true"]);
  return served;
}

/** The goals were set in these: a list of 130 MiB. */
function mebibytes(bytes: number): number {
  return bytes / (1 << 20);
}

/** Bytes in all files below. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .reduce((sum, one) => sum + statSync(join(one.parentPath, one.name)).size, 0);
}
