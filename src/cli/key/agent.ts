/** `patchsig key unlock` and `key lock`. */

import { lockInAgent, unlockInAgent } from "../../app/keys/agent.ts";
import { keyPathOf } from "../../app/settings.ts";
import { PatchsigError } from "../../errors.ts";
import { formatPublicKeyText } from "../../minisign/public-key.ts";
import { command } from "../../options/command.ts";
import { passwordOptions, passwordSource } from "../../terminal/password.ts";
import { say } from "../../terminal/terminal.ts";
import { KEY_OPTION } from "./common.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const LONGEST = 30 * 86_400;

export const unlockCommand = command({
  usage: "unlock",
  describe: "put the key into ssh-agent, so that you type its password once",
  options: {
    ...KEY_OPTION,
    ...passwordOptions,
    for: {
      type: "string",
      requiresArg: true,
      default: "8h",
      describe: "how long the agent keeps it: 30m, 8h, 2d",
    },
  },
  async run(args) {
    const seconds = secondsOf(args.for);
    const path = keyPathOf(args.key);
    const askPassword = passwordSource(args).ask;
    const key = await unlockInAgent(path, seconds, { askPassword, say });
    say(
      key === null
        ? `${path} has no password: nothing to unlock`
        : `unlocked for ${args.for}: ${formatPublicKeyText(key)}`,
    );
  },
});

export const lockCommand = command({
  usage: "lock",
  describe: "remove the key from ssh-agent",
  options: KEY_OPTION,
  async run({ key }) {
    const path = keyPathOf(key);
    say((await lockInAgent(path, say)) ? `locked: ${path}` : `${path} is locked already`);
  },
});

function secondsOf(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit ?? ""] ?? NaN);
  if (seconds <= LONGEST) return seconds;
  throw new PatchsigError("usage", `--for cannot be ${text}`, {
    hint: "30m, 8h, 2d; at most 30d",
  });
}
