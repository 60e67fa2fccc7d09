/** Who forges, replays or garbles a review, through `verify` and `am --trailers`. */

import { domainToASCII } from "node:url";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { patchsig, patchsigEach, records, type Run } from "../support/cli.ts";
import {
  expectStatus,
  newFolder,
  newHome,
  newSubmission,
  publicKey,
  signedPatches,
  text,
} from "./support.ts";

const BOB = { GIT_AUTHOR_NAME: "Bob Berg", GIT_AUTHOR_EMAIL: "bob@example.org" };
const LINE = "Reviewed-by: Bob Berg <bob@example.org>";
const FROM = "From mboxrd@z Thu Jan  1 00:00:00 1970\n";

/** Patches 1 to 3 of v2, with Message-IDs <v2-N@…>; v3, of which 1 has another title and 2 another diff. */
let v2: string[];
let v3: string[];
/** Bob's reviews of all three in one reply to patch 1, and of patch 2 alone. */
let ofAll: string;
let ofSecond: string;
/** Somebody else's of patch 2, in Bob's name; and by an address that looks like Bob's, with a Cyrillic letter. */
let forged: string;
let lookalike: string;
let otherAlike: string;
const OTHER_ALIKE = `bob@${domainToASCII("ex\u0430mpl\u0435.org")}`;
const ALIKE = `bob@${domainToASCII("ex\u0430mple.org")}`;

interface Said {
  readonly given: readonly string[];
  readonly leftOut: readonly string[];
  readonly findings: readonly string[];
  readonly verdicts: readonly string[];
}
const CASES: [string, () => readonly string[], Said][] = [];
let runs: Run[];

function withIds(version: string, files: readonly string[]): string[] {
  return files.map((file, i) => {
    const id = (n: number): string => `<${version}-${n}@example.org>`;
    const thread = i === 0 ? "" : `In-Reply-To: ${id(1)}\n`;
    return text(file).replace(/^From: /m, `Message-ID: ${id(i + 1)}\n${thread}From: `);
  });
}

/** Replies that `review` writes to mails that lie in a file. */
function reviewOf(home: string, ...mails: readonly string[]): string {
  return reviewAs(BOB, home, mails);
}

function reviewAs(who: Record<string, string>, home: string, mails: readonly string[]): string {
  const file = join(newFolder(), "mails.mbox");
  writeFileSync(file, mails.join("\n"), "latin1");
  const run = patchsig(["review", "-q", "--reviewed-by", "--body", file], { home, env: who });
  return expectStatus(run, 0).stdout;
}

let replies = 0;
/** A reply of Bob's, or somebody else's. */
function reply(to: string, body: string, from = "Bob Berg <bob@example.org>"): string {
  replies += 1;
  return `${FROM}From: ${from}\nDate: Wed, 25 Nov 2026 09:00:0${replies % 10} +0000\nMessage-ID: <r${replies}@example.org>\nIn-Reply-To: <${to}@example.org>\nSubject: Re: [PATCH] x\n\n${body}\n`;
}

function attack(name: string, mails: () => readonly string[], said: Partial<Said>): void {
  CASES.push([name, mails, { given: [], leftOut: [], findings: [], verdicts: ["pass"], ...said }]);
}

const KNOWN = "review-key-known";
const proven = (patches: string, line = LINE): string => `${patches} ${line}: proven`;

