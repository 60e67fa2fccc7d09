/**
 * Upper bounds, each far above anything in 300,000 archived mails. A mail beyond one is refused
 * with the reason "too-big", so that no mail can make the reader slow.
 */

/** A header block: all its lines together. */
export const MAX_HEADER_BYTES = 256 * 1024;
/** One header field with its folded lines. */
export const MAX_FIELD_BYTES = 64 * 1024;
/** Header lines in one block. */
export const MAX_HEADER_LINES = 4000;
/** MIME parts in a mail, at any depth. */
export const MAX_PARTS = 1000;
/** Multiparts within each other: git gives up at the fifth. */
export const MAX_NESTING = 4;
/** An in-body header with its folded lines. */
export const MAX_INBODY_BYTES = 16 * 1024;
/** One message of an mbox file, unless the caller says otherwise. */
export const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
