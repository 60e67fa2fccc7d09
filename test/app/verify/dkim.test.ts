/** DKIM's keys in a run: each asked for once, remembered, and no end of silence waited for. */

import { describe, expect, test } from "vitest";
import { openDkim, openUserDkim } from "../../../src/app/verify/dkim.ts";
import { readClaims } from "../../../src/dkim/claim.ts";
import { configOf } from "../../../src/git/config.ts";
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

test("without keys, and without asking, nothing is looked at", async () => {
  expect(openDkim(memory(), [], null)).toBeNull();
  expect(openDkim(memory(), ["mx.example.com"], null)).not.toBeNull();
  const run = openDkim(memory({ [NAME]: [seen(RECORD, AT)] }), [], null, AT)!;
  expect(run.check).toEqual({ names: [NAME], servers: [] });
  await run.fetchKeys([claims("example.org"), claims("example.net")]);
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

/** As many claims, each of a domain of its own, as of a mail. */
function many(count: number) {
  const all = claims("example.org");
  const named = Array.from({ length: count }, (_, i) => ({
    ...all.claims[0]!,
    domain: `d${i}.example`,
    keyName: `main._domainkey.d${i}.example`,
  }));
  return named.map((claim) => ({ ...all, claims: [claim] }));
}

test("of silent domains, 64 are asked, and no more than 16 at a time", async () => {
  let [asked, waiting, most] = [0, 0, 0];
  const lookUp = async () => {
    asked++;
    most = Math.max(most, ++waiting);
    await Promise.resolve();
    waiting--;
    return null;
  };
  await openDkim(memory(), [], lookUp, AT)!.fetchKeys(many(40));
  expect(most).toBe(16);
  asked = 0;
  const run = openDkim(memory(), [], lookUp, AT)!;
  for (const one of many(70)) await run.fetchKeys([one]);
  expect(asked).toBe(64);
});

test("the keys of 20,000 names are held, then all are read and asked for anew", async () => {
  let [asked, readings] = [0, 0];
  const store = { ...memory(), dkimRecords: () => (readings++, []) };
  const run = openDkim(store, [], () => Promise.resolve((asked++, [])), AT)!;
  const all = many(20_001);
  const again = async (): Promise<[number, number]> => {
    [asked, readings] = [0, 0];
    await run.fetchKeys([all[0]!]);
    run.resultOf(all[0]!);
    return [asked, readings];
  };
  await run.fetchKeys(all.slice(0, 19_999));
  for (const one of all.slice(0, 20_000)) run.resultOf(one);
  expect(await again()).toEqual([0, 0]);
  await run.fetchKeys([all[19_999]!]);
  run.resultOf(all[20_000]!);
  expect(await again()).toEqual([1, 1]);
});

describe("by the user's settings", () => {
  const config = (...settings: [string, string][]) =>
    configOf(settings.map(([key, value]) => ({ key, value, origin: "", scope: "global" })));
  const cached = memory({ [NAME]: [seen(RECORD, AT)] });

  test("keys that are remembered are used, but nobody is asked", async () => {
    expect(await openUserDkim(memory(), false, config())).toBeNull();
    const run = await openUserDkim(cached, false, config());
    expect(run!.check).toEqual({ names: [NAME], servers: [] });
  });

  test("off: nothing is, unless --dkim asks", async () => {
    const off = config(["patchsig.dkim", "OFF"]);
    expect(await openUserDkim(cached, false, off)).toBeNull();
    expect((await openUserDkim(cached, true, off))!.check.names).toBeNull();
  });

  test("dns: any name is asked for", async () => {
    const dns = config(["patchsig.dkim", "dns"], ["patchsig.authservid", "MX.Example.org"]);
    expect((await openUserDkim(memory(), false, dns))!.check).toEqual({
      names: null,
      servers: ["mx.example.org"],
    });
  });

  test("another value is wrong usage", async () => {
    const wrong = openUserDkim(cached, false, config(["patchsig.dkim", "maybe"]));
    await expect(wrong).rejects.toMatchObject({
      code: "usage",
      message: "patchsig.dkim cannot be maybe",
      hint: "it can be off, cached, dns",
    });
  });
});
