/** DKIM's keys in a run: each asked for once, remembered, and no end of silence waited for. */

import { expect, test } from "vitest";
import { openDkim } from "../../../src/app/verify/dkim.ts";
import { readClaims } from "../../../src/dkim/claim.ts";
import type { SeenRecord } from "../../../src/dkim/verify.ts";
import { PLAIN } from "../../devsig/mails.ts";
import { RECORD, signed } from "../../dkim/sign.ts";
import { AT, gitView } from "../../dkim/support.ts";

const DAY = 86_400;

/** What the mail of this domain claims. */
function claims(domain: string, selector = "main") {
  const text = signed(PLAIN.replaceAll("example.org", domain), {
    body: "simple",
    domain,
    selector,
  });
  const mail = Buffer.from(text, "latin1");
  const { view, diff } = gitView(mail)!;
  return readClaims(mail, view, diff, () => true);
}

function memory(stored: Readonly<Record<string, readonly SeenRecord[]>> = {}) {
  const put: string[] = [];
  return {
    put,
    dkimNames: () => Object.keys(stored),
    dkimRecords: (name: string) => stored[name] ?? [],
    putDkimRecords: (records: ReadonlyMap<string, string>) => void put.push(...records.keys()),
  };
}

const NAME = "main._domainkey.example.org";
const seen = (text: string, lastSeen: number): SeenRecord => ({ text, firstSeen: 0, lastSeen });

test("without keys, and without asking, nothing is looked at", () => {
  expect(openDkim(memory(), [], null)).toBeNull();
  expect(openDkim(memory(), ["mx.example.com"], null)).not.toBeNull();
  const run = openDkim(memory({ [NAME]: [seen(RECORD, AT)] }), [], null, AT)!;
  expect(run.check).toEqual({ names: [NAME], servers: [] });
  expect(run.resultOf(claims("example.org"))).toMatchObject({ outcome: "vouched" });
  expect(run.resultOf(claims("example.net"))).toMatchObject({ outcome: "dkim-unknown-key" });
});

test("each name is asked for once in a run, and what was found is remembered", async () => {
  const asked: string[] = [];
  const store = memory();
  const lookUp = (name: string) => {
    asked.push(name);
    return Promise.resolve(name === NAME ? ["v=spf1 -all", RECORD] : []);
  };
  const run = openDkim(store, [], lookUp, AT)!;
  const [good, none] = [claims("example.org"), claims("example.net")];
  await run.fetchKeys([good, none, good]);
  await run.fetchKeys([good, none]);
  expect(asked.toSorted()).toEqual(["main._domainkey.example.net", NAME]);
  expect(store.put).toEqual([NAME]);
  expect(run.resultOf(good)).toMatchObject({ outcome: "vouched" });
  expect(run.resultOf(none)).toMatchObject({ outcome: "dkim-no-key" });
});

test("what DNS has now comes first, what it had before still counts for mails of its time", async () => {
  const outcome = async (lastSeen: number, ...now: string[]) => {
    const store = memory({ [NAME]: [seen(RECORD, lastSeen)] });
    const run = openDkim(store, [], () => Promise.resolve(now), AT)!;
    const all = claims("example.org");
    await run.fetchKeys([all]);
    return run.resultOf(all).outcome;
  };
  const other = RECORD.replace(/p=.*/, "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  expect(await outcome(AT)).toBe("vouched");
  expect(await outcome(AT, other)).toBe("vouched");
  expect(await outcome(AT, "v=DKIM1; p=")).toBe("dkim-revoked");
  expect(await outcome(AT, `${RECORD}; t=y`)).toBe("dkim-testing");
  expect(await outcome(AT - 90 * DAY)).toBe("dkim-unknown-key");
  expect(await outcome(AT - 90 * DAY, RECORD)).toBe("vouched");
});

test("a domain that does not answer is asked once, and after many of them none is", async () => {
  let asked = 0;
  const run = openDkim(memory(), [], () => Promise.resolve((asked++, null)), AT)!;
  const silent = ["a", "b", "c"].map((selector) => claims("example.org", selector));
  for (const one of silent) await run.fetchKeys([one]);
  expect(asked).toBe(1);
  expect(run.resultOf(silent[2]!)).toMatchObject({ outcome: "dkim-unknown-key" });
  const [first] = silent;
  const others = Array.from({ length: 300 }, (_, i) => {
    const domain = `d${i}.example`;
    const [claim] = first!.claims;
    return { ...first!, claims: [{ ...claim!, domain, keyName: `main._domainkey.${domain}` }] };
  });
  await run.fetchKeys(others);
  expect(asked).toBeLessThan(100);
});
