/** `patchsig search`: finds mails, patches and test results by lei's query words. */

import { findReady, foundRecord, readQuery } from "../../app/search/find.ts";
import { indexedSources, openUserIndex, updateUserIndex } from "../../app/search/user-index.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { renderFound } from "../../report/found-mails.ts";
import { formatRecord } from "../../report/json.ts";
import { clearProgress, out, outputStyle, reporter } from "../../terminal/terminal.ts";
import { flag, repeated, several } from "../../options/kinds.ts";

/** More are read by a narrower query. */
const MOST = 10_000;

export const searchCommand = command({
  usage: "search [query..]",
  paged: true,
  describe: "find mails, patches and test results",
  words: {
    query: several("words, as for lei: s:title f:author d:2.weeks.ago.."),
  },
  options: {
    source: repeated("a public-inbox, maildir or mbox (default: those of patchsig.source)"),
    number: {
      alias: "n",
      type: "number",
      requiresArg: true,
      default: 100,
      describe: "print at most so many, the newest",
    },
    update: {
      type: "boolean",
      default: true,
      describe: "first read what is new in the sources; --no-update does not",
    },
    json: flag("one record a line"),
  },
  async run({ query, source, number, update, json }) {
    if (!Number.isSafeInteger(number) || number < 1 || number > MOST)
      throw new PatchsigError("usage", `--number wants a number from 1 to ${MOST}`);
    const sources = indexedSources(source ?? []);
    const index = openUserIndex();
    try {
      // what is wrong with it is said before anybody waits for the index
      const wanted = await readQuery(query.join(" "));
      const unread = update ? await updated(index, sources) : 0;
      const { mails, more, unread: passed } = findReady(index, wanted, { most: number, sources });
      if (json) for (const mail of mails) out(formatRecord(foundRecord(mail)));
      else out(renderFound(mails, outputStyle()));
      for (const line of passed) reporter().say(`${line} is not looked for`);
      if (more) reporter().say(`there are more; -n prints more than ${number}`);
      return unread > 0 ? EXIT.failed : mails.length === 0 ? EXIT.unmet : EXIT.ok;
    } finally {
      clearProgress();
      index.close();
    }
  },
});

async function updated(
  index: ReturnType<typeof openUserIndex>,
  sources: readonly string[],
): Promise<number> {
  const trust = await openUserTrust(false);
  try {
    return (await updateUserIndex(index, sources, trust, reporter())).unread;
  } finally {
    clearProgress();
    trust.close();
  }
}
