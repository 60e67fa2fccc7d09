/** The input of every row. */

import { join } from "node:path";
import { type SignedMail, signedMails } from "./corpus.ts";
import type { Figure } from "./report.ts";
import { Workplace } from "./run.ts";

export interface Settings {
  /** The repository that mails are made from. */
  readonly repository: string;
  /** Number of mails for comparing rows. */
  readonly count: number;
  /** Use the sizes of the goals, however long that takes. */
  readonly full: boolean;
  /** A bare repository of a list's mails, as of a public-inbox; null for none. */
  readonly inbox: string | null;
  /** Number of rounds for repeated measurements. */
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

  /** A new folder with its own home. */
  workplace(name: string): Workplace {
    return new Workplace(join(this.#folder, name));
  }

  /** Signed mails, the newest `count` of the history. */
  get mails(): readonly SignedMail[] {
    const { repository, count } = this.settings;
    this.#mails ??= [...signedMails(repository, count, this.#folder)];
    return this.#mails;
  }

  /** Yields any number of signed mails. */
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
