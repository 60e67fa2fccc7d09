/** `patchsig tested`: did somebody whose key counts test this tree? The exit status is the answer. */

import { now } from "../../app/now.ts";
import { testedAnswer } from "../../app/search/tested.ts";
import { indexedSources, openUserIndex, updateUserIndex } from "../../app/search/user-index.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { openRepository, treeNamed } from "../../git/repository.ts";
import { command } from "../../options/command.ts";
import { formatRecord } from "../../report/json.ts";
import { renderTested } from "../../report/tested.ts";
import { clearProgress, out, outputStyle, reporter } from "../../terminal/terminal.ts";
import { flag, number, repeated, value } from "../../options/kinds.ts";

const DAY = 86_400;

export const testedCommand = command({
  usage: "tested [commit]",
  describe: "was this tree tested elsewhere? by signed results, of keys that count",
  words: { commit: { describe: "a commit or tree", type: "string", default: "HEAD" } },
  options: {
    test: {
      type: "string",
      requiresArg: true,
      demandOption: true,
      describe: "its name: kselftest.net",
    },
    env: repeated("key=value that a result must have"),
    rev: value("of a suite that is not in the tree"),
    "max-age": number("days"),
    by: repeated("only results of this address count"),
    source: repeated("where results are (default: patchsig.source)"),
    update: flag("first read what is new in the sources"),
    json: flag("one record"),
  },
  async run(args) {
    const { maxAge } = args;
    if (maxAge !== undefined && !(maxAge > 0))
      throw new PatchsigError("usage", "--max-age wants a number of days");
    const tree = await treeNamed(await openRepository("."), args.commit);
    const index = openUserIndex();
    const trust = openUserTrust(!args.update);
    try {
      if (args.update)
        await updateUserIndex(index, indexedSources(args.source ?? []), trust, reporter());
      const answer = testedAnswer(index, trust, {
        tree,
        test: args.test,
        env: args.env ?? [],
        rev: args.rev ?? null,
        maxAge: maxAge === undefined ? null : maxAge * DAY,
        by: (args.by ?? []).map((one) => one.toLowerCase()),
        now: now(),
      });
      out(args.json ? formatRecord(answer) : renderTested(answer, outputStyle()));
      return answer.answer === "pass"
        ? EXIT.ok
        : answer.answer === "fail"
          ? EXIT.unmet
          : EXIT.failed;
    } finally {
      clearProgress();
      trust.close();
      index.close();
    }
  },
});
