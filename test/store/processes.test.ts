// Several real processes on one database. They run the built program: `npm run build` first.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTrustStore } from "../../src/store/trust-store.ts";
import type { Sighting } from "../../src/trust/record.ts";
import { LONG } from "../support/long.ts";
import { keyOf, says } from "../trust/support.ts";
import { describeBackends, openPlace, type Place } from "./backends.ts";
import { sightingOf, someKey, temporaryDirectory } from "./support.ts";

const ALICE = "alice@example.org";
const WORKER = fileURLToPath(new URL("worker.js", import.meta.url));

interface Worker {
  readonly process: ChildProcessWithoutNullStreams;
  readonly answers: AsyncIterator<string>;
}

const workers: Worker[] = [];
/** They remember nothing between two commands. */
let racing: readonly Worker[];
beforeAll(async () => {
  racing = await Promise.all([start(), start(), start()]);
});
afterAll(() => {
  for (const worker of workers) worker.process.kill("SIGKILL");
});

async function start(): Promise<Worker> {
  const child = spawn(process.execPath, [WORKER]);
  child.stderr.pipe(process.stderr);
  const worker = {
    process: child,
    answers: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
  };
  workers.push(worker);
  expect(await answer(worker)).toBe("ready");
  return worker;
}

async function answer(worker: Worker): Promise<unknown> {
  const { value, done } = await worker.answers.next();
  return done === true ? undefined : JSON.parse(value);
}

function ask(worker: Worker, input: object): void {
  worker.process.stdin.write(`${JSON.stringify(input)}\n`);
}

/** How often the races are run, and somebody is killed. */
const RACES = LONG ? 100 : 10;
const KILLS = LONG ? 10 : 3;

/** All of them judge at once; returns what each said, sorted. */
async function race(place: Place, sightings: Sighting[]) {
  sightings.forEach((sighting, i) => {
    const digest = Buffer.from(sighting.digest).toString("hex");
    ask(racing[i]!, { command: "judge", place, sighting: { ...sighting, digest } });
  });
  const verdicts = await Promise.all(racing.map(answer));
  return verdicts.map(String).toSorted((a, b) => (a < b ? -1 : 1));
}

