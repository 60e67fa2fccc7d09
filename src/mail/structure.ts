/** What a mail consists of, before anything of it is decoded. */

import { attempt } from "../refused.ts";
import type { Result } from "../types.ts";
import { type Content, readContent } from "./content.ts";
import { type Header, readHeader } from "./header.ts";
import { type Parts, readParts } from "./parts.ts";

export interface MailStructure {
  readonly header: Header;
  /** What the header says of the body. */
  readonly content: Content;
  readonly parts: Parts;
}

/** @param mail one message without CRs before LF */
export function structureOf(mail: Buffer): Result<MailStructure> {
  return attempt(() => {
    const header = readHeader(mail, 0, true);
    const content = readContent(header);
    return { header, content, parts: readParts(mail, header, content) };
  });
}
