/** What checking found of mails, kept while a run goes on: a thread that goes on is judged again with each portion. */

import type { MailRow } from "../../store/index-sql.ts";
import { mailPortionsAt } from "../sources/at-places.ts";
import type { CheckedFacts, FactMail, FactReader } from "./facts.ts";

interface PlacedFacts extends CheckedFacts {
  readonly place: string;
}

interface KeptFacts extends PlacedFacts {
  readonly messageId: string;
  /** Of the mail, in bytes: what is kept of it is smaller. */
  readonly size: number;
}

/** Bytes of mails of which it is kept. */
const MOST_BYTES = 12 << 20;

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

  /** Of mails of the index, in their order; those that are no longer in their places are left out. */
  async of(mails: readonly Pick<MailRow, "place" | "messageId">[]): Promise<PlacedFacts[]> {
    const missing = mails.filter((mail) => this.#keptOf(mail) === null);
    const again = new Map<string, PlacedFacts & { readonly size: number }>();
    // however large a thread is, few of its mails are in memory
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
