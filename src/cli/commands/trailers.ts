/** `patchsig trailers`: what reviewers gave to the commits of a branch. */

import { readKeyrings } from "../../app/trust/keyrings.ts";
import { gitConfig, openHere } from "../../app/settings.ts";
import { trailerSettings } from "../../app/trailers/settings.ts";
import { applyUpdate, findUpdate } from "../../app/trailers/update.ts";
import { asUser } from "../../app/verify/as-user.ts";
import { command } from "../../options/command.ts";
import { count } from "../../primitives/words.ts";
import { renderReplies } from "../../report/replies.ts";
import { out, outputStyle, reporter, say } from "../../terminal/terminal.ts";
import { repliesResult } from "../../verify/trailers.ts";
import { flag, several, value } from "../../options/kinds.ts";
import { shortName } from "../../primitives/object-name.ts";

export const trailersCommand = command({
  usage: "trailers [source..]",
  describe: "add the trailers of replies to the commits that were sent",
  words: {
    source: several(
      "mails of the threads, as for verify, or Message-IDs (default: what send remembers)",
    ),
  },
  options: {
    update: flag("rewrite the messages of the commits", "u"),
    "dry-run": flag("with -u: only show what it would add"),
    base: value("the commits above this one (default: those that are not upstream)"),
    changed: flag("also to commits that changed since they were sent, found by their title"),
    "sloppy-trailers": flag("also those that somebody sent in another's name"),
    dkim: flag("ask DNS for keys that vouch for replies"),
  },
  async run(args) {
    const repository = await openHere();
    const update = await asUser({ dkim: args.dkim }, true, async (store, terms) => {
      const options = {
        ...terms,
        sources: args.source,
        base: args.base,
        pins: await readKeyrings(store, say),
        trailers: trailerSettings(),
        sloppy: args.sloppyTrailers,
        changed: args.changed,
      };
      return findUpdate(repository, options, store, reporter());
    });
    const replies = repliesResult(update.found, update.version);
    if (replies !== null) out(renderReplies(replies, update.chain.length, outputStyle()));
    for (const title of update.changed)
      say(`changed since it was sent: ${title}; --changed takes its trailers too`);
    const trailers = update.found.patches.reduce((sum, { given }) => sum + given.length, 0);
    if (trailers === 0)
      return say(
        update.version === 0
          ? "no trailers: none of the branch's patches is in these mails"
          : "no new trailers",
      );
    const what = count(trailers, "trailer");
    if (!args.update || args.dryRun) return say(`${what} to add: -u adds them`);
    const before = update.chain.at(-1)!.name;
    const address = gitConfig().string("user.email") ?? "";
    const commits = await applyUpdate(repository, update, address);
    say(`added ${what} to ${count(commits, "commit")}; before: ${shortName(before)}`);
  },
});
