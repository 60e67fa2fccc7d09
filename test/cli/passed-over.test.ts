/** Mails that cannot be read and show no patch: said, and no reason to refuse others. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { problems, schemaOf } from "../support/json-schema.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { git } from "../support/repo.ts";
import {
  expectStatus,
  expectTidy,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "./support.ts";

const SCHEMA = schemaOf("verify");

const ANSWER = `From bob@example.org Tue Nov 24 12:00:00 2026
From: Bob <bob@example.org>
Date: Tue, 24 Nov 2026 12:00:00 +0000
Message-ID: <answer@example.org>
Subject: Re: [PATCH 2/3] x
Content-Type: text/plain; charset=ks_c_5601-1987

> a line of the patch

Fine by me.

`;

let scene: ReturnType<typeof newSubmission>;
let thread: string;
let alone: string;

beforeAll(() => {
  scene = newSubmission();
  const series = readFileSync(mbox(...signedPatches(scene.work, newHome(7), [])), "latin1");
  thread = join(newFolder(), "thread.mbox");
  writeFileSync(thread, series + ANSWER, "latin1");
  alone = join(newFolder(), "alone.mbox");
  writeFileSync(alone, ANSWER);
});

const verify = (...args: string[]): Run => patchsig(["verify", ...args], { home: newFolder() });

test("the series is good, and a line says that a mail was not read", () => {
  const run = expectStatus(verify(thread), 0);
  expectTidy(run.stdout);
  expect(run.stdout).toContain("\n1 mail without a patch could not be read\n");
});

test("a record names the mail and the reason", () => {
  const all = records(expectStatus(verify("--json", thread), 0));
  const notes = all.filter(({ type }) => type === "note");
  expect(notes).toMatchObject([
    {
      messageId: "<answer@example.org>",
      subject: "Re: [PATCH 2/3] x",
      read: false,
      findings: [{ code: "charset-unsupported", severity: "info" }],
    },
  ]);
  expect(all.at(-1)).toMatchObject({ type: "summary", fail: 0, unread: 0, passedOver: 1 });
  expect([...notes, all.at(-1)].flatMap((record) => problems(record, SCHEMA))).toEqual([]);
});

test("alone it is not a patch, and verify fails", () => {
  expect(expectStatus(verify(alone), 1).stderr).toMatch(/no patch in .*, only 1 mail\n/);
});

test("am applies the series, and reports the mail", () => {
  git(scene.work, ["checkout", "-q", "--detach", scene.baseCommit]);
  const run = expectStatus(patchsig(["am", thread], { home: newFolder(), cwd: scene.work }), 0);
  expect(run.stderr).toContain("a mail without a patch, refused");
});
