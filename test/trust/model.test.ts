/**
 * Random lives of a trust database against the machine that docs/spec/trust.md describes: mails,
 * statements, policies, people, keyrings, restarts, two connections, dry runs and runs that end in
 * the middle. PATCHSIG_MODEL_STEPS=100000 is the long run; with PATCHSIG_LONG=1 the same lives are
 * lived by two processes as well, which take the steps of one sequence by turns at random.
 */

import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTrustJudge } from "../../src/app/verify/judging.ts";
import type { TrustStore } from "../../src/store/trust-store.ts";
import type { Statement } from "../../src/trust/statement.ts";
import type { Evidence } from "../../src/verify/evidence.ts";
import { DEFAULT_POLICY } from "../../src/verify/policy.ts";
import { describeBackends, openPlace, type Place } from "../store/backends.ts";
import { temporaryDirectory } from "../store/support.ts";
import { LONG } from "../support/long.ts";
import { type Asked, Model, type Said, type Seen } from "./model.ts";
import { keyOf } from "./support.ts";

const PAGE = readFileSync(
  join(import.meta.dirname, "..", "..", "docs", "spec", "trust.md"),
  "utf8",
);
const STEPS = Number(process.env["PATCHSIG_MODEL_STEPS"] ?? (LONG ? 20_000 : 2000));
/** A life is short, so that the states near its beginning are met often. */
const LIFE = 60;

const IDENTITIES = ["a@x.org", "b@x.org", "c@x.org"];
const KEYS = [1, 2, 3, 4, 5].map((number) => keyOf(number).text);
const POLICIES: readonly Asked[] = [
  { require: "signature", firstUse: "allow" },
  { require: "signature", firstUse: "allow" },
  { require: "opt-in", firstUse: "warn" },
  { require: "signature", firstUse: "fail" },
  { require: "known", firstUse: "allow" },
  { require: "pinned", firstUse: "warn" },
];

/** The same numbers for the same seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const digest = (...words: readonly unknown[]): Buffer =>
  createHash("sha256").update(JSON.stringify(words)).digest();

/** What a good signed mail is to the verdict, without the cryptography. */
function evidence({ identity, key, series, patch }: Seen, said: readonly Statement[]): Evidence {
  const number = { version: 1, index: 1, total: 1 };
  return {
    kind: "patch",
    author: { name: "", email: identity },
    senders: [identity],
    signature: "good",
    signed: {
      publicKey: key,
      comment: { ...number, series, by: identity, time: 1, base: null } as never,
    },
    changed: [],
    number,
    base: { status: "missing", commit: null, tree: null },
    messageId: `<${patch}>`,
    references: [],
    isAnswer: false,
    label: { hasVersion: true, minor: "", prefix: "" },
    content: null,
    dkim: null,
    devsigs: [],
    reply: null,
    reviewable: null,
    listIds: [],
    subject: patch,
    statements: said.map((statement) => ({ ok: true, statement })),
    findings: [],
    read: true,
    whole: true,
    date: null,
    attestation: patch,
    sighting: { identity, digest: digest(patch).subarray(0, 8) },
    work: digest(identity, patch).subarray(0, 8),
    alike: [],
    paths: [],
  };
}

function statementOf(said: Said): Statement {
  return { ...said, text: JSON.stringify(said), digest: digest(said) };
}

/** What is told of a mail. */
interface Told {
  readonly trust: string | null;
  readonly verdict: string;
}

/** A connection to the database: in this process, or in one of its own. */
interface Hand extends Pick<
  TrustStore,
  "accept" | "drop" | "importKey" | "applyStatement" | "lookup" | "close"
> {
  verify(mails: readonly Evidence[], asked: Asked, at: number): Told[];
  /** The same, in a transaction that does not come to its end. */
  lose(mails: readonly Evidence[], asked: Asked, at: number): void;
}

type Open = (place: Place, dryRun?: boolean) => Hand;

