/** `patchsig feed`: public-inboxes with patches, reviews and test results, written, published, followed. */

import type { CommandGroup } from "../../options/command.ts";
import { addCommand, initCommand, publishCommand } from "../feed/write.ts";

export const feedCommand: CommandGroup = {
  usage: "feed",
  describe: "a feed of patches, reviews and test results, as a public-inbox",
  question: "feed: init, add or publish?",
  commands: [initCommand, addCommand, publishCommand],
};
