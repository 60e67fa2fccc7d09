// Started by processes.test.ts, which sends commands on stdin; uses the built program.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

const load = (name) => import(new URL(`../../dist/src/${name}.js`, import.meta.url).href);
const { openTrustStore, TrustStore } = await load("store/trust-store");
const { connectPostgres } = await load("store/postgres/trust-postgres");
const { judgeSighting } = await load("trust/memory");

/** A place of backends.ts. */
const open = ({ name, own }) =>
  name === own
    ? openTrustStore({ file: own })
    : new TrustStore(
        () => connectPostgres({ url: name, connectMs: 300_000, busyMs: 300_000 }),
        false,
      );

const say = (value) => writeSync(1, `${JSON.stringify(value)}\n`);

const commands = {
  // judges sightings of one key, each for another identity, in a database that stays open
  judgeAll({ place, sightings }) {
    const trust = open(place);
    const judged = sightings.map((one) => {
      const sighting = { ...one, digest: Buffer.from(one.digest, "hex") };
      return judgeSighting(trust, sighting).trust;
    });
    trust.close();
    say(judged);
  },
  // judges one sighting in a database that may not exist yet
  judge({ place, sighting }) {
    const trust = open(place);
    const { trust: verdict } = judgeSighting(trust, sighting);
    trust.close();
    say(verdict);
  },
  // prints the result of a statement
  statement({ place, statement }) {
    const trust = open(place);
    const digest = Buffer.from(statement.digest, "hex");
    const cause = { cause: "mail", at: 1, messageId: "", source: "" };
    const { outcome } = trust.applyStatement({ ...statement, digest }, cause);
    trust.close();
    say(outcome);
  },
  // judges batch after batch until it is killed, reporting each once it is written
  flood({ place, publicKey, first, size }) {
    const trust = open(place);
    for (let batch = first; ; batch++) {
      trust.transaction(() => {
        for (let i = 0; i < size; i++) {
          const identity = `dev${batch}-${i}@example.org`;
          const digest = Buffer.alloc(8);
          digest.writeUInt32BE(batch);
          digest.writeUInt32BE(i, 4);
          const mail = { series: "s", at: batch, messageId: "", list: "" };
          judgeSighting(trust, { identity, publicKey, digest, ...mail });
        }
      });
      say(batch);
    }
  },
};

say("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...input } = JSON.parse(line);
  if (input.sighting) input.sighting.digest = Buffer.from(input.sighting.digest, "hex");
  commands[command](input);
}