const openHere: Open = (place, dryRun = false) => {
  const store = openPlace(place, { dryRun });
  const verify: Hand["verify"] = (mails, asked, at) => {
    const policies = { general: { ...DEFAULT_POLICY, ...asked }, overrides: [] };
    const session = createTrustJudge(store, { policies, dryRun, at });
    const found = mails.map((one) => ({ source: "x", evidence: one, payload: null }));
    return session.judge(found).members.map(({ result }) => result);
  };
  return {
    accept: (...args) => store.accept(...args),
    drop: (...args) => store.drop(...args),
    importKey: (...args) => store.importKey(...args),
    applyStatement: (...args) => store.applyStatement(...args),
    lookup: (...args) => store.lookup(...args),
    close: () => store.close(),
    verify,
    lose(...args) {
      const work = (): never => {
        verify(...args);
        throw new RangeError("killed");
      };
      expect(() => store.transaction(work)).toThrow(RangeError);
    },
  };
};

/** A process that does what it is told, and is waited for: through two pipes with names. */
const openElsewhere: Open = (place, dryRun = false) => {
  if (dryRun) return openHere(place, dryRun);
  const folder = temporaryDirectory();
  const pipes = ["told", "says"].map((name) => join(folder, name));
  execFileSync("mkfifo", pipes);
  spawn(
    process.execPath,
    [join(import.meta.dirname, "model-worker.js"), place.name, place.own, ...pipes],
    {
      stdio: "inherit",
    },
  );
  const [told, says] = [openSync(pipes[0]!, "w"), openSync(pipes[1]!, "r")];
  const call = (method: string, args: readonly unknown[]): never => {
    writeSync(told, `${JSON.stringify({ method, args })}\n`);
    let text = "";
    const some = Buffer.alloc(1 << 16);
    while (!text.endsWith("\n")) {
      const read = readSync(says, some);
      if (read === 0) throw new Error("the other process has ended");
      text += some.toString("latin1", 0, read);
    }
    const { value, code, why } = JSON.parse(text);
    if (code !== undefined) throw Object.assign(new Error(why), { code });
    return value as never;
  };
  // a server's database has no tables until the process has opened it
  call("ready", []);
  return {
    accept: (...args) => call("accept", args),
    drop: (...args) => call("drop", args),
    importKey: (...args) => call("importKey", args),
    applyStatement: (...args) => call("applyStatement", args),
    lookup: (...args) => call("lookup", args),
    verify: (...args) => call("verify", args),
    lose: (...args) => call("lose", args),
    close() {
      for (const pipe of [told, says]) closeSync(pipe);
    },
  };
};

class Life {
  readonly place: Place;
  readonly model = new Model(PAGE);
  readonly stores: Hand[];
  readonly steps: string[] = [];
  readonly pick: (below: number) => number;
  now = 1_794_000_000;

  readonly #open: Open;

  constructor(seed: number, place: Place, open: Open) {
    this.place = place;
    this.pick = random(seed);
    this.#open = open;
    this.stores = [open(place), open(place)];
  }

  one<T>(all: readonly T[]): T {
    return all[this.pick(all.length)]!;
  }

  /** Mostly the first ones, so that they meet. */
  near<T>(all: readonly T[]): T {
    return all[Math.min(this.pick(all.length), this.pick(all.length))]!;
  }

  seen(): Seen {
    const [identity, key] = [this.near(IDENTITIES), this.near(KEYS)];
    const series = `s${this.pick(3)}`;
    // now and then the same text in another series
    const patch = [identity, key, this.pick(4), this.pick(4) === 0 ? "" : series].join(" ");
    return { identity, key, series, patch, at: this.now };
  }

  said(): Said {
    const kind = this.one([
      "rotate",
      "rotate",
      "add",
      "add",
      "endorse",
      "endorse",
      "revoke",
    ] as const);
    const known = [...this.model.keys].flatMap(([identity, its]) =>
      [...its].flatMap(([key, { state }]) =>
        ["known", "endorsed", "pinned", "pinned"].includes(state) ? [[identity, key] as const] : [],
      ),
    );
    // mostly who has a say
    const anybody = known.length === 0 || this.pick(4) === 0;
    const [by, signer] = anybody ? [this.near(IDENTITIES), this.near(KEYS)] : this.one(known);
    const of = this.pick(3) === 0 || kind === "endorse" ? this.near(IDENTITIES) : by;
    const key = kind === "revoke" && this.pick(2) === 0 ? signer : this.near(KEYS);
    return { kind, signer, by, of, key, time: this.pick(2) };
  }