attack("a good review", () => [...v2, reply("v2-1", ofAll)], {
  given: [proven("1,2,3")],
  findings: [KNOWN],
});
attack(
  "without a line of clear text",
  () => [...v2, reply("v2-2", ofSecond.replace(LINE, "Fine."))],
  { given: [proven("2")], findings: [KNOWN] },
);
attack("replayed as if about another patch", () => [...v2, reply("v2-3", ofSecond)], {
  given: [proven("2")],
  findings: [KNOWN],
});
attack("replayed onto a changed diff", () => [...v3, reply("v3-2", ofSecond)], {
  leftOut: [`${LINE}: review`],
  findings: [KNOWN, "review-outdated"],
});
attack("replayed onto an unchanged diff under another title", () => [...v3, reply("v3-1", ofAll)], {
  given: [`1 ${LINE}: diff`, proven("3")],
  findings: [KNOWN, "review-outdated"],
});
attack(
  "with the digests of a changed diff put in",
  () => {
    const digest = /patch: 2\/3 \S+ (\S+)/.exec(reviewOf(newHome(8), ...v3))![1]!;
    return [...v3, reply("v3-2", ofSecond.replace(/(patch: 2\/3 \S+ )\S+/, `$1${digest}`))];
  },
  { given: [`2 ${LINE}: none`], findings: ["review-changed"] },
);
attack(
  "replayed in a thread of other patches",
  () => [v3[1]!, reply("v3-2", ofSecond.replace(" v=2 ", " v=2 "))],
  { leftOut: [`${LINE}: review`], findings: [KNOWN, "review-outdated"], verdicts: ["warn"] },
);
attack(
  "sent on by somebody else",
  () => [...v2, reply("v2-2", ofSecond, "Mallory <mallory@example.net>")],
  { given: [proven("2")], findings: [KNOWN, "review-relayed"] },
);
attack(
  "quoted by somebody else",
  () => [
    ...v2,
    reply(
      "v2-2",
      `${ofSecond.replaceAll(/^/gm, "> ")}\nReviewed-by: Carl <carl@example.org>`,
      "Carl <carl@example.org>",
    ),
  ],
  { given: ["2 Reviewed-by: Carl <carl@example.org>: none"] },
);
attack("by another key in the reviewer's name", () => [...v2, reply("v2-2", forged)], {
  leftOut: [`${LINE}: review`],
  findings: ["review-key-changed"],
});
attack(
  "with another trailer in clear text",
  () => [...v2, reply("v2-2", ofSecond.replace(LINE, "Tested-by: Bob Berg <bob@example.org>"))],
  {
    given: [proven("2")],
    leftOut: ["Tested-by: Bob Berg <bob@example.org>: review"],
    findings: [KNOWN, "review-differs"],
  },
);
attack(
  "with another name in clear text",
  () => [...v2, reply("v2-2", ofSecond.replace("Bob Berg", "Linus"))],
  { given: [proven("2")], findings: [KNOWN, "review-differs"] },
);
attack(
  "the name changed in the signed text too",
  () => [...v2, reply("v2-2", ofSecond.replaceAll("Bob Berg", "Linus"))],
  { given: ["2 Reviewed-by: Linus <bob@example.org>: none"], findings: ["review-changed"] },
);
attack(
  "by a lookalike address",
  () => [
    ...v2,
    reply("v2-2", ofSecond.replaceAll("bob@", "b\u043eb@"), "Bob Berg <b\u043eb@example.org>"),
  ],
  {
    leftOut: ["Reviewed-by: Bob Berg <b\u043eb@example.org>: lookalike"],
    findings: ["review-malformed"],
  },
);
attack(
  "below a quote that is not marked",
  () => [
    ...v2,
    reply("v2-2", `Me too.\n\n-----Original Message-----\n${ofSecond}`, "Carl <carl@example.org>"),
  ],
  { given: [proven("2")], findings: [KNOWN, "review-relayed"] },
);
attack(
  "by an address that looks like another, whose own key is known",
  () => [...v2, reply("v2-2", otherAlike, `Bob Berg <${OTHER_ALIKE}>`)],
  { given: [proven("2", `Reviewed-by: Bob Berg <${OTHER_ALIKE}>`)], findings: [KNOWN] },
);
attack(
  "with another trailer in clear text, and by a key that does not count",
  () => [...v2, reply("v2-2", forged.replace(LINE, "Tested-by: Bob Berg <bob@example.org>"))],
  {
    leftOut: ["Tested-by: Bob Berg <bob@example.org>: review", `${LINE}: review`],
    findings: ["review-key-changed"],
  },
);
attack(
  "by a lookalike address whose own key is not known",
  () => [...v2, reply("v2-2", lookalike, `Bob Berg <${ALIKE}>`)],
  { leftOut: [`Reviewed-by: Bob Berg <${ALIKE}>: lookalike`], findings: ["review-key-unknown"] },
);
attack(
  "in a reply with another diff",
  () => [
    ...v2,
    reply(
      "v2-2",
      `${ofSecond.split("-- \n")[0]!}\ndiff --git a/x b/x\nnew file mode 100644\nindex 0000000..587be6b\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x\n-- \n${ofSecond.split("-- \n")[1]!}`,
    ),
  ],
  { leftOut: [`${LINE}: diff`], findings: ["review-with-diff"] },
);
attack(
  "in an attachment",
  () => [
    ...v2,
    reply("v2-2", "x").replace(
      /\n\nx\n/,
      `\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nsee below\n--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\n${ofSecond}\n--b--\n`,
    ),
  ],
  {},
);
attack("garbled", () => [...v2, reply("v2-2", ofSecond.replace("patch: 2/3", "patch: 2of3"))], {
  given: [`2 ${LINE}: none`],
  findings: ["review-malformed"],
});
attack(
  "the signature is another review's",
  () => [...v2, reply("v2-2", ofSecond.replace(/untrusted[^]*/, /untrusted[^]*/.exec(ofAll)![0]))],
  { given: [`2 ${LINE}: none`], findings: ["review-changed"] },
);
attack("of a patch that is not the reviewer's version", () => [...v3, reply("v2-2", ofSecond)], {});

