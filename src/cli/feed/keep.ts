/** `patchsig feed verify`, `mirror` and `gc`: what is here of feeds, held against keys, copied, made small. */

import { followedNames } from "../../app/feed/followed.ts";
import { collectFeed, mirrorFeed } from "../../app/feed/keep.ts";
import { sinceIn } from "../../app/feed/since.ts";
import { verifyFeed } from "../../app/feed/verify.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { flag, required, several, value } from "../../options/kinds.ts";
import { eachFeed } from "./each.ts";
import { count } from "../../primitives/words.ts";
import { ours } from "../../report/escape.ts";
import { renderVerifiedFeed } from "../../report/feed.ts";
import { out, say } from "../../terminal/terminal.ts";

export const verifyCommand = command({
  usage: "verify [name..]",
  describe: "verify a feed's records again, with the keys known now",
  words: { name: several("feeds that are followed, or folders of feeds") },
  options: { all: flag("all feeds that are followed") },
  async run({ name, all }) {
    const names = all ? followedNames() : name;
    if (names.length === 0 && !all)
      throw new PatchsigError("usage", "which feed?", { hint: "its name, or --all" });
    const trust = await openUserTrust(true);
    try {
      return await eachFeed(names, async (one) => {
        const verified = await verifyFeed(one, trust);
        out(renderVerifiedFeed(verified));
        return verified.bad > 0 || verified.contradictions.length > 0 ? EXIT.unmet : undefined;
      });
    } finally {
      trust.close();
    }
  },
});

export const mirrorCommand = command({
  usage: "mirror <name> <folder>",
  describe: "copy what is here of a feed, ready to be served",
  words: { name: required("of the feed"), folder: required("a new folder, or an older copy") },
  options: {},
  async run({ name, folder }) {
    const epochs = await mirrorFeed(name, folder, say);
    out(ours`${folder}: ${count(epochs, "epoch")} of ${name}, ready to be served`);
  },
});

export const gcCommand = command({
  usage: "gc [name..]",
  describe: "make what is here of feeds smaller",
  words: { name: several("feeds that are followed; without any, all") },
  options: {
    keep: value("drop mails that are older than this, such as 12.months, but no signed records"),
  },
  async run({ name, keep }) {
    const names = name.length === 0 ? followedNames() : name;
    const since = sinceIn(keep, "--keep");
    return eachFeed(names, async (one) => {
      const dropped = await collectFeed(one, since, say);
      if (dropped > 0) out(ours`${one}: ${count(dropped, "mail")} dropped`);
    });
  },
});