  /** What every key would be told to be, under every policy: nothing of it is kept. */
  probe(): string {
    const dry = openPlace(this.place, { dryRun: true });
    const all = IDENTITIES.flatMap((identity) =>
      KEYS.map((key) => ({ identity, key, series: "probe", patch: `${identity} ${key}` })),
    );
    const answers = POLICIES.map((asked) =>
      all.map((seen) => {
        const { trust, passes } = this.model.look({ ...seen, at: this.now }, asked, false);
        return `${trust} ${passes}`;
      }),
    );
    const told = all.map((seen) => {
      const keyHistory = dry.keyHistory({
        identity: seen.identity,
        publicKey: seen.key,
        digest: digest(seen).subarray(0, 8),
        series: seen.series,
        at: this.now,
        messageId: "",
        list: "",
      });
      return JSON.stringify([keyHistory.records, keyHistory.revoked, keyHistory.tainted]);
    });
    dry.close();
    return JSON.stringify([answers, told]);
  }

  /** Mails of one run, in one transaction; what is said in them comes before their patches. */
  mails(store: Hand, dryRun: boolean): void {
    const asked = this.one(POLICIES);
    const batch = Array.from({ length: 1 + this.pick(3) }, () => ({
      seen: this.seen(),
      said: !dryRun && this.pick(4) === 0 ? [this.said()] : [],
    }));
    this.steps.push(JSON.stringify([dryRun ? "dry" : "verify", asked, batch]));
    const before = this.pick(8) === 0 ? this.probe() : null;
    const mails = batch.map(({ seen, said }) => evidence(seen, said.map(statementOf)));
    const results = store.verify(mails, asked, this.now);
    const told = results.map(({ trust, verdict }) => ({ trust, passes: verdict !== "fail" }));
    // a dry run of several mails remembers within itself: then only the first is as the model has it
    const of = dryRun ? batch.slice(0, 1) : batch;
    const expected = of.map(({ seen, said }) => {
      for (const one of said) this.model.hear(one, this.now);
      return this.model.look(seen, asked, !dryRun);
    });
    expect(told.slice(0, of.length)).toEqual(expected);
    const failed =
      told.every(({ passes }) => !passes) && batch.every(({ said }) => said.length === 0);
    if (before !== null && failed) expect(this.probe()).toBe(before);
  }

  step(): void {
    const store = this.one(this.stores);
    const [identity, key] = [this.near(IDENTITIES), this.near(KEYS)];
    this.now += this.one([0, 0, 3600, 86_400]);
    switch (this.pick(12)) {
      case 0: {
        const also = this.pick(2) === 0;
        this.steps.push(JSON.stringify(["accept", identity, key, also]));
        let done = true;
        try {
          store.accept(identity, key, this.now, also);
        } catch (error) {
          expect((error as { code?: string }).code).toBe("refused");
          done = false;
        }
        expect(done).toBe(this.model.accept(identity, key, this.now, also));
        return;
      }
      case 1: {
        // rarely, a key is void for good: most often one on which another rests
        if (this.pick(3) > 0) return;
        const below = [...this.model.keys].flatMap(([of, its]) =>
          [...its.values()].flatMap(({ endorser, from }) =>
            [endorser, from].filter((name) => name !== "").map((name) => [of, name] as const),
          ),
        );
        const [whose, what] = below.length === 0 ? [identity, key] : this.one(below);
        this.steps.push(JSON.stringify(["drop", whose, what]));
        store.drop(whose, what, this.now);
        return this.model.drop(whose, what, this.now);
      }
      case 2: {
        const all = [key, this.one(KEYS)];
        this.steps.push(JSON.stringify(["keyring", identity, all]));
        const cause = { cause: "keyring", at: this.now, messageId: "", source: "k" } as const;
        for (const one of all)
          expect(store.importKey(identity, one, cause, all)).toBe(
            this.model.keyring(identity, one, this.now, all),
          );
        return;
      }
      case 3: {
        const said = this.said();
        this.steps.push(JSON.stringify(["hear", said]));
        const cause = { cause: "file", at: this.now, messageId: "", source: "f" } as const;
        const { outcome } = store.applyStatement(statementOf(said), cause);
        return expect(outcome === "applied").toBe(this.model.hear(said, this.now));
      }
      case 4: {
        const place = this.stores.indexOf(store);
        this.steps.push(`restart ${place}`);
        store.close();
        this.stores[place] = this.#open(this.place);
        return;
      }
      case 5: {
        const dry = this.#open(this.place, true);
        this.mails(dry, true);
        return dry.close();
      }
      case 6: {
        // a run that ends in the middle has not been
        const lost = Array.from({ length: 3 }, () =>
          evidence(this.seen(), [statementOf(this.said())]),
        );
        this.steps.push("lost");
        return store.lose(lost, POLICIES[0]!, this.now);
      }
      case 7: {
        const unsigned: Evidence = {
          ...evidence(this.seen(), []),
          sighting: { identity, digest: digest("unsigned", this.steps.length).subarray(0, 8) },
          signature: "none",
          signed: null,
          work: null,
          author: { name: "", email: identity },
          senders: [identity],
        };
        this.steps.push(`unsigned ${identity}`);
        const asked = { require: "opt-in", firstUse: "allow" } as const;
        const [result] = store.verify([unsigned], asked, this.now);
        return expect(result!.verdict === "fail").toBe(this.model.hasKeyInUse(identity));
      }
      default:
        return this.mails(store, false);
    }
  }

