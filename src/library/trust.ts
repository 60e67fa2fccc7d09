/** The trust database for programs: a file, or in memory. */

import { PatchsigError } from "../errors.ts";
import { createVerifier } from "../minisign/ed25519.ts";
import type { TrustStore } from "../store/trust-store.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { KeyRecord, StatementRecord, TrustEvent, UnsignedRecord } from "../trust/record.ts";
import { checkedSeconds } from "./seconds.ts";

/** All that is remembered of one address. */
export interface TrustHistory {
  /** The normalised address (docs/spec/trust.md, "Identities"). */
  readonly identity: string;
  /** The oldest first. */
  readonly keys: readonly KeyRecord[];
  /** Unsigned patches from it, or null. */
  readonly unsigned: UnsignedRecord | null;
  /** About the address, oldest first. */
  readonly statements: readonly StatementRecord[];
  /** The oldest first. */
  readonly events: readonly TrustEvent[];
}

/** The result of importing a keyring. */
export interface KeyringReport {
  /** `conflict`: not taken, another key of that address is in use here. */
  readonly keys: readonly {
    readonly identity: string;
    readonly publicKey: string;
    readonly outcome: "pinned" | "same" | "conflict";
  }[];
  /** Files that were not read, and why: normally empty. */
  readonly problems: readonly { readonly path: string; readonly why: string }[];
}

/**
 * What is known about keys. Text in its records may come from mails: escape it before you print it.
 */
export interface Trust {
  /** Every key, by address. */
  keys(): readonly KeyRecord[];
  /**
   * What is remembered of an address, in any spelling; null if nothing.
   *
   * @throws PatchsigError "usage" for an invalid mail address
   */
  history(address: string): TrustHistory | null;
  /** All events, newest first. Read lazily. */
  events(): Iterable<TrustEvent>;
  /**
   * Pins the keys of a keyring, `minisign/DOMAIN/LOCAL/*.pub` in a folder, and follows the
   * statements in it (docs/spec/trust.md, "Keyrings"). In one transaction.
   *
   * @param at seconds since 1970. Default: the clock
   * @throws PatchsigError "not-found", "unreadable", "too-large"
   */
  importKeyring(folder: string, at?: number): Promise<KeyringReport>;
  /** Closes the database. The object cannot be used afterwards. */
  close(): void;
}

/** Options of `openTrust`. */
export interface TrustOptions {
  /**
   * The database file, created if it is missing; `patchsig` itself uses
   * $XDG_DATA_HOME/patchsig/trust.db. Several processes may use one file. Without a file: an empty
   * database in memory, which ends with the process.
   */
  readonly file?: string;
  /** Judge as if keys were remembered, but write nothing. A missing file counts as empty. */
  readonly dryRun?: boolean;
}

/**
 * Opens a trust database. Loads SQLite, which nothing else in the library does.
 *
 * @throws PatchsigError "bad-database", "database-busy", "disk-full", "unreadable", "unwritable";
 *   "unsupported" if SQLite's native part was not built
 */
export async function openTrust(options: TrustOptions = {}): Promise<Trust> {
  const { file = ":memory:", dryRun = false } = options;
  const { openTrustStore: open } = await import("../store/trust-store.ts");
  const store = open({ file, dryRun });
  const trust: OpenTrust = {
    store,
    dryRun,
    keys: () => [...store.list()],
    history: (address) => store.show(identityOf(address)),
    events: () => store.log(),
    async importKeyring(folder, given) {
      const at = checkedSeconds(given);
      const { takeKeyring } = await import("../app/trust/keyrings.ts");
      const { readKeyringFolder } = await import("../source/keyring.ts");
      const { readKeyring } = await import("../trust/keyring.ts");
      const keyring = readKeyring(readKeyringFolder(folder), createVerifier());
      const cause = { cause: "keyring", at, messageId: "", source: folder } as const;
      const { keys, problems } = takeKeyring(keyring, store, cause);
      return { keys, problems };
    },
    close: () => store.close(),
  };
  return trust;
}

/** What `openTrust` returns, for this library's own use. */
interface OpenTrust extends Trust {
  readonly store: TrustStore;
  readonly dryRun: boolean;
}

/** Throws a PatchsigError "usage" for anything that is not from `openTrust`. */
export function trustStoreOf(trust: Trust): Pick<OpenTrust, "store" | "dryRun"> {
  if (typeof trust === "object" && trust !== null && "store" in trust) return trust as OpenTrust;
  throw new PatchsigError("usage", "verification wants a trust: await openTrust(…)");
}

function identityOf(address: string): string {
  const identity = normaliseIdentity(address);
  if (identity !== null) return identity;
  throw new PatchsigError("usage", `${address} is not a mail address that can have a key`, {
    hint: "give the bare address, as in alice@example.org",
  });
}
