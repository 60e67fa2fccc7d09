/** The process that `DetailsElsewhere` (details-elsewhere.ts) starts: reads and judges the mails of pages. */

import { failureOf } from "../other-process.ts";
import { mailPortionsAt as portionsAt, mailsAt } from "../sources/at-places.ts";
import type { DetailAnswer, DetailJob } from "./details-elsewhere.ts";
import { Details } from "./details.ts";
import { type DeskPlace, openDeskStores } from "./stores.ts";

// nobody waits for it any more
process.on("disconnect", () => process.exit());
process.once("message", (place) => {
  const details = opened(place as DeskPlace);
  // that it cannot be opened is the answer to each page
  details.catch(() => {});
  process.on("message", (job) => {
    void answerTo(details, job as DetailJob).then((answer) => process.send!(answer, () => {}));
  });
});

async function opened(place: DeskPlace): Promise<Details> {
  // the server has said already what is to be said of settings and keyrings
  const stores = await openDeskStores(place, { say() {}, sayError() {}, progress: null });
  return new Details({ ...stores, mailsAt, portionsAt }, false);
}

async function answerTo(
  details: Promise<Details>,
  { what, args }: DetailJob,
): Promise<DetailAnswer> {
  try {
    const reader = (await details) as unknown as Record<
      string,
      (...args: readonly unknown[]) => unknown
    >;
    return { ok: true, found: await reader[what]!(...args) };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}
