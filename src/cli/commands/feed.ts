/** `patchsig feed`: public-inboxes with patches, reviews and test results, written, published and followed. */

import type { CommandGroup } from "../../options/command.ts";
import { followCommand, listCommand, unfollowCommand, updateCommand } from "../feed/follow.ts";
import { gcCommand, mirrorCommand, verifyCommand } from "../feed/keep.ts";
import { addCommand, initCommand, publishCommand } from "../feed/write.ts";

export const feedCommand: CommandGroup = {
  usage: "feed",
  describe: "a feed of patches, reviews and test results, as a public-inbox",
  question: "feed: init, add, publish; follow, update, list, verify …?",
  commands: [
    initCommand,
    addCommand,
    publishCommand,
    followCommand,
    updateCommand,
    listCommand,
    verifyCommand,
    mirrorCommand,
    gcCommand,
    unfollowCommand,
  ],
};
