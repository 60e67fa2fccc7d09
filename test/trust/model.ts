/**
 * What docs/spec/trust.md allows, as a small state machine: its table, read from the page, and the
 * rules below it in order. Shares no code with src/trust, and uses no database.
 */

type State = "first-use" | "known" | "endorsed" | "pinned" | "replaced" | "revoked";

export interface Known {
  state: State;
  /** Series of the first patch that counted; null if none has. */
  series: string | null;
  since: number;
  again: boolean;
  patches: number;
  endorser: string;
  from: string;
}

export interface Said {
  readonly kind: "rotate" | "add" | "endorse" | "revoke";
  readonly signer: string;
  readonly by: string;
  readonly of: string;
  readonly key: string;
  readonly time: number;
}

export interface Asked {
  readonly require: "opt-in" | "signature" | "known" | "pinned";
  readonly firstUse: "allow" | "warn" | "fail";
}

export interface Seen {
  readonly identity: string;
  readonly key: string;
  readonly series: string;
  readonly patch: string;
  readonly at: number;
}

const DAY = 86_400;
const COLUMNS = ["none", "first-use", "known", "endorsed", "pinned", "replaced", "revoked"];
const RANKS: Readonly<Record<string, number>> = {
  "first-use": 0,
  known: 1,
  endorsed: 2,
  pinned: 2,
};
const NEEDS = { "opt-in": 0, signature: 0, known: 1, pinned: 2 };

/** The cells of the page: by row, then by state; "·" and italics as they stand there. */
function readTable(page: string): Map<string, Map<string, string>> {
  const start = page.indexOf("| event | none |");
  const rows = page.slice(start, page.indexOf("\n\n", start)).split("\n").slice(2);
  return new Map(
    rows.map((row) => {
      const [, name = "", ...cells] = row.split("|").map((cell) => cell.trim());
      return [name, new Map(COLUMNS.map((column, i) => [column, cells[i] ?? ""]))];
    }),
  );
}

export class Model {
  readonly #table: Map<string, Map<string, string>>;
  readonly keys = new Map<string, Map<string, Known>>();
  readonly #void = new Set<string>();
  readonly #counted = new Set<string>();
  readonly #done = new Set<string>();

  constructor(page: string) {
    this.#table = readTable(page);
  }

  of(identity: string): Map<string, Known> {
    const its = this.keys.get(identity) ?? new Map<string, Known>();
    this.keys.set(identity, its);
    return its;
  }

