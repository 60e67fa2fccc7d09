/** `patchsig review` and `ack`: what is signed, what is refused, and where the reply goes. */

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { signedTextOf } from "../../src/app/verify/attestation.ts";
import { dropCr } from "../../src/mail/line-ends.ts";
import { messages } from "../../src/mail/mbox.ts";
import { replyText } from "../../src/mail/reply-text.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { proofOf } from "../../src/review/proof.ts";
import { type ReviewReading, reviewsIn } from "../../src/review/review.ts";
import { reviewDigests } from "../../src/review/text.ts";
import { patchsig, type Run } from "../support/cli.ts";
import { LONG } from "../support/long.ts";
import { check } from "../support/signing.ts";
import { receive } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import {
  edited,
  expectError,
  expectStatus,
  formatPatch,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  publicKey,
  signedPatches,
  text,
} from "./support.ts";

const BOB = { GIT_AUTHOR_NAME: "Bob Berg", GIT_AUTHOR_EMAIL: "Bob@example.org" };
const LINE = "Reviewed-by: Bob Berg <Bob@example.org>";
let work: string;
let home: string;
/** The cover letter, and patches 1 to 3. */
let signed: string[];

beforeAll(() => {
  ({ work } = newSubmission());
  signed = withIds(signedPatches(work, newHome(7), ["--cover-letter", "-v2"]));
  home = newHome(8);
});

/** As a mail program gives them. */
function withIds(files: readonly string[]): string[] {
  return files.map((file, i) => {
    const thread = `Message-ID: <${i}@example.org>\n${i === 0 ? "" : "In-Reply-To: <0@example.org>\n"}To: list@example.org\n`;
    const copy = join(newFolder(), `${i}.eml`);
    writeFileSync(copy, text(file).replace(/^From: /m, `${thread}From: `), "latin1");
    return copy;
  });
}

function asBob(args: readonly string[], input: Buffer | string = ""): Run {
  return patchsig(args, { home, input, env: BOB });
}

function reviewsOf(mail: Buffer | string): ReviewReading[] {
  return reviewsIn(replyText(dropCr(Buffer.from(mail)))!, createVerifier());
}

/** What the one review in a mail proves of these files. */
function proofs(mail: Buffer | string, files: readonly string[]): (string | null)[] {
  const [one, ...more] = reviewsOf(mail);
  expect(more).toEqual([]);
  if (one?.ok !== true) throw new Error(`no good review: ${JSON.stringify(one)}`);
  expect([one.review.by, one.review.publicKey]).toEqual(["bob@example.org", publicKey(8)]);
  return files.map((file) => {
    const { bytes } = messages(readFileSync(file))[0]!;
    return proofOf(one.review, reviewDigests(signedTextOf(check(bytes!))));
  });
}

