/** Carries out the plan, with the passwords that it needs. */

import { applySteps } from "../../app/setup/apply.ts";
import { checkBySigning } from "../../app/setup/check.ts";
import { keyStateOf } from "../../app/setup/keys.ts";
import type { SetupAnswers, SetupPlan } from "../../app/setup/plan.ts";
import { keyChoiceOf } from "../../app/settings.ts";
import { type OpenSigner, openSigner } from "../../app/sign/signer.ts";
import { PatchsigError } from "../../errors.ts";
import { passwordSource, type PasswordSettings } from "../../terminal/password.ts";
import { say, sayError } from "../../terminal/terminal.ts";

/** The sender of the check's mail if nobody signs. */
const NOBODY = "nobody@example.org";

/**
 * Asks for passwords, does the steps, and checks the key. Passwords come first, so that Ctrl-C at
 * any question leaves everything unchanged.
 *
 * @param address who signs
 * @returns false if the key is locked, so that it was not checked
 * @throws PatchsigError of what failed: everything is then as before, except a new key
 */
export async function carryOut(
  args: PasswordSettings,
  answers: SetupAnswers,
  { steps, key }: SetupPlan,
  address: string | null,
): Promise<boolean> {
  const secrets = await openSecrets(args, answers, key);
  let checked = false;
  try {
    const check = async (): Promise<void> => {
      checked = await checkKey(key, secrets, address ?? NOBODY);
    };
    await applySteps(steps, { role: answers.role, password: secrets.password, check });
  } finally {
    secrets.password?.fill(0);
    secrets.signer?.wipe();
  }
  return checked;
}

interface Secrets {
  /** Of the new key. */
  readonly password: Buffer | null;
  /** Of an existing key; null if it is locked and its password is not asked for. */
  readonly signer: OpenSigner | null;
}

async function openSecrets(
  args: PasswordSettings,
  { key: answer }: SetupAnswers,
  key: string | null,
): Promise<Secrets> {
  if (key === null || answer === null) return { password: null, signer: null };
  const given = args.passwordFd !== undefined || args.passwordFile !== undefined;
  const passwords = passwordSource(args);
  if (answer.kind === "new") {
    const ask = (): Promise<Buffer> => passwords.askNew("new password: ");
    return { password: answer.password ? await askAgain(ask, given) : null, signer: null };
  }
  // a repeated run does not ask for a password
  const skip = answer.kind === "as-is" && !given && !(await keyStateOf(keyChoiceOf(key), say)).open;
  const options = { key, askPassword: passwords.ask, passwordGiven: given, say };
  return { password: null, signer: skip ? null : await openSigner(options) };
}

/** On a terminal, a typing error must not restart everything. */
async function askAgain(ask: () => Promise<Buffer>, given: boolean): Promise<Buffer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (given || !(error instanceof PatchsigError) || error.code !== "bad-password") throw error;
      sayError(error);
    }
  }
}

/** False if the key is locked. */
async function checkKey(
  key: string | null,
  { password, signer }: Secrets,
  address: string,
): Promise<boolean> {
  if (key === null || signer !== null) {
    await checkBySigning(signer, address);
    return true;
  }
  const locked = password === null && !(await keyStateOf(keyChoiceOf(key), say)).open;
  if (locked) return false;
  const askPassword = async (): Promise<Buffer> => Buffer.from(password!);
  const fresh = await openSigner({ key, askPassword, passwordGiven: true, say });
  try {
    await checkBySigning(fresh, address);
  } finally {
    fresh.wipe();
  }
  return true;
}
