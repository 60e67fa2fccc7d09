/** Signing a long series: one unlock, then as fast as possible. */

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { DEFAULT_COST, formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import type { Bench, Row } from "../bench.ts";
import { keyOf, writeMbox } from "../corpus.ts";
import { number } from "../report.ts";
import { inTurn, type Workplace } from "../run.ts";

const BY = "bench@example.org";

/** A key encrypted at minisign's default cost, an unencrypted one, and the password in a file. */
function writeKeys(place: Workplace): { free: string[]; locked: string[] } {
  const key = keyOf(BY);
  const lock = { password: Buffer.from("bench"), salt: Buffer.alloc(32, 7), cost: DEFAULT_COST };
  for (const [name, how] of [
    ["locked", lock],
    ["free", null],
  ] as const) {
    const text = formatSecretKeyFile(key, "bench", how);
    writeFileSync(place.path(`${name}.key`), text, { mode: 0o600 });
  }
  writeFileSync(place.path("gitconfig"), `[patchsig]\n\taddress = ${BY}\n`);
  // one line only: asking a second time would be an error
  writeFileSync(place.path("password"), "bench\n", { mode: 0o600 });
  const password = ["--password-file", place.path("password")];
  return {
    free: ["--key", place.path("free.key")],
    locked: ["--key", place.path("locked.key"), ...password],
  };
}

/** Mails as one series of all of them. */
function renumbered(bench: Bench, count: number): Buffer[] {
  return [...bench.stream(count)].map(({ plain }, i) => {
    const end = plain.indexOf("\n\n") + 1;
    const header = plain
      .toString("latin1", 0, end)
      .replace(/^Subject: \[PATCH[^\]]*\]/m, `Subject: [PATCH ${i + 1}/${count}]`);
    return Buffer.concat([Buffer.from(header, "latin1"), plain.subarray(end)]);
  });
}

export const signRow: Row = (bench, report) => {
  const place = bench.workplace("sign");
  const { free, locked } = writeKeys(place);
  const count = Math.min(1000, bench.settings.count);
  const mails = renumbered(bench, count);
  mkdirSync(place.path("files"));
  const names = mails.map((_, i) => `files/${String(i + 1).padStart(4, "0")}.patch`);
  writeMbox(place.path("all.mbox"), mails);
  writeMbox(place.path("one.mbox"), mails.slice(0, 1));
  const sign = (key: readonly string[], ...files: string[]): number =>
    place.patchsig(["sign", "-q", ...key, ...files]);
  const copyOf = (name: string): string => {
    copyFileSync(place.path(name), place.path("in.mbox"));
    return "in.mbox";
  };
  const taken = inTurn(bench.settings.rounds, {
    one: () => sign(free, copyOf("one.mbox")),
    all: () => sign(free, copyOf("all.mbox")),
    files: () => {
      for (const [i, mail] of mails.entries()) writeFileSync(place.path(names[i]!), mail);
      return sign(free, ...names);
    },
  });
  const unlocked = sign(locked, copyOf("all.mbox"));
  const rate = (all: number): number => (count - 1) / (all - taken.one);
  report({
    row: "sign",
    what: `signing ${number(count)} patches, after the unlock`,
    value: rate(taken.all),
    unit: "/s",
    goal: { atLeast: 2000 },
    raw: [
      `an mbox ${number(taken.all)} s, one patch of it ${number(taken.one)} s, without a password`,
      `an mbox ${number(unlocked)} s with a password, asked and checked once`,
      `${number(count)} files, each replaced and synced, ${number(taken.files)} s, ` +
        `${number(rate(taken.files))} patches/s`,
    ],
  });
};
