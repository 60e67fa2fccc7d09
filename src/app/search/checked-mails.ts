/**
 * What checking found in mails, kept during a run. A thread that spans several portions is judged with each of them:
 * its earlier mails need not be read and checked again.
 */

import type { MailRow } from "../../store/index-sql.ts";
import { mailPortionsAt } from "../sources/at-places.ts";
import type { CheckedFacts, FactMail, FactReader } from "./facts.ts";

interface PlacedFacts extends CheckedFacts {
  readonly place: string;
}

interface KeptFacts extends PlacedFacts {
  readonly messageId: string;
  /** Of the mail, in bytes: an upper bound of what is kept of it. */
  readonly size: number;
}

/** Bytes of the mails for which facts are kept. */
const MOST_BYTES = 12 << 20;

/** A cache of facts, by the places of mails; the oldest leave it first. */
export class CheckedMails {
  readonly #reader: FactReader;
  /** By place, the oldest first. */
  readonly #kept = new Map<string, KeptFacts>();
  #bytes = 0;

  constructor(reader: FactReader) {
    this.#reader = reader;
  }

  keep(
    { place, size, examined, version }: PlacedFacts & { size: number },
    messageId: string,
  ): void {
    this.#drop(place);
    this.#kept.set(place, { place, size, examined, version, messageId });
    this.#bytes += size;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#drop(oldest);
    }
  }

  #drop(place: string): void {
    this.#bytes -= this.#kept.get(place)?.size ?? 0;
    this.#kept.delete(place);
  }

  /**
   * Facts of mails in the index; those that are not kept are read and checked again.
   *
   * @returns in the order of the mails, without those that are no longer in their places
   */
  async of(mails: readonly Pick<MailRow, "place" | "messageId">[]): Promise<PlacedFacts[]> {
    const missing = mails.filter((mail) => this.#keptOf(mail) === null);
    const again = new Map<string, PlacedFacts & { readonly size: number }>();
    // in portions, so that a thread of large mails does not fill the memory
    for await (const some of mailPortionsAt(missing)) {
      const read = some.filter((mail): mail is FactMail => mail.bytes !== null);
      const places = read.map(({ source, size }) => ({ place: source, size }));
      const facts = await this.#reader.help(this.#reader.read(read, true));
      for (const [i, { examined, version }] of facts.entries())
        again.set(places[i]!.place, { ...places[i]!, examined, version });
    }
    const found = mails.flatMap((mail) => this.#keptOf(mail) ?? again.get(mail.place) ?? []);
    for (const { place, messageId } of missing) {
      const one = again.get(place);
      if (one !== undefined) this.keep(one, messageId);
    }
    return found;
  }

  #keptOf({ place, messageId }: Pick<MailRow, "place" | "messageId">): KeptFacts | null {
    const kept = this.#kept.get(place);
    return kept?.messageId === messageId ? kept : null;
  }
}
