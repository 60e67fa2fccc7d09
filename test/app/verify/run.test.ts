/** A whole run: what it shows, whether its policy is met, and why there may be nothing. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bases } from "../../../src/app/base/verify-bases.ts";
import { type RunOptions, type RunResult, verifyRun } from "../../../src/app/verify/run.ts";
import { openTrustStore, type TrustStore } from "../../../src/store/trust-store.ts";
import type { Verdict } from "../../../src/types.ts";
import { DEFAULT_POLICY } from "../../../src/verify/policy.ts";
import { newFolder } from "../../support/folders.ts";
import { signMails } from "../../support/signing.ts";

const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const mail = (id: string, subject: string, body: string, more = ""): string =>
  `From: Alice <alice@example.org>\nSubject: ${subject}\nDate: Fri, 6 Nov 2026 22:00:00 +0000\nMessage-ID: <${id}@x>\n${more}\n${body}`;
const PATCH = mail("1", "[PATCH] x", `why\n---\n${DIFF}`);
const SIGNED = signMails([Buffer.from(PATCH)])[0]!.toString();
const LETTER = mail("2", "hello", "no patch\n");
/** It cannot be read, and shows no patch. */
const STRANGE = mail("3", "Re: x", "fine\n", "Content-Type: text/plain; charset=ks_c_5601-1987\n");
/** It carries a patch, which git does not find. */
const HIDDEN = PATCH.replace("\ndiff", "\n=64iff").replace(/^(?:---|\+\+\+|@@) .*\n/gm, "");
const CARRIER = mail(
  "4",
  "hello",
  `--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\n${HIDDEN}\n--b--\n`,
  'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n',
);

let folder: string;
let store: TrustStore;
beforeEach(() => {
  folder = newFolder();
  store = openTrustStore({ file: join(folder, "trust.db") });
});
afterEach(() => store.close());

function mailbox(...mails: readonly string[]): string {
  const file = join(folder, "mails.mbox");
  writeFileSync(file, mails.map((one) => `From x Fri Nov  6 22:00:00 2026\n${one}\n`).join(""));
  return file;
}

interface Shown extends RunResult {
  readonly kinds: readonly string[];
}

async function run(
  sources: readonly string[],
  more: Partial<RunOptions> = {},
  show: (kind: string) => void = () => {},
): Promise<Shown> {
  const options: RunOptions = {
    sources,
    onlyNew: false,
    policies: { general: DEFAULT_POLICY, overrides: [] },
    devKeyrings: [],
    plainAm: null,
    dryRun: false,
    jobs: 1,
    dkim: null,
    bases: null,
    tests: null,
    ...more,
  };
  const kinds: string[] = [];
  const tell = ({ kind }: { readonly kind: string }): void => {
    kinds.push(kind);
    show(kind);
  };
  const reporter = { say: () => {}, sayError: () => {}, progress: null };
  return { ...(await verifyRun(options, store, tell, reporter)), kinds };
}

describe("whether the policy is met", () => {
  test("by a good patch, and by no bad one", async () => {
    expect(await run([mailbox(SIGNED)])).toMatchObject({
      kinds: ["patch", "series"],
      met: true,
      series: 1,
      nothing: null,
    });
    const bad = SIGNED.replace("+2", "+3").replace("<1@x>", "<5@x>");
    // a good series after it changes nothing
    expect(await run([mailbox(bad, SIGNED)])).toMatchObject({ met: false, series: 2 });
  });

  test("not if the repository says that a base does not fit", async () => {
    const judging = (verdict: Verdict): Bases => ({
      judge: ({ result }) => Promise.resolve({ ...result, verdict }),
      close: () => {},
    });
    expect(await run([mailbox(SIGNED)], { bases: judging("fail") })).toMatchObject({ met: false });
    expect(await run([mailbox(SIGNED)], { bases: judging("warn") })).toMatchObject({ met: true });
  });
});

describe("if nothing was shown, there is a reason", () => {
  test("no mail at all, or none with a patch", async () => {
    const empty = mailbox();
    expect((await run([empty])).nothing?.message).toBe(`no mail in ${empty}`);
    expect((await run([mailbox(LETTER)])).nothing?.message).toBe(
      `no patch in ${empty}, only 1 mail`,
    );
    const passed = await run([mailbox(STRANGE)]);
    expect(passed).toMatchObject({ kinds: ["note"], passedOver: 1 });
    expect(passed.nothing?.message).toBe(`no patch in ${empty}, only 1 mail`);
    const carried = await run([mailbox(CARRIER)]);
    expect(carried.kinds).toEqual(["note"]);
    expect(carried.nothing?.message).toBe(`no patch in ${empty}, only 1 mail`);
  });

  test("what a mail says of keys was said", async () => {
    const statement = `${LETTER}\nuntrusted comment: patchsig-statement x\n`;
    expect(await run([mailbox(statement)])).toMatchObject({ kinds: ["note"], nothing: null });
  });

  test("what could not be read was said", async () => {
    const result = await run([join(folder, "missing")]);
    expect(result).toMatchObject({ kinds: ["unread"], unread: 1, messages: 0, nothing: null });
  });

  test("nothing new is no failure, something new without a patch is", async () => {
    const file = mailbox(SIGNED, LETTER);
    expect(await run([file], { onlyNew: true })).toMatchObject({ messages: 2, nothing: null });
    expect(await run([file], { onlyNew: true })).toMatchObject({ messages: 0, nothing: null });
    // without --new, all is read again
    expect(await run([file])).toMatchObject({ messages: 2 });
    mailbox(SIGNED, LETTER, LETTER.replace("<2@x>", "<6@x>"));
    const more = await run([file], { onlyNew: true });
    expect(more).toMatchObject({ messages: 1, kinds: [] });
    expect(more.nothing?.message).toBe(`no patch in ${file}, only 1 mail`);
  });
});

test("cursors stay where they are without --new, and are dropped with what they were of", async () => {
  const file = mailbox(SIGNED);
  await run([file]);
  expect(store.cursorsBelow("mbox ")).toEqual([]);
  await run([file], { onlyNew: true });
  expect(store.cursor(`mbox ${file}`)).not.toBeNull();
});
