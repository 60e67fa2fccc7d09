/** What several readers want of a mail, each found once, by the first who asks. */

import type { Result } from "../types.ts";
import { type CrPlaces, type PlainMail, withoutCrs } from "./line-ends.ts";
import type { BodyPart } from "./parts.ts";
import { replyTextIn } from "./reply-text.ts";
import { type MailStructure, structureOf } from "./structure.ts";

export class ReadableMail {
  /** The mail's own bytes. */
  readonly raw: Buffer;
  #plain: PlainMail | null = null;
  #structure: Result<MailStructure> | null = null;
  #text: Buffer | null | undefined;

  constructor(raw: Buffer) {
    this.raw = raw;
  }

  /** Without CRs before LF. */
  get plain(): Buffer {
    return this.#withoutCrs().mail;
  }

  /** Where CRs were dropped. */
  get crs(): CrPlaces {
    return this.#withoutCrs().crs;
  }

  #withoutCrs(): PlainMail {
    this.#plain ??= withoutCrs(this.raw);
    return this.#plain;
  }

  /** Of `plain`. */
  get structure(): Result<MailStructure> {
    this.#structure ??= structureOf(this.plain);
    return this.#structure;
  }

  /** Of `plain`; null if they cannot be told for sure. */
  get parts(): readonly BodyPart[] | null {
    return this.structure.ok ? this.structure.value.parts.parts : null;
  }

  /** As `replyText`. */
  get text(): Buffer | null {
    if (this.#text === undefined) this.#text = replyTextIn(this.plain, this.structure);
    return this.#text;
  }
}
