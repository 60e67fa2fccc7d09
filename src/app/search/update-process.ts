/** The process that `updateElsewhere` (update-elsewhere.ts) starts: brings the index up to date. */

import { failureOf } from "../other-process.ts";
import type { Reporter } from "../reporter.ts";
import { openUserTrust } from "../trust/user-trust.ts";
import type { UpdateJob, UpdateNews } from "./update-elsewhere.ts";
import { openUserIndex, updateUserIndex } from "./user-index.ts";

process.once("message", (job) => void work(job as UpdateJob));
// nobody waits for it any more
process.on("disconnect", () => process.exit());

async function work(job: UpdateJob): Promise<void> {
  let last: UpdateNews;
  try {
    last = await updated(job);
  } catch (error) {
    last = { what: "failed", failure: failureOf(error) };
  }
  // the others are sent before it
  process.send!(last, () => process.disconnect());
}

async function updated({ only, sources, isWatched }: UpdateJob): Promise<UpdateNews> {
  const send = (news: UpdateNews): void => void process.send!(news, () => {});
  const reporter: Reporter = {
    say: (line) => send({ what: "said", line }),
    sayError: (error) => send({ what: "unread", failure: failureOf(error) }),
    progress: isWatched ? (...values) => send({ what: "progress", values }) : null,
  };
  const index = openUserIndex(only);
  try {
    const trust = await openUserTrust(false);
    try {
      const counts = await updateUserIndex(index, sources, trust, reporter, (so) =>
        send({ what: "portion", counts: so }),
      );
      return { what: "done", counts };
    } finally {
      trust.close();
    }
  } finally {
    index.close();
  }
}
