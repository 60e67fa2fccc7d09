/** `patchsig key unlock` and `key lock`: a key file's key in ssh-agent, for a while. */

import type { ArgumentsCamelCase } from "yargs";
import { isGpgAgent } from "../../agent/gpg-agent.ts";
import type { SshAgent } from "../../agent/ssh-agent.ts";
import { PatchsigError } from "../../errors.ts";
import { shellWord } from "../../primitives/shell.ts";
import { formatKeyId, formatPublicKeyText, type PublicKey } from "../../minisign/public-key.ts";
import { readPublicKeyBeside, readSecretKeyFile, unlockKey } from "../../store/key-file.ts";
import { publicKeyPath } from "../../store/key-path.ts";
import { type PasswordSettings, passwordSource } from "../password.ts";
import { keyPathOf } from "../../app/settings.ts";
import { userAgent } from "../../app/sign/agent-signer.ts";
import { say } from "../terminal.ts";
import { DAY } from "../../primitives/time.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: DAY };
const LONGEST = 30 * DAY;

interface UnlockSettings extends PasswordSettings {
  readonly key?: string | undefined;
  readonly for: string;
}

/** Decrypts the key file once and hands the key to the agent, which forgets it when time is up. */
export async function unlock(settings: ArgumentsCamelCase<UnlockSettings>): Promise<void> {
  const seconds = secondsOf(settings.for);
  const path = keyPathOf(settings.key);
  const agent = userAgent();
  try {
    if (isGpgAgent(process.env["SSH_AUTH_SOCK"] ?? ""))
      throw new PatchsigError("unsupported", "gpg-agent would keep the key on the disk for good", {
        hint: "eval $(ssh-agent) starts an agent that forgets",
      });
    const file = readSecretKeyFile(path);
    file.body.wipe();
    if (!file.encrypted) return say(`${path} has no password: nothing to unlock`);
    publicKeyBeside(path);
    // before a password is asked for
    await agent.holdings();

    const key = await unlockKey({ path, askPassword: passwordSource(settings).ask });
    const { keyNumber, point } = key.publicKey;
    try {
      await agent.add(key.exposeSeed(), point, `patchsig ${formatKeyId(keyNumber)}`, seconds);
    } finally {
      key.wipe();
    }
    if (!(await holds(agent, point)))
      throw new PatchsigError("agent-failed", "the ssh-agent took the key and does not list it");
    say(`unlocked for ${settings.for}: ${formatPublicKeyText(key.publicKey)}`);
  } finally {
    agent.close();
  }
}

/** Takes it out of the agent. */
export async function lock(
  settings: ArgumentsCamelCase<{ readonly key?: string | undefined }>,
): Promise<void> {
  const path = keyPathOf(settings.key);
  const { point } = publicKeyBeside(path);
  const agent = userAgent();
  try {
    if (!(await holds(agent, point))) return say(`${path} is locked already`);
    await agent.remove(point);
    say(`locked: ${path}`);
  } finally {
    agent.close();
  }
}

async function holds(agent: SshAgent, point: Buffer): Promise<boolean> {
  return (await agent.holdings()).keys.some((key) => key.point.equals(point));
}

/** Only the public key tells which of the agent's keys a locked file's is. */
function publicKeyBeside(path: string): PublicKey {
  const key = readPublicKeyBeside(path);
  if (key !== null) return key;
  const beside = publicKeyPath(path);
  throw new PatchsigError(
    "not-found",
    `no public key beside the secret one: ${beside} is not there`,
    {
      hint: `minisign -R -s ${shellWord(path)} -p ${shellWord(beside)}`,
    },
  );
}

function secondsOf(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit ?? ""] ?? NaN);
  if (seconds <= LONGEST) return seconds;
  throw new PatchsigError("usage", `--for cannot be ${text}`, { hint: "30m, 8h, 2d; at most 30d" });
}