  #cell(row: string, state: string): string {
    const cell = this.#table.get(row)?.get(state);
    if (cell === undefined) throw new Error(`no cell ${row}, ${state}`);
    return cell;
  }

  #state(identity: string, key: string): string {
    return this.#isVoid(key) ? "revoked" : (this.of(identity).get(key)?.state ?? "none");
  }

  #isVoid(key: string): boolean {
    return this.#void.has(key);
  }

  #inUse(identity: string): string[] {
    return [...this.of(identity)]
      .filter(([, { state }]) => state !== "replaced" && state !== "revoked")
      .map(([key]) => key);
  }

  hasKeyInUse(identity: string): boolean {
    return this.#inUse(identity).length > 0;
  }

  /** Judges a mail: the state of its key, whether it passes, and if so the changes. */
  look(seen: Seen, asked: Asked, forGood = true): { trust: string; passes: boolean } {
    const { identity, key, series, patch, at } = seen;
    const its = this.of(identity);
    const known = its.get(key);
    const row = [...its.keys()].some((other) => other !== key) ? "another" : "no other";
    const cell = this.#cell(`sighting, ${row} key remembered`, this.#state(identity, key));
    if (cell.startsWith("*")) return { trust: cell.replaceAll("*", ""), passes: false };
    const other =
      known !== undefined &&
      known.series !== null &&
      known.series !== series &&
      at - known.since >= DAY;
    let trust: string = known?.state ?? "first-use";
    if (known?.state === "first-use" && other) trust = "known";
    const admits = asked.firstUse !== "fail" && NEEDS[asked.require] === 0;
    const rank = this.#isTainted(identity, key) ? Math.min(1, RANKS[trust]!) : RANKS[trust]!;
    const passes =
      rank >= NEEDS[asked.require] && !(trust === "first-use" && asked.firstUse === "fail");
    if (!passes || !forGood) return { trust, passes };
    const fresh = !this.#counted.has(patch);
    this.#counted.add(patch);
    if (known === undefined) {
      its.set(key, { ...UNSEEN, state: "first-use", series, since: at, patches: 1 });
    } else if (fresh || (known.state === "first-use" && other && admits)) {
      if (other && (known.state !== "first-use" || admits)) known.again = true;
      if (known.state === "first-use" && other && admits) known.state = "known";
      if (fresh) {
        known.patches++;
        known.series ??= series;
      }
    }
    return { trust, passes };
  }

  #ancestors(identity: string, key: string): Set<string> {
    const found = new Set<string>();
    let from = this.of(identity).get(key)?.from ?? "";
    while (from !== "" && !found.has(from)) {
      found.add(from);
      from = this.of(identity).get(from)?.from ?? "";
    }
    return found;
  }

  #isTainted(identity: string, key: string): boolean {
    return [...this.#ancestors(identity, key)].some((from) => this.#isVoid(from));
  }

  /** The user's decision; false if refused. */
  accept(identity: string, key: string, at: number, also: boolean): boolean {
    const cell = this.#cell("accept", this.#state(identity, key));
    if (cell === "*refused*") return false;
    const set = also ? [] : this.#inUse(identity).filter((other) => other !== key);
    for (const other of set) this.of(identity).get(other)!.state = "replaced";
    if (cell === "pinned") this.#put(identity, key, at, { state: "pinned", from: "" });
    for (const other of set) this.#fall(other, false);
    return true;
  }

  drop(identity: string, key: string, at: number): void {
    if (!this.of(identity).has(key)) this.#put(identity, key, at, { state: "revoked" });
    // a key that is already void does not fall again: later statements by it did not count
    if (!this.#isVoid(key)) this.#revoke(key);
  }

  keyring(identity: string, key: string, at: number, all: readonly string[]): string {
    const lacks = this.#inUse(identity).some((other) => other !== key && !all.includes(other));
    const row = lacks
      ? "keyring, a key in use that it lacks"
      : "keyring, no key in use that it lacks";
    const cell = this.#cell(row, this.#state(identity, key));
    if (cell === "*conflict*") return "conflict";
    if (cell === "·") return "same";
    this.#put(identity, key, at, { state: "pinned", from: "" });
    return "pinned";
  }

  /** Receives a statement; true if it changes something. */
  hear(said: Said, at: number): boolean {
    const name = JSON.stringify(said);
    if (this.#done.has(name)) return false;
    const applied =
      said.kind === "endorse"
        ? this.#endorses(said, at)
        : said.kind === "revoke"
          ? this.#revokes(said)
          : this.#names(said, at);
    if (applied) this.#done.add(name);
    return applied;
  }

  #names({ kind, signer, by, of, key }: Said, at: number): boolean {
    const first = this.of(by).get(signer);
    if (by !== of || this.#isVoid(signer) || first === undefined || key === signer) return false;
    const row = kind === "add" ? "addition, the first key" : "rotation, the old key";
    if (this.#cell(row, first.state).startsWith("*")) return false;
    const better = first.state === "known" ? "a known" : "a better";
    const next = this.#cell(
      `rotation or addition, the new key after ${better} one`,
      this.#state(of, key),
    );
    if (next.startsWith("*") || (kind === "add" && next === "·")) return false;
    const endorser = first.state === "pinned" ? "" : first.endorser;
    if (kind === "rotate") first.state = "replaced";
    if (next !== "·") this.#put(of, key, at, { state: next as State, endorser, from: signer });
    if (kind === "rotate") this.#fall(signer, false);
    return true;
  }

  #endorses({ signer, by, of, key }: Said, at: number): boolean {
    if (this.#isVoid(signer) || this.of(by).get(signer)?.state !== "pinned") return false;
    const others = this.#inUse(of).some((other) => other !== key);
    const row = others ? "endorsement, another key in use" : "endorsement, no other key in use";
    if (this.#cell(row, this.#state(of, key)) !== "endorsed") return false;
    this.#put(of, key, at, { state: "endorsed", endorser: signer });
    return true;
  }

  #revokes({ signer, by, of, key }: Said): boolean {
    if (key !== signer) {
      if (this.#isVoid(signer) || this.of(by).get(signer)?.state !== "pinned") return false;
      if (this.of(of).get(key)?.endorser !== signer) return false;
      const confirmed = [...this.keys.values()].some((its) => {
        const one = its.get(key);
        return (one?.state === "pinned" || one?.state === "endorsed") && one.endorser !== signer;
      });
      if (confirmed) return false;
    }
    if (this.#isVoid(key)) return false;
    this.#revoke(key);
    return true;
  }

  #revoke(key: string): void {
    this.#void.add(key);
    for (const its of this.keys.values()) {
      const one = its.get(key);
      if (one !== undefined) one.state = "revoked";
    }
    this.#fall(key, true);
  }

  /**
   * If a key is void, so is what rests on it: on its endorsements while it was pinned, or on its
   * rotations.
   */
  #fall(key: string, revoked: boolean): void {
    const pinned = [...this.keys.values()].some((its) => its.get(key)?.state === "pinned");
    for (const [identity, its] of this.keys)
      for (const [name, one] of its) {
        const vouched = one.state === "endorsed" && one.endorser === key && !pinned;
        const came =
          (one.state === "endorsed" || one.state === "known") &&
          revoked &&
          this.#ancestors(identity, name).has(key);
        const shown = one.again ? "known" : "first-use";
        if (!(vouched || came) || shown === one.state) continue;
        one.state = shown;
        one.endorser = "";
      }
  }

  #put(identity: string, key: string, at: number, change: Partial<Known>): void {
    const before = this.of(identity).get(key) ?? { ...UNSEEN, since: at };
    this.of(identity).set(key, { ...before, ...change });
  }
}

const UNSEEN: Known = {
  state: "first-use",
  series: null,
  since: 0,
  again: false,
  patches: 0,
  endorser: "",
  from: "",
};
