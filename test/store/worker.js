// Started by processes.test.ts, which sends commands on stdin; uses the built program.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

const { openTrustStore } = await import(
  new URL("../../dist/src/store/trust-store.js", import.meta.url).href
);
const { judgeSighting } = await import(
  new URL("../../dist/src/trust/memory.js", import.meta.url).href
);

const say = (value) => writeSync(1, `${JSON.stringify(value)}\n`);

const commands = {
  // judges one sighting in a database that may not exist yet
  judge({ file, sighting }) {
    const trust = openTrustStore({ file });
    const { trust: verdict } = judgeSighting(trust, sighting);
    trust.close();
    say(verdict);
  },
  // prints the result of a statement
  statement({ file, statement }) {
    const trust = openTrustStore({ file });
    const digest = Buffer.from(statement.digest, "hex");
    const cause = { cause: "mail", at: 1, messageId: "", source: "" };
    const { outcome } = trust.applyStatement({ ...statement, digest }, cause);
    trust.close();
    say(outcome);
  },
  // judges batch after batch until it is killed, reporting each once it is written
  flood({ file, publicKey, first, size }) {
    const trust = openTrustStore({ file });
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
