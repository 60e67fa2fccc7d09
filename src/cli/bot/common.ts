/** What the bot's commands share. */

import { value } from "../../options/kinds.ts";

export const CONFIG_OPTION = value("the bot's file (default: patchsig.botFile of git config)");