describe("review", () => {
  test("goes into a feed if it goes to a public list, and is verified there", () => {
    const feed = join(newFolder(), "feed");
    expectStatus(asBob(["feed", "init", feed]), 0);
    const add = ["ack", "-q", mbox(...signed), "--to-feed", feed];
    expectError(asBob(add), 3, "went to none of the public lists");
    const lists = {
      ...BOB,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "patchsig.publicLists",
      GIT_CONFIG_VALUE_0: "list@example.org",
    };
    const added = expectStatus(patchsig(add, { home, env: lists }), 0);
    expect(added.stdout).toBe("");
    const verified = expectStatus(asBob(["feed", "verify", feed]), 0).stdout;
    expect(verified).toMatch(
      /: 1 signed record\n {2}1 review by bob@example.org: the key is not pinned here\n {4}RW/,
    );
    // what was changed since is no record
    const cwd = join(feed, "git", "0.git");
    const mail = execFileSync("git", ["show", "master:m"], { cwd, encoding: "utf8" });
    const changed = mail
      .replace("Message-ID: <v.", "Message-ID: <v.2")
      .replaceAll("Acked-by", "Tested-by");
    expectStatus(patchsig(["feed", "add", feed], { home, env: lists, input: changed }), 0);
    expect(expectStatus(asBob(["feed", "verify", feed]), 1).stdout).toContain(
      ": 1 signed record, 1 not good\n",
    );
  });

  test("of a whole series is one reply, to its cover letter", () => {
    const run = expectStatus(asBob(["review", "--reviewed-by", mbox(...signed)]), 0);
    expect(run.stdout).toMatch(
      /^From: Bob Berg <Bob@example.org>\nTo: Alice <alice@example.org>\nCc: list@example.org\nSubject: Re: \[PATCH v2 0\/3\] song: be loud\nIn-Reply-To: <0@example.org>\n/,
    );
    expect(run.stdout).toContain(`\n\n${LINE}\n-- \npatchsig-review-v1\n${LINE}\npatch: 1/3 `);
    expect(proofs(run.stdout, signed.slice(1))).toEqual(["proven", "proven", "proven"]);
    expect(run.stderr).toMatch(/^ok +0\/3/);
    expect(run.stderr).toMatch(/\nReviewed-by of 3 patches, as bob@example.org\n$/);
  });

  test("of some patches is a reply to each, in a folder", () => {
    const folder = join(newFolder(), "out");
    const run = asBob(["ack", "-q", "-o", folder, mbox(...signed), "1,3"]);
    expectStatus(run, 0);
    expect([run.stdout, run.stderr]).toEqual(["", ""]);
    expect(readdirSync(folder)).toEqual(["review-0001.eml", "review-0003.eml"]);
    const [first, third] = readdirSync(folder).map((name) => text(join(folder, name)));
    expect(first).toContain("In-Reply-To: <1@example.org>\n");
    expect(third).toContain("\nAcked-by: Bob Berg <Bob@example.org>\n-- \n");
    expect(proofs(first!, signed.slice(1))).toEqual(["proven", null, null]);
    expect(proofs(third!, signed.slice(1))).toEqual([null, null, "proven"]);
  });

  test("from a pipe, with several trailers, only the body", () => {
    const args = ["review", "-q", "--tested-by", "--reviewed-by", "--body"];
    const run = expectStatus(asBob(args, readFileSync(signed[2]!)), 0);
    expect(
      run.stdout.startsWith(
        `${LINE}\nTested-by: Bob Berg <Bob@example.org>\n-- \npatchsig-review-v1\n`,
      ),
    ).toBe(true);
    expect(
      proofs(`From: b@example.org\n\nFine with me!\n\n${run.stdout}`, signed.slice(1)),
    ).toEqual([null, "proven", null]);
    const [one] = reviewsOf(`From: b@example.org\n\n${run.stdout}`);
    expect(one).toMatchObject({
      review: { version: 2, series: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
  });

  test("of patches that are not signed", () => {
    // who has seen none of Alice's signatures yet
    const fresh = newHome(8);
    const asFresh = (args: string[]): Run => patchsig(args, { home: fresh, env: BOB });
    const files = withIds(formatPatch(work));
    const run = expectStatus(
      asFresh(["review", "-q", "--reviewed-by", "--body", mbox(...files)]),
      0,
    );
    expect(proofs(`From: b@example.org\n\n${run.stdout}`, files)).toEqual([
      "proven",
      "proven",
      "proven",
    ]);
    expect(reviewsOf(`From: b@example.org\n\n${run.stdout}`)[0]).toMatchObject({
      review: { series: null, version: 1 },
    });
    // the same patches, signed, are the same: after the signature, too
    expect(proofs(`From: b@example.org\n\n${run.stdout}`, signed.slice(1))).toEqual([
      "proven",
      "proven",
      "proven",
    ]);
  });

  test("of what a Message-ID names: that patch, or all by the cover letter's", () => {
    const source = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "patchsig.source" };
    const env = { ...BOB, ...source, GIT_CONFIG_VALUE_0: mbox(...signed) };
    const of = (...words: string[]): string =>
      expectStatus(patchsig(["ack", "-q", ...words], { home, env }), 0).stdout;
    const second = of("<2@example.org>");
    expect(second).toContain("In-Reply-To: <2@example.org>\n");
    expect(proofs(second, signed.slice(1))).toEqual([null, "proven", null]);
    expect(proofs(of("0@example.org"), signed.slice(1))).toEqual(["proven", "proven", "proven"]);
    expect(proofs(of("<2@example.org>", "3"), signed.slice(1))).toEqual([null, null, "proven"]);
  });

  test("is not given to what failed", () => {
    const bad = edited(signed[1]!, (t) => t.replace("+LINE 2", "+LINE 3"));
    const run = expectStatus(asBob(["review", "--reviewed-by", mbox(bad, signed[2]!)]), 1);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/\nnothing signed: patch 1 failed\n$/);
    const other = expectStatus(asBob(["ack", "-q", "--body", mbox(bad, signed[2]!), "2"]), 0);
    expect(proofs(`From: b@example.org\n\n${other.stdout}`, signed.slice(1))).toEqual([
      null,
      "proven",
      null,
    ]);
    const alone = edited(signed[1]!, (t) => t.replace("Make it loud.", "Make it louder."));
    expectStatus(patchsig(["sign", "-q", alone], { home: newHome(7) }), 0);
    const mixed = expectStatus(asBob(["ack", "-q", "--body", mbox(alone, ...signed.slice(2))]), 1);
    expect(mixed.stderr).toContain("nothing signed: the series failed\n");
    const strict = asBob(["ack", "--require", "pinned", "-q", signed[1]!]);
    expect(expectStatus(strict, 1).stdout).toBe("");
  });

  test("refuses, before a password is asked for, what it could not write", () => {
    const all = mbox(...signed);
    expectError(asBob(["review", all]), 2, /^what do you say of them\?$/);
    const several = expectStatus(asBob(["ack", "-q", all, "1-2"]), 2);
    expect([several.stdout, several.stderr]).toEqual([
      "",
      "patchsig: 2 replies, one to each patch, need a folder\nhint: -o replies\n",
    ]);
    const file = mbox();
    expectStatus(asBob(["ack", "-q", "-o", file, all, "1-2"]), 2);
    expect(readFileSync(file)).toHaveLength(0);
    const none = expectStatus(asBob(["ack", "-q", all, "7"]), 1);
    expect(none.stderr).toContain("nothing signed: none of the patches is named\n");
    for (const name of ["Bob\u202e", "=?utf-8?q?Bob?="]) {
      const env = { ...BOB, GIT_AUTHOR_NAME: name };
      const nameless = patchsig(["ack", "-q", signed[1]!], { home, env });
      expectError(nameless, 2, /cannot be a name in a trailer/);
    }
  });

  test.runIf(requireTool("minisign"))("can be checked by stock minisign", () => {
    const folder = newFolder();
    const reply = join(folder, "reply.eml");
    expectStatus(asBob(["ack", "-q", "-o", reply, signed[1]!]), 0);
    expectStatus(asBob(["attestation", "-o", join(folder, "review"), reply]), 0);
    const said = execFileSync("minisign", ["-VHm", "review", "-P", publicKey(8)], { cwd: folder });
    expect(said.toString()).toContain("Signature and comment signature verified");
    const twice = mbox(reply, reply);
    expectError(
      asBob(["attestation", twice]),
      2,
      /holds more than one patch, review or test result$/,
    );
  });
});

/** What `git send-email` makes of the reply. */
describe("a reply sent by git send-email", () => {
  const encodings = LONG ? ["auto", "8bit", "quoted-printable", "base64"] : ["base64"];
  test.each(encodings)("is good with --transfer-encoding=%s", async (encoding) => {
    const reply = join(newFolder(), "reply.eml");
    const env = { ...BOB, GIT_AUTHOR_NAME: "Bjørn Berg" };
    const made = patchsig(["review", "--reviewed-by", "-q", "-o", reply, ...signed], { home, env });
    expectStatus(made, 0);
    const mails = await receive(async (port) => {
      const args = [
        "send-email",
        "--confirm=never",
        "--smtp-server=127.0.0.1",
        `--smtp-server-port=${port}`,
        "--smtp-domain=localhost",
        `--transfer-encoding=${encoding}`,
        reply,
      ];
      const child = spawn("git", args, {
        cwd: newFolder(),
        env: {
          ...process.env,
          ...env,
          GIT_COMMITTER_NAME: "Bob",
          GIT_COMMITTER_EMAIL: "bob@example.org",
        },
      });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      const status = await new Promise((resolve) => child.on("exit", resolve));
      expect(status, said).toBe(0);
    });
    expect(mails).toHaveLength(1);
    const mail = mails[0]!.toString("latin1").replaceAll("\r\n", "\n");
    expect(mail).toMatch(/^In-Reply-To: <0@example.org>$/m);
    expect(mail).toMatch(/^To: Alice <alice@example.org>$/m);
    expect(mail).toMatch(/^Subject: Re: \[PATCH v2 0\/3\] song: be loud$/m);
    expect(proofs(mails[0]!, signed.slice(1))).toEqual(["proven", "proven", "proven"]);
  });
});

describe.each(["mutt", "neomutt"])("an answer written in %s", (reader) => {
  test.runIf(LONG && requireTool(reader))("is good with format=flowed", () => {
    const folder = newFolder();
    const sent = join(folder, "sent.eml");
    const sendmail = join(folder, "sendmail");
    writeFileSync(sendmail, `#!/bin/sh\ncat >'${sent}'\n`, { mode: 0o755 });
    const body = expectStatus(asBob(["ack", "-q", "--body", ...signed]), 0).stdout;
    const settings = ["text_flowed=yes", 'from="bob@example.org"', `sendmail="${sendmail}"`];
    // it must not leave before the mail is sent
    const set = [...settings, "sendmail_wait=0", "record=''"].flatMap((one) => [
      "-e",
      `set ${one}`,
    ]);
    const args = ["-n", "-F", "/dev/null", ...set, "-s", "Re: song", "alice@example.org"];
    const run = spawnSync(reader, args, {
      cwd: folder,
      env: { ...process.env, HOME: folder },
      input: `I like it, and this line is so long that a mail program breaks it in two, or in three.\n\n${body}`,
    });
    expect(run.status, run.stderr.toString()).toBe(0);
    expect(text(sent)).toContain("format=flowed");
    expect(proofs(readFileSync(sent), signed.slice(1))).toEqual(["proven", "proven", "proven"]);
  });
});

const b4 = describe.runIf(LONG && requireTool("b4"));

b4("b4", () => {
  /** The messages of what `b4 am` makes of a thread. */
  function messagesOf(...mails: readonly string[]): string[] {
    const folder = newFolder();
    const thread = join(folder, "thread.mbox");
    mkdirSync(join(folder, "out"));
    const from = "From mboxrd@z Thu Jan  1 00:00:00 1970\n";
    writeFileSync(
      thread,
      mails.map((mail) => `${from}${mail.replace(/^From .*\n/, "")}\n`).join(""),
      "latin1",
    );
    const own = {
      HOME: folder,
      XDG_DATA_HOME: folder,
      XDG_CACHE_HOME: folder,
      GIT_CONFIG_COUNT: "3",
      GIT_CONFIG_KEY_1: "user.name",
      GIT_CONFIG_VALUE_1: "Carl",
      GIT_CONFIG_KEY_2: "user.email",
      GIT_CONFIG_VALUE_2: "carl@example.org",
      GIT_CONFIG_KEY_0: "b4.attestation-policy",
      GIT_CONFIG_VALUE_0: "off",
    };
    const args = ["--no-interactive", "am", "-t", "-m", thread, "-o", "out", "0@example.org"];
    const run = spawnSync("b4", args, {
      cwd: folder,
      env: { ...process.env, ...own },
      encoding: "utf8",
    });
    expect(run.status, run.stderr).toBe(0);
    const made = readdirSync(join(folder, "out")).find((name) => name.endsWith(".mbx"))!;
    return messages(readFileSync(join(folder, "out", made))).map(
      ({ bytes }) => bytes!.toString().split("\n---\n")[0]!,
    );
  }
  const dated = (mail: string, id: string): string =>
    mail.replace(
      "Subject: ",
      `Date: Wed, 25 Nov 2026 09:00:00 +0000\nMessage-ID: <${id}@example.org>\nSubject: `,
    );
  const trailersOf = (message: string): string[] =>
    message
      .split("\n")
      .filter(
        (line) =>
          /^\w\S*: .*@/.test(line) &&
          !/^(?:From|To|Cc|Message-ID|In-Reply-To|References): /i.test(line),
      );

  test.each(["-- ", "--"])(
    "counts the trailers, and takes nothing else for one, below %j",
    (separator) => {
      const run = expectStatus(
        asBob(["review", "--reviewed-by", "--tested-by", "-q", ...signed]),
        0,
      );
      const reply = dated(run.stdout, "r").replace("\n-- \n", `\n${separator}\n`);
      const found = messagesOf(...signed.map(text), reply).map(trailersOf);
      expect(found).toHaveLength(3);
      for (const trailers of found)
        expect(trailers.filter((line) => !line.startsWith("Signed-off-by"))).toEqual([
          LINE,
          "Tested-by: Bob Berg <Bob@example.org>",
        ]);
    },
  );

  test("counts each reply for the patch that it answers", () => {
    const folder = join(newFolder(), "out");
    expectStatus(asBob(["ack", "-q", "-o", folder, ...signed, "2"]), 0);
    expect(existsSync(folder)).toBe(true);
    const found = messagesOf(...signed.map(text), dated(text(folder), "r")).map((message) =>
      message.includes("Acked-by: Bob Berg"),
    );
    expect(found).toEqual([false, true, false]);
  });
});