beforeAll(() => {
  const { work } = newSubmission();
  const alice = newHome(7);
  v2 = withIds("v2", signedPatches(work, alice, ["-v2"]));
  v3 = withIds("v3", signedPatches(work, alice, ["-v3"]));
  const again = signedAgain(alice, [
    v3[0]!.replace("song: shout line 2", "song: shout the second line"),
    v3[1]!.replaceAll("LINE 10", "LINE X"),
    v3[2]!,
  ]);
  v3 = again;
  const bob = newHome(8);
  ofAll = reviewOf(bob, ...v2);
  ofSecond = reviewOf(newHome(8), v2[1]!);
  forged = reviewOf(newHome(9), v2[1]!);
  lookalike = reviewAs({ ...BOB, GIT_AUTHOR_EMAIL: ALIKE }, newHome(9), [v2[1]!]);
  otherAlike = reviewAs({ ...BOB, GIT_AUTHOR_EMAIL: OTHER_ALIKE }, newHome(9), [v2[1]!]);
  const home = newHome(1);
  expectStatus(patchsig(["trust", "accept", "alice@example.org", publicKey(7)], { home }), 0);
  expectStatus(patchsig(["trust", "accept", "bob@example.org", publicKey(8)], { home }), 0);
  expectStatus(patchsig(["trust", "accept", OTHER_ALIKE, publicKey(9)], { home }), 0);
  runs = patchsigEach(
    CASES.map(([, mails]) => {
      const file = join(newFolder(), "thread.mbox");
      writeFileSync(file, mails().join("\n"), "utf8");
      return ["verify", "--json", "--dry-run", file];
    }),
    home,
  );
});

/** The mails, signed anew as one series. */
function signedAgain(home: string, mails: readonly string[]): string[] {
  const files = mails.map((mail, i) => {
    const file = join(newFolder(), `${i}.patch`);
    writeFileSync(file, mail, "latin1");
    return file;
  });
  expectStatus(patchsig(["sign", ...files], { home }), 0);
  return files.map(text);
}

test.each(CASES.map(([name, , said], i) => [name, said, i] as const))("%s", (_, said, i) => {
  const all = records(runs[i]!);
  const [series] = all.filter((record) => record["type"] === "series");
  const { trailers = [], leftOut = [], reviews = [] } = series!["replies"] ?? {};
  expect({
    given: trailers.map(
      (one: Record<string, unknown>) =>
        `${String(one["patches"])} ${String(one["trailer"])}: ${String(one["proof"])}`,
    ),
    leftOut: leftOut.map((one: Record<string, string>) => `${one["trailer"]}: ${one["why"]}`),
    findings: reviews.flatMap((one: { findings: { code: string }[] }) =>
      one.findings.map(({ code }) => code),
    ),
    verdicts: [series!["verdict"]],
  }).toEqual(said);
  // no review makes a patch fail, and none leaves a key behind
  for (const { type, verdict } of all) if (type === "patch") expect(verdict).not.toBe("fail");
});
