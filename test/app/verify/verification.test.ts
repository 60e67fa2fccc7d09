/** A pass over mails: in batches, each mail with its place, and no cursor too early. */

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  newTally,
  noPatchFound,
  type Seen,
  type VerificationOptions,
  verifyMails,
} from "../../../src/app/verify/verification.ts";
import { openSources } from "../../../src/app/sources/sources.ts";
import { EXIT, PatchsigError } from "../../../src/errors.ts";
import type { SourceItem, SourceItems } from "../../../src/source/item.ts";
import { openTrustStore } from "../../../src/store/trust-store.ts";
import { DEFAULT_POLICY } from "../../../src/verify/policy.ts";
import type { Checked } from "../../../src/verify/result.ts";
import { formatPatch, mbox, newFolder, newSubmission } from "../../cli/support.ts";

const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const OPTIONS = {
  policies: { general: DEFAULT_POLICY, overrides: [] },
  devKeyrings: [],
  signedOnly: false,
  plainAm: null,
  dkim: null,
  dryRun: false,
  jobs: 1,
  keep: null,
};

test("no cursor moves past mails whose verdicts are not reported yet", async () => {
  const file = mbox(...formatPatch(newSubmission().work));
  const store = openTrustStore({ file: join(newFolder(), "trust.db") });
  const tally = newTally();
  const seen: number[] = [];
  try {
    const mails = verifyMails(openSources([file], { cursorOf: () => null }), OPTIONS, store, tally);
    for await (const one of mails) {
      expect(one).toMatchObject({ kind: "patch", mail: { payload: null } });
      seen.push(tally.cursors.size);
    }
  } finally {
    store.close();
  }
  expect(seen).toEqual([0, 0, 0]);
  expect([...tally.cursors.keys()]).toEqual([`mbox ${file}`]);
});

/** A letter of this many bytes. */
const letter = (size: number): SourceItem => {
  const head = "From: a@x.org\nSubject: hello\nMessage-ID: <1@x>\n\n";
  const line = `${"x".repeat(900)}\n`;
  return { source: "x", bytes: Buffer.from(head.padEnd(size, line)), size };
};

/** All that comes of these items, with the number of mails that were read before it. */
async function pass<P>(
  items: readonly SourceItem[],
  keep: ((checked: Checked) => P) | null = null,
  more: Pick<VerificationOptions<P>, "trailers"> = {},
): Promise<(Seen<P | null> & { readonly read: number })[]> {
  const store = openTrustStore({ file: join(newFolder(), "trust.db") });
  const tally = newTally();
  async function* source(): SourceItems {
    for (const item of items) yield await Promise.resolve([item]);
  }
  try {
    const seen = [];
    for await (const one of verifyMails(source(), { ...OPTIONS, ...more, keep }, store, tally))
      seen.push({ ...one, read: tally.messages });
    return seen;
  } finally {
    store.close();
  }
}

describe("mails are judged in batches", () => {
  const readBefore = async (count: number, size: number): Promise<number[]> => [
    ...new Set((await pass(Array.from({ length: count }, () => letter(size)))).map((s) => s.read)),
  ];

  test("of 256", async () => expect(await readBefore(600, 0)).toEqual([256, 512, 600]));

  test("of 4 MiB", async () => {
    expect(await readBefore(3, 2 << 20)).toEqual([2, 3]);
    expect(await readBefore(3, (2 << 20) - 1)).toEqual([3]);
  });
});

describe("of each item something comes", () => {
  test("a thread's link, a patch that is too large, a place that cannot be read", async () => {
    const error = new PatchsigError("unreadable", "a part");
    const seen = await pass([
      { source: "gone", error },
      letter(0),
      { source: "big", bytes: null, size: 99 },
    ]);
    expect(seen).toMatchObject([
      { kind: "link", mail: { messageId: "<1@x>" } },
      {
        kind: "patch",
        mail: {
          payload: null,
          result: {
            source: "big",
            findings: [{ message: "mail refused: 99 bytes are too many" }],
          },
        },
      },
      { kind: "unread", unread: { source: "gone", error } },
    ]);
  });

  test("what a reply says of patches, if that is asked for", async () => {
    const bytes = Buffer.from(
      "From: Bob <bob@x.org>\nSubject: Re: [PATCH] x\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\n\nAcked-by: Bob <bob@x.org>\n",
    );
    const mail = { source: "here", bytes, size: 1 };
    const trailers = [{ name: "Acked-by", value: "Bob <bob@x.org>" }];
    expect(await pass([mail])).toEqual([
      { kind: "link", mail: { messageId: "<2@x>", references: ["<1@x>"] }, read: 1 },
    ]);
    expect(await pass([mail], null, { trailers: [] })).toMatchObject([
      { kind: "link", mail: { source: "here", sender: "bob@x.org", trailers, vouched: null } },
    ]);
    // a reply with a diff is shown, and says something too
    const answer = { ...mail, bytes: Buffer.concat([bytes, Buffer.from(DIFF)]) };
    expect(await pass([answer], null, { trailers: [] })).toMatchObject([
      { kind: "link", mail: { source: "here", hasDiff: true, trailers } },
      { kind: "patch", mail: { result: { findings: [{ code: "answer" }] } } },
    ]);
  });

  test("the caller keeps what it wants; where that fails, the mail is named", async () => {
    const bytes = Buffer.from(
      `From: a@x.org\nSubject: [PATCH] x\nMessage-ID: <1@x>\n\ny\n---\n${DIFF}`,
    );
    const mail = { source: "here", bytes, size: 1 };
    expect(await pass([mail], ({ kind }) => kind)).toMatchObject([{ mail: { payload: "patch" } }]);
    const failing = (): never => {
      throw new TypeError("injected");
    };
    expect(await pass([mail], failing)).toMatchObject([
      {
        unread: {
          source: "here",
          error: { code: "fault", message: "here <1@x>: an error in patchsig: injected" },
        },
      },
    ]);
  });
});

test("why there is no patch: in what, and with a hint for mails that are not found", () => {
  const said = (sources: readonly string[], messages: number): [string, string] => {
    const { message, hint, exit } = noPatchFound(sources, messages);
    expect(exit).toBe(EXIT.unmet);
    return [message, (hint ?? "").split(",", 1)[0]!];
  };
  const folder = newFolder();
  expect(said([], 0)).toEqual([
    "no mail in standard input",
    "patchsig reads what git format-patch writes and what mail programs save",
  ]);
  expect(said(["-"], 1)[0]).toBe("no patch in standard input, only 1 mail");
  expect(said([folder], 0)).toEqual([`no mail in ${folder}`, "read in it: *.patch"]);
  expect(said(["a", folder], 2)[0]).toBe("no patch in 2 sources, only 2 mails");
});
