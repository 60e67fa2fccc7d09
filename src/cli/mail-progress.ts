/** How far mails are read, for people who wait. */

import type { OnRead } from "../source/piece.ts";
import { count } from "../primitives/words.ts";
import { progress } from "./terminal.ts";

/**
 * @param sources how many there are: of one it is known how much is left
 * @param tally counts the mails that were read
 */
export function mailProgress(sources: number, tally: { readonly messages: number }): OnRead {
  const began = Date.now();
  return (done, total) => {
    const rate = Math.round(tally.messages / Math.max(1, (Date.now() - began) / 1000));
    const what = `${count(tally.messages, "mail")}, ${rate}/s`;
    progress(what, done, sources === 1 ? total : 0, began);
  };
}
