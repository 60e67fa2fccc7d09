/** `patchsig tested`: did somebody whose key counts test this tree? The exit status is the answer. */

import { now } from "../../app/now.ts";
import { treeMeant } from "../../app/result/meant.ts";
import { namedRun } from "../../app/result/named-run.ts";
import { type Tested, testedAnswer } from "../../app/search/tested.ts";
import { indexedSources, openUserIndex, updateUserIndex } from "../../app/search/user-index.ts";
import { messageIdsAmong } from "../../app/sources/message-id.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { EXIT, type ExitStatus, PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { flag, number, repeated, value } from "../../options/kinds.ts";
import { count } from "../../primitives/words.ts";
import { formatRecord } from "../../report/json.ts";
import { renderTested } from "../../report/tested.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import {
  clearProgress,
  out,
  outputStyle,
  reporter,
  say,
  sayWaiting,
} from "../../terminal/terminal.ts";
import { SERIES_OPTIONS, seriesChoice } from "../series-options.ts";

const DAY = 86_400;

const OPTIONS = {
  test: { ...value("its name: kselftest.net"), demandOption: true },
  env: repeated("key=value that a result must have"),
  rev: value("of a suite that is not in the tree"),
  "max-age": number("days"),
  by: repeated("only results of this address count"),
  base: value("what a series is put on (default: the base that it names)"),
  ...SERIES_OPTIONS,
  source: repeated("where results are (default: patchsig.source)"),
  update: flag("first read what is new in the sources"),
  json: flag("one record"),
} as const;

export const testedCommand = command({
  usage: "tested [what]",
  describe: "was this tree tested elsewhere? by signed results, of keys that count",
  words: {
    what: { type: "string", default: "HEAD", describe: "a commit or tree, or mails of a series" },
  },
  options: OPTIONS,
  async run(args) {
    const { maxAge, what } = args;
    if (what === "-") sayWaiting([what]);
    if (maxAge !== undefined && !(maxAge > 0))
      throw new PatchsigError("usage", "--max-age wants a number of days");
    const asked = namedRun({ test: args.test, rev: args.rev, env: args.env ?? [] });
    const index = openUserIndex();
    const trust = await openUserTrust(!args.update);
    try {
      const choice = seriesChoice(args, messageIdsAmong([what]));
      const tree = await treeMeant({ ...args, choice }, trust, reporter());
      if (args.update) await update(index, args.source ?? [], trust);
      const answer = testedAnswer(index, trust, {
        tree,
        ...asked,
        maxAge: maxAge === undefined ? null : maxAge * DAY,
        by: (args.by ?? []).map((one) => one.toLowerCase()),
        now: now(),
      });
      out(args.json ? formatRecord(answer) : renderTested(answer, outputStyle()));
      if (answer.answer === "none" && index.sources().length === 0)
        say(
          "nothing is indexed yet: --update reads patchsig.source and the feeds that are followed",
        );
      return STATUS[answer.answer];
    } finally {
      clearProgress();
      trust.close();
      index.close();
    }
  },
});

async function update(
  index: IndexStore,
  source: readonly string[],
  trust: TrustStore,
): Promise<void> {
  const { lost } = await updateUserIndex(index, indexedSources(source), trust, reporter());
  // unlike other mails, a result that is not there may change the answer
  if (lost > 0)
    reporter().say(`note: ${count(lost, "mail")} could not be read, as was said before`);
}

const STATUS: Readonly<Record<Tested["answer"], ExitStatus>> = {
  pass: EXIT.ok,
  fail: EXIT.unmet,
  disputed: EXIT.failed,
  stale: EXIT.failed,
  claims: EXIT.failed,
  none: EXIT.failed,
};