  /** The store holds what the model holds, whoever looks. */
  compare(): void {
    for (const identity of IDENTITIES) {
      const model = [...this.model.of(identity)]
        .map(([key, one]) => ({ key, ...one }))
        .map(({ key, state, patches, endorser, from, again, series }) =>
          [key, state, patches, endorser, from, again, series ?? ""].join(" "),
        );
      for (const store of this.stores) {
        const stored = store
          .lookup(identity)
          .map((one) =>
            [
              one.publicKey,
              one.state,
              one.patches,
              one.endorsedBy,
              one.rotatedFrom,
              one.again,
              one.firstSeries,
            ].join(" "),
          );
        expect(stored.sort()).toEqual(model.sort());
      }
    }
  }

  /** What has happened in it, for the test to be sure that it does. */
  readonly met = new Set<string>();

  live(steps: number): void {
    try {
      for (let i = 0; i < steps; i++) {
        this.step();
        this.compare();
      }
    } catch (error) {
      throw new Error(`after:\n${this.steps.join("\n")}`, { cause: error });
    } finally {
      for (const store of this.stores) store.close();
      const store = openPlace(this.place);
      for (const { kind, from, to } of store.log()) this.met.add(`${kind} ${from} ${to}`);
      store.close();
    }
  }
}

/** What has happened in so many steps. */
function liveOn(steps: number, newPlace: () => Place, open: Open): Set<string> {
  const met = new Set<string>();
  for (let seed = 0; seed < steps / LIFE; seed++) {
    const life = new Life(seed, newPlace(), open);
    life.live(LIFE);
    for (const what of life.met) met.add(what);
  }
  return met;
}

describeBackends(({ name, newPlace }) => {
  // each step asks a server many times, and a restart takes a tenth of a second
  const steps = name === "postgres" && !LONG ? LIFE : STEPS / (name === "postgres" ? 20 : 1);

  test("reaches no state that docs/spec/trust.md does not allow", { timeout: 0 }, () => {
    const met = liveOn(steps, newPlace, openHere);
    if (name === "postgres") return expect(met.size).toBeGreaterThan(LONG ? 20 : 5);
    for (const what of [
      "confirm first-use known",
      "replace known replaced",
      "rotate known replaced",
      "rotate null known",
      "rotate null endorsed",
      "add null known",
      "add null endorsed",
      "endorse null endorsed",
      "fall-back endorsed first-use",
      "fall-back known first-use",
      "fall-back endorsed known",
      "revoke pinned revoked",
      "keyring null pinned",
      "accept replaced pinned",
    ])
      expect([...met]).toContain(what);
  });

  test.runIf(LONG)("nor do two processes", { timeout: 0 }, () => {
    expect(liveOn(steps, newPlace, openElsewhere).size).toBeGreaterThan(20);
  });
});
