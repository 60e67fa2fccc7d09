/** How the time per mail and per key grows with their number. */

import type { Row } from "../bench.ts";
import { writeMbox } from "../corpus.ts";
import { number } from "../report.ts";
import { inTurn } from "../run.ts";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { sightingDigest } from "../../src/trust/sighting.ts";
import { formatPublicKeyText } from "../../src/minisign/public-key.ts";

export const growthRow: Row = (bench, report) => {
  const place = bench.workplace("growth");
  const sizes = bench.settings.full ? [500, 5000, 50_000, 500_000] : [500, 5000, 20_000];
  const perMail: number[] = [];
  const raw: string[] = [];
  place.forgetTrust();
  for (const size of sizes) {
    const mbox = place.path("mbox");
    writeMbox(mbox, signedOnly(bench.stream(size)));
    const { seconds } = inTurn(size > 10_000 ? 1 : 3, {
      seconds: () => {
        place.forgetTrust();
        return place.patchsig(["verify", mbox]);
      },
    });
    perMail.push(seconds / size);
    raw.push(
      `${number(size)} mails ${number(seconds)} s, ${number((1e6 * seconds) / size)} µs each`,
    );
  }
  report({
    row: "growth",
    what: `time a mail, ${number(sizes.at(-1)!)} mails over ${number(sizes[1]!)}`,
    value: perMail.at(-1)! / perMail[1]!,
    unit: "x",
    goal: { atMost: 1.1 },
    raw,
  });
};

function* signedOnly(mails: Iterable<{ signed: Buffer }>): Generator<Buffer> {
  for (const { signed } of mails) yield signed;
}

const AT = 1_794_000_000;
const BATCH = 10_000;
const LOOKUPS = 20_000;

function meet(store: TrustStore, number: number): void {
  const identity = `somebody${number}@example.org`;
  const point = Buffer.alloc(32, String(number));
  const publicKey = formatPublicKeyText({ keyNumber: point.subarray(0, 8), point });
  const digest = sightingDigest(identity, publicKey, "");
  const messageId = `<${number}@example.org>`;
  judgeSighting(store, { identity, publicKey, digest, series: "", at: AT, messageId, list: "" });
}

export const keysRow: Row = (bench, report) => {
  const place = bench.workplace("keys");
  const store = openTrustStore({ file: place.path("trust.db") });
  const rates: number[] = [];
  const raw: string[] = [];
  let known = 0;
  const sizes = [1000, 10_000, 100_000, ...(bench.settings.full ? [1_000_000] : [])];
  for (const size of sizes) {
    const began = performance.now();
    for (let from = known; from < size; from += BATCH) {
      store.transaction(() => {
        for (let i = from; i < Math.min(size, from + BATCH); i++) meet(store, i);
      });
    }
    known = size;
    const filled = performance.now();
    for (let i = 0; i < LOOKUPS; i++) {
      const somebody = (i * 7919 * 104_729) % size;
      const found = store.lookup(`somebody${somebody}@example.org`);
      if (found.length !== 1) throw new Error("a key is missing");
    }
    const rate = LOOKUPS / ((performance.now() - filled) / 1000);
    rates.push(rate);
    raw.push(
      `${number(size)} keys: ${number(rate)} look-ups/s (filled in ${number((filled - began) / 1000)} s)`,
    );
  }
  store.close();
  report({
    row: "keys",
    what: `time a look-up, ${number(sizes.at(-1)!)} keys over 1,000`,
    value: rates[0]! / rates.at(-1)!,
    unit: "x",
    goal: { atMost: 2 },
    raw,
  });
};
