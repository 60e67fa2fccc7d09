/** What every row is given. */

import { join } from "node:path";
import { type SignedMail, signedMails } from "./corpus.ts";
import type { Figure } from "./report.ts";
import { Workplace } from "./run.ts";

export interface Settings {
  /** The repository that mails are made of. */
  readonly repository: string;
  /** Mails for the rows that compare. */
  readonly count: number;
  /** The sizes that the goals name, however long they take. */
  readonly full: boolean;
  /** Rounds of what is repeated. */
  readonly rounds: number;
}

export class Bench {
  readonly settings: Settings;
  readonly #folder: string;
  #mails: SignedMail[] | null = null;

  constructor(settings: Settings, folder: string) {
    this.settings = settings;
    this.#folder = folder;
  }

  /** A new folder with a home of its own. */
  workplace(name: string): Workplace {
    return new Workplace(join(this.#folder, name));
  }

  /** Signed mails, the newest `count` of the history. */
  get mails(): readonly SignedMail[] {
    const { repository, count } = this.settings;
    this.#mails ??= [...signedMails(repository, count, this.#folder)];
    return this.#mails;
  }

  /** Any number of signed mails, one after the other. */
  *stream(count: number): Generator<SignedMail> {
    if (count <= this.settings.count) yield* this.mails.slice(0, count);
    else yield* signedMails(this.settings.repository, count, this.#folder);
  }
}

/** A row measures, and reports as it goes. `skip` says why something cannot be measured here. */
export type Row = (
  bench: Bench,
  report: (figure: Figure) => void,
  skip: (why: string) => void,
) => void | Promise<void>;
