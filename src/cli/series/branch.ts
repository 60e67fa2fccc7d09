/** `patchsig series cover`, `show` and the rest: what is remembered of a branch that is sent as a series. */

import { openHere } from "../../app/settings.ts";
import { randomBytes } from "node:crypto";
import { now } from "../../app/now.ts";
import { importB4 } from "../../app/send/import-b4.ts";
import { withKnownTests } from "../../app/result/known.ts";
import { branchMeant } from "../../app/send/names.ts";
import { editingCover } from "../../app/send/remember.ts";
import { PatchsigError } from "../../errors.ts";
import {
  branchesWithState,
  moveState,
  pushState,
  readState,
  seriesRef,
} from "../../git/series-ref.ts";
import { command } from "../../options/command.ts";
import { escapeJson, escapeLines, escapeText } from "../../report/escape.ts";
import { renderOutgoing } from "../../report/outgoing.ts";
import { edit } from "../../terminal/editor.ts";
import { blockPrinter, out, outputStyle, say } from "../../terminal/terminal.ts";
import { flag, optional, required } from "../../options/kinds.ts";
import { shortName } from "../../primitives/object-name.ts";

/** What cannot be known, made up. */
const CHANCE = { now: now(), random: randomBytes };

const BRANCH = {
  branch: optional("a branch; without one, the one that is checked out"),
} as const;

export const coverCommand = command({
  usage: "cover [branch]",
  describe: "print the cover letter and changes of the next version, or edit them",
  words: BRANCH,
  options: {
    edit: flag("open your editor on them", "e"),
  },
  async run(args) {
    const repository = await openHere();
    const branch = await branchMeant(repository, args.branch);
    const editing = await editingCover(repository, branch, CHANCE);
    if (!args.edit) return out(escapeLines(editing.text.trimEnd()));
    const saved = await editing.save(edit("COVER_EDITMSG", editing.text));
    say(saved ? `the cover letter of ${branch} is remembered` : "nothing was changed");
  },
});

export const showCommand = command({
  usage: "show [branch]",
  describe: "show what is remembered of a branch's series",
  words: BRANCH,
  options: {
    all: flag("of all branches", "a"),
    json: flag("one JSON record a branch"),
  },
  paged: true,
  async run(args) {
    const repository = await openHere();
    const branches = args.all
      ? await branchesWithState(repository)
      : [await branchMeant(repository, args.branch)];
    const print = blockPrinter();
    const style = outputStyle();
    await withKnownTests(say, async (known) => {
      for (const branch of branches) {
        const stored = await readState(repository, branch);
        if (stored === null)
          throw new PatchsigError("not-found", `nothing is remembered of ${branch}`, {
            hint: "git patchsig series cover --edit begins its series",
          });
        const tests = (await known?.aboutBranch(repository, branch)) ?? null;
        if (args.json) out(escapeJson({ type: "outgoing", branch, ...stored.state, tests }));
        else print(renderOutgoing(branch, { ...stored.state, tests }, style), "block");
      }
    });
  },
});

export const importB4Command = command({
  usage: "import-b4 [branch]",
  describe: "take over what b4 prep knows of a branch",
  words: BRANCH,
  async run(args) {
    const repository = await openHere();
    const words = args.branch === undefined ? [] : [args.branch];
    const { branch, versions, coverCommit } = await importB4(repository, words);
    const sent = versions.map((version) => `v${version}`).join(", ");
    say(`${branch} is known${sent === "" ? "" : `, with ${sent}`}`);
    const commit = shortName(coverCommit);
    say("b4's cover letter is still a commit of the branch, which git has no patch for:");
    say(`hint: git rebase --onto ${commit}^ ${commit} ${escapeText(branch)}`);
  },
});

export const pushCommand = command({
  usage: "push <remote> [branch]",
  describe: "push what is remembered of a branch's series, its cover letter too",
  words: {
    remote: required("where to"),
    ...BRANCH,
  },
  async run(args) {
    const repository = await openHere();
    const branch = await branchMeant(repository, args.branch);
    await pushState(repository, branch, args.remote);
    say(`pushed ${seriesRef(branch)} to ${args.remote}`);
  },
});

export const adoptCommand = command({
  usage: "adopt <old> [branch]",
  describe: "the branch was called otherwise: keep what was remembered",
  words: {
    old: required("its name before"),
    ...BRANCH,
  },
  async run(args) {
    const repository = await openHere();
    const branch = await branchMeant(repository, args.branch);
    await moveState(repository, args.old, branch);
    say(`the series of ${args.old} is that of ${branch} now`);
  },
});

export const dropCommand = command({
  usage: "drop <branch>",
  describe: "forget what is remembered of a branch's series",
  words: { branch: required("whose") },
  async run({ branch }) {
    const repository = await openHere();
    const commit = await moveState(repository, branch, null);
    say(`forgotten; to bring it back: git update-ref ${seriesRef(branch)} ${shortName(commit)}`);
  },
});
