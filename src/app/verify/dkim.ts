/** DKIM's keys for a run: remembered ones, and what DNS says now if it may be asked. */

import { soleKeyRecord } from "../../dkim/key.ts";
import type { DkimResult } from "../../dkim/result.ts";
import { keysIn, type KnownKeys, type SeenRecord, verifyClaims } from "../../dkim/verify.ts";
import type { DkimClaims } from "../../dkim/claim.ts";
import type { LookUpTxt } from "../../dns/txt.ts";
import type { Config } from "../../git/config.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { now } from "../now.ts";
import { gitConfig } from "../settings.ts";
import { oneOfThese } from "../usage.ts";

/** What checking a mail needs to know of it; goes to other threads. */
export interface DkimCheck {
  /** Names of keys that are at hand; null if DNS is asked for any. */
  readonly names: readonly string[] | null;
  /** The reader's own servers, by the names in their Authentication-Results, in lower case. */
  readonly servers: readonly string[];
}

/** What vouches for mails, in one run. */
export interface DkimRun {
  readonly check: DkimCheck;
  /** Asks DNS for the keys of these claims, each name once. Remembers the answers. */
  fetchKeys(claims: readonly DkimClaims[]): Promise<void>;
  resultOf(claims: DkimClaims): DkimResult;
}

/** Where keys are remembered. */
export interface DkimStore {
  dkimNames(): readonly string[];
  dkimRecords(name: string): readonly SeenRecord[];
  putDkimRecords(records: ReadonlyMap<string, string>, at: number): void;
}

/** The values of `patchsig.dkim`. */
export const DKIM_MODES = ["off", "cached", "dns"] as const;

/**
 * By the user's settings: `patchsig.dkim`, `patchsig.authservId`, `patchsig.dnsServer`.
 *
 * @param ask `--dkim`: DNS may be asked, whatever the setting
 * @throws PatchsigError "usage" for an invalid value
 */
export async function openUserDkim(
  store: DkimStore,
  ask: boolean,
  config: Config = gitConfig(),
): Promise<DkimRun | null> {
  const set = config.string("patchsig.dkim") ?? "cached";
  const mode = ask ? "dns" : oneOfThese("patchsig.dkim", set.toLowerCase(), DKIM_MODES);
  if (mode === "off") return null;
  const servers = config.all("patchsig.authservId").map((name) => name.toLowerCase());
  if (mode === "cached") return openDkim(store, servers, null);
  // loaded where it is asked for: a plain verify has to start quickly
  const { openTxtLookUp } = await import("../../dns/txt.ts");
  const lookUp = openTxtLookUp(config.string("patchsig.dnsServer"));
  return openDkim(store, servers, lookUp);
}

/** Questions under way. */
const AT_ONCE = 16;
/** Unanswered ones after which DNS is not asked any more: somebody, or the network, only costs time. */
const MAX_UNANSWERED = 64;
/** Names whose keys are held at a time. */
const MAX_HELD = 20_000;

/**
 * @param lookUp null: never asks
 * @returns null if no mail could be vouched for, so that nothing need be looked at
 */
export function openDkim(
  store: DkimStore,
  servers: readonly string[],
  lookUp: LookUpTxt | null,
  at: number = now(),
): DkimRun | null {
  const names = lookUp === null ? store.dkimNames() : null;
  if (names?.length === 0 && servers.length === 0) return null;
  const keys = new DkimKeys(store, lookUp, at);
  const verifier = createVerifier();
  return {
    check: { names, servers },
    fetchKeys: (claims) => keys.fetch(claims),
    resultOf: (claims) => verifyClaims(claims, (name) => keys.of(name), at, verifier),
  };
}

class DkimKeys {
  readonly #store: DkimStore;
  readonly #lookUp: LookUpTxt | null;
  readonly #at: number;
  /** What DNS answered in this run: a record, "" for none, null if it was silent. */
  readonly #answers = new Map<string, string | null>();
  readonly #held = new Map<string, KnownKeys>();
  /** Domains that did not answer, and how many times nobody did. */
  readonly #silent = new Set<string>();
  #unanswered = 0;

  constructor(store: DkimStore, lookUp: LookUpTxt | null, at: number) {
    this.#store = store;
    this.#lookUp = lookUp;
    this.#at = at;
  }

  of(name: string): KnownKeys {
    const held = this.#held.get(name);
    if (held !== undefined) return held;
    if (this.#held.size >= MAX_HELD) this.#held.clear();
    const answer = this.#answers.get(name);
    const asked = answer === undefined ? "no" : answer === null ? "failed" : "answered";
    const known: KnownKeys = { keys: keysIn(this.#records(name, answer ?? "")), asked };
    this.#held.set(name, known);
    return known;
  }

  /** The answer of this run first, whether it could be remembered or not. */
  #records(name: string, answer: string): SeenRecord[] {
    const at = this.#at;
    const stored = this.#store.dkimRecords(name).filter(({ text }) => text !== answer);
    return answer === "" ? stored : [{ text: answer, firstSeen: at, lastSeen: at }, ...stored];
  }

  async fetch(all: readonly DkimClaims[]): Promise<void> {
    const lookUp = this.#lookUp;
    if (lookUp === null) return;
    if (this.#answers.size >= MAX_HELD) this.#answers.clear();
    const wanted = new Map<string, string>();
    for (const { claims } of all)
      for (const { keyName, domain } of claims)
        if (!this.#answers.has(keyName)) wanted.set(keyName, domain);
    const found = new Map<string, string>();
    const queue = [...wanted].values();
    const ask = async (): Promise<void> => {
      for (const [name, domain] of queue) {
        const record = await this.#ask(lookUp, name, domain);
        this.#answers.set(name, record);
        this.#held.delete(name);
        if (record !== null && record !== "") found.set(name, record);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    this.#store.putDkimRecords(found, this.#at);
  }

  /** The key's record, "" if there is none, null if DNS did not answer. */
  async #ask(lookUp: LookUpTxt, name: string, domain: string): Promise<string | null> {
    if (this.#unanswered >= MAX_UNANSWERED || this.#silent.has(domain)) return null;
    const texts = await lookUp(name);
    if (texts !== null) return soleKeyRecord(texts) ?? "";
    this.#unanswered++;
    this.#silent.add(domain);
    return null;
  }
}
