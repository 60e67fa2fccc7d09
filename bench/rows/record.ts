/** Checking commits against their records: one run over a whole history. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { recordedSignature } from "../../src/app/record/make.ts";
import { type NewNote, writeNotes } from "../../src/git/notes.ts";
import { openRepository } from "../../src/git/repository.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { prepare, signPlaced } from "../../src/patch/sign.ts";
import { formatNote } from "../../src/record/record.ts";
import { normaliseIdentity } from "../../src/trust/identity.ts";
import { checkMail } from "../../src/verify/check.ts";
import type { Row } from "../bench.ts";
import { keyOf } from "../corpus.ts";
import { number } from "../report.ts";
import { median } from "../run.ts";

const TIME = 1_794_000_000;

export const recordRow: Row = async (bench, report, skip) => {
  const { repository, count, full, rounds } = bench.settings;
  const place = bench.workplace("record");
  writeFileSync(place.path("gitconfig"), "[user]\n\tname = Bench\n\temail = bench@example.org\n");
  place.time("git", ["clone", "-q", "--bare", "--shared", repository, "commits.git"]);
  const folder = place.path("commits.git");
  const notes = [...notesOf(folder, full ? 10_000 : Math.min(count, 2000))];
  if (notes.length === 0) return skip("no commits to sign");
  Object.assign(process.env, { GIT_COMMITTER_NAME: "Bench", GIT_COMMITTER_EMAIL: "bench@x.org" });
  const began = performance.now();
  await writeNotes(await openRepository(folder), notes, "bench");
  const writing = (performance.now() - began) / 1000;
  place.env["GIT_DIR"] = folder;
  const measured = (commits: readonly NewNote[]): number => {
    const words = ["check-commit", "-q", "--require", "signature", ...commits.map((n) => n.commit)];
    return median(Array.from({ length: rounds }, () => place.patchsig(words)));
  };
  const one = measured(notes.slice(-1));
  const seconds = measured(notes);
  report({
    row: "record",
    what: `check-commit of ${number(notes.length)} commits`,
    value: notes.length / seconds,
    unit: "/s",
    goal: { atLeast: 2000 },
    raw: [
      `${number(seconds)} s, of one commit ${number(one)} s`,
      `writing as many notes ${number(writing)} s`,
    ],
  });
};

/** Records of the newest commits, each signed by its author as it is. */
function* notesOf(repository: string, count: number): Generator<NewNote> {
  const args = ["-C", repository, "format-patch", "--stdout", "--no-numbered", `-${count}`, "HEAD"];
  const { stdout } = spawnSync("git", args, { maxBuffer: 1 << 30 });
  const verifier = createVerifier();
  const text = stdout.toString("latin1");
  const listed = spawnSync("git", ["-C", repository, "rev-list", "--no-merges", "HEAD"]).stdout;
  // a diff may show such a line, too
  const commits = new Set(listed.toString().split("\n"));
  const starts = [...text.matchAll(/^From ([0-9a-f]{40}) Mon Sep 17 00:00:00 2001\n/gm)].filter(
    ([, commit]) => commits.has(commit!),
  );
  for (const [i, start] of starts.entries()) {
    const from = start.index + start[0].length;
    const mail = Buffer.from(text.slice(from, starts[i + 1]?.index), "latin1");
    const made = prepare(mail);
    const by = made?.ok === true ? normaliseIdentity(made.value.attestation.email) : null;
    if (made?.ok !== true || by === null || !/^[!-~]+$/.test(by)) continue;
    const placed = [{ prepared: made.value, version: 1, index: 1, total: 1 }];
    const [signed] = signPlaced(placed, { time: TIME, by, base: null }, keyOf(by));
    yield {
      commit: start[1]!,
      text: formatNote({
        results: null,
        commit: start[1]!,
        verdict: "pass",
        trust: "known",
        key: { firstSeen: TIME, patches: 1 },
        vouched: null,
        messageId: "",
        appliedBy: "Bench <bench@example.org>",
        appliedAt: TIME,
        findings: [],
        trailers: [],
        signed: recordedSignature(checkMail(signed!, verifier)),
      }),
    };
  }
}