describeBackends(({ name, newPlace }) => {
  /** Each time, each of the processes opens the database: with a server that takes a tenth of a second. */
  const [races, kills] = name === "postgres" && !LONG ? [3, 2] : [RACES, KILLS];
  describe("concurrent verifiers", () => {
    test("record one first use, even if the database did not exist", { retry: 0 }, async () => {
      for (let round = 0; round < races; round++) {
        const place = newPlace();
        const sightings = racing.map(() => sightingOf(someKey(), "one"));
        expect(await race(place, sightings)).toEqual(["changed", "changed", "first-use"]);
        const trust = openPlace(place);
        expect(trust.lookup(ALICE)).toMatchObject([{ state: "first-use", patches: 1 }]);
        expect(trust.events(ALICE)).toHaveLength(3);
        trust.close();
      }
    });

    test("record one first use of each of many identities", { retry: 0 }, async () => {
      const place = newPlace();
      const identities = Array.from({ length: 10 * RACES }, (_, i) => `dev${i}@example.org`);
      const told = racing.map((worker) => {
        const key = someKey();
        const sightings = identities.map((identity) => {
          const sighting = sightingOf(key, "one", { identity });
          return { ...sighting, digest: Buffer.from(sighting.digest).toString("hex") };
        });
        ask(worker, { command: "judgeAll", place, sightings });
        return key;
      });
      const verdicts = (await Promise.all(racing.map(answer))) as string[][];
      const trust = openPlace(place);
      for (const [i, identity] of identities.entries()) {
        const said = verdicts.map((one) => one[i]!);
        expect(said.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
          "changed",
          "changed",
          "first-use",
        ]);
        const publicKey = told[said.indexOf("first-use")]!;
        expect(trust.lookup(identity)).toMatchObject([{ publicKey, state: "first-use" }]);
        expect(trust.events(identity)).toHaveLength(3);
      }
      // all events, each with a number of its own, in the order in which they were written
      const ids = [...trust.log()].map(({ id }) => id);
      expect(ids).toEqual(ids.map((_, i) => ids.length - i));
      trust.close();
    });

    test("follow a statement only once", { retry: 0 }, async () => {
      const two = racing.slice(0, 2);
      const place = newPlace();
      const trust = openPlace(place);
      const [signer, ...keys] = Array.from({ length: races }, (_, i) => keyOf(i + 1));
      trust.accept(ALICE, signer!.text, 1);
      let last = signer!;
      for (const key of keys) {
        const statement = says(last, "rotate", key);
        const digest = statement.digest.toString("hex");
        for (const worker of two)
          ask(worker, { command: "statement", place, statement: { ...statement, digest } });
        const outcomes = await Promise.all(two.map(answer));
        expect(outcomes.map(String).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
          "applied",
          "repeated",
        ]);
        last = key;
      }
      expect(trust.lookup(ALICE).filter(({ state }) => state !== "replaced")).toMatchObject([
        { publicKey: last.text, state: "endorsed" },
      ]);
      // the acceptance, and two events of each rotation
      expect(trust.events(ALICE)).toHaveLength(1 + 2 * (races - 1));
      trust.close();
    });

    test("count each patch once", async () => {
      const place = newPlace();
      const key = someKey();
      const first = sightingOf(key, "one");
      expect(await race(place, [first, first, first])).toEqual(Array(3).fill("first-use"));
      for (let round = 0; round < races; round++) {
        const texts = ["two", `a${round}`, `b${round}`];
        await race(
          place,
          texts.map((text) => sightingOf(key, text, { at: first.at + 86_400 })),
        );
      }
      const trust = openPlace(place);
      expect(trust.lookup(ALICE)).toMatchObject([{ state: "known", patches: 2 + 2 * races }]);
      expect(trust.events(ALICE).map((event) => event.kind)).toEqual(["first-use", "confirm"]);
      trust.close();
    });
  });

  test("kill -9 loses nothing that was reported", async () => {
    const place = newPlace();
    const publicKey = someKey();
    const size = 50;
    let next = 0;
    for (let round = 0; round < kills; round++) {
      const worker = await start();
      ask(worker, { command: "flood", place, publicKey, first: next, size });
      let reported = -1;
      const enough = next + 3 + round * 2;
      while (reported < enough) reported = (await answer(worker)) as number;
      worker.process.kill("SIGKILL");
      await once(worker.process, "exit");
      // what was still in the pipe was reported too
      for (let last = await answer(worker); last !== undefined; last = await answer(worker))
        reported = last as number;

      const trust = openPlace(place);
      const known = new Map([...trust.list()].map((record) => [record.identity, record]));
      trust.close();
      for (let batch = 0; batch <= reported; batch++) {
        for (let i = 0; i < size; i++) {
          expect(known.get(`dev${batch}-${i}@example.org`)).toMatchObject({
            state: "first-use",
            firstSeen: batch,
          });
        }
      }
      // a batch is there whole or not at all
      expect(known.size % size).toBe(0);
      next = known.size / size;
    }
    if (name === "postgres") return;
    const db = new Database(place.own);
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    db.close();
  });
});

test("a process that opens a database during its replacement writes into the new one", async () => {
  const file = path.join(temporaryDirectory(), "trust.db");
  openTrustStore({ file }).close();
  const [key, worker] = [someKey(), racing[0]!];
  // what a restore does, but slower
  const restorer = new Database(file);
  restorer.pragma("locking_mode = exclusive");
  restorer.pragma("journal_mode = delete");
  restorer.exec("begin exclusive");
  const sighting = { ...sightingOf(key, "one"), digest: "0011223344556677" };
  ask(worker, { command: "judge", place: { name: file, own: file }, sighting });
  await setTimeout(300);
  openTrustStore({ file: `${file}.new` }).close();
  renameSync(`${file}.new`, file);
  restorer.close();
  expect(await answer(worker)).toBe("first-use");
  const trust = openTrustStore({ file });
  expect(trust.lookup(ALICE)).toMatchObject([{ publicKey: key }]);
  trust.close();
});
