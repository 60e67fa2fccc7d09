/** What is told of a run, and what becomes of it where telling fails: one mail never stops the rest. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type EventCounts,
  type JudgedEvent,
  newEventCounts,
  verifyEvents,
} from "../../../src/app/verify/events.ts";
import { openSources } from "../../../src/app/sources/sources.ts";
import { PatchsigError } from "../../../src/errors.ts";
import { openTrustStore } from "../../../src/store/trust-store.ts";
import { DEFAULT_POLICY } from "../../../src/verify/policy.ts";
import { formatPatch, mbox, newFolder, newSubmission } from "../../cli/support.ts";

type Kind = JudgedEvent<null>["kind"];

/** A mail that is not read, and shows no patch. */
const ANSWER = `From bob@example.org Tue Nov 24 12:00:00 2026
From: Bob <bob@example.org>
Date: Tue, 24 Nov 2026 12:00:00 +0000
Message-ID: <answer@example.org>
Subject: Re: [PATCH 2/3] x
Content-Type: text/plain; charset=ks_c_5601-1987

Fine by me.

`;

let file: string;

beforeAll(() => {
  file = join(newFolder(), "thread.mbox");
  const series = readFileSync(mbox(...formatPatch(newSubmission().work)), "latin1");
  writeFileSync(file, series + ANSWER, "latin1");
});

/** The kinds of all events that were told. */
async function told(
  counts: EventCounts,
  tell: (event: JudgedEvent<null>) => void,
): Promise<Kind[]> {
  const store = openTrustStore({ file: join(newFolder(), "trust.db") });
  const options = {
    policies: { general: DEFAULT_POLICY, overrides: [] },
    devKeyrings: [],
    signedOnly: false,
    plainAm: null,
    dkim: null,
    dryRun: false,
    jobs: 1,
    keep: null,
  };
  const kinds: Kind[] = [];
  const tellKind = (event: JudgedEvent<null>): Kind => {
    tell(event);
    return event.kind;
  };
  try {
    for await (const kind of verifyEvents(
      openSources([file], {}),
      options,
      store,
      tellKind,
      counts,
    ))
      kinds.push(kind);
    return kinds;
  } finally {
    store.close();
  }
}

function failingAt(failing: Kind, error: Error): (event: JudgedEvent<null>) => void {
  return ({ kind }) => {
    if (kind === failing) throw error;
  };
}

test("patches come before their series, and everything is counted", async () => {
  const counts = newEventCounts();
  expect(await told(counts, () => {})).toEqual(["note", "patch", "patch", "patch", "series"]);
  expect(counts).toMatchObject({ messages: 4, series: 1, notes: 0, unread: 0, passedOver: 1 });
  expect(counts.totals.all.patches).toBe(3);
});

describe("if the caller's callback fails", () => {
  const unread = ["unread", "unread", "unread"];
  test.each([
    ["note", ["unread", "patch", "patch", "patch", "series"]],
    ["series", ["note", "patch", "patch", "patch", ...unread]],
    // what cannot be told is no part of a series
    ["patch", ["note", ...unread]],
  ] as const)("on a %s, its mails are reported as unread", async (kind, kinds) => {
    const counts = newEventCounts();
    expect(await told(counts, failingAt(kind, new TypeError("injected")))).toEqual(kinds);
    expect(counts.unread).toBe(kinds.filter((one) => one === "unread").length);
  });

  test("with an error that no mail causes, the run ends", async () => {
    const error = new PatchsigError("database-busy", "busy");
    await expect(told(newEventCounts(), failingAt("patch", error))).rejects.toBe(error);
  });
});
