/** Carries out the plan, with the passwords that it needs. */

import { applySteps } from "./apply.ts";
import { checkBySigning } from "./check.ts";
import { keyStateOf } from "./keys.ts";
import type { SetupAnswers, SetupPlan } from "./plan.ts";
import { keyChoiceOf } from "../settings.ts";
import { type OpenSigner, openSigner } from "../sign/signer.ts";
import { PatchsigError } from "../../errors.ts";
import type { AskPassword } from "../../store/key-file.ts";
import type { Reporter } from "../reporter.ts";

/** Where passwords come from. The bytes are wiped here. */
export interface Passwords {
  /** Of a key that exists. */
  readonly ask: AskPassword;
  /** Of a new one. */
  readonly askNew: AskPassword;
  /** The user said where they come from: nobody is asked, so nobody can be asked again. */
  readonly given: boolean;
}

type Telling = Pick<Reporter, "say" | "sayError">;

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
  answers: SetupAnswers,
  { steps, key }: SetupPlan,
  address: string | null,
  passwords: Passwords,
  reporter: Telling,
): Promise<boolean> {
  const secrets = await openSecrets(answers, key, passwords, reporter);
  let checked = false;
  try {
    const check = async (): Promise<void> => {
      checked = await checkKey(key, secrets, address ?? NOBODY, reporter.say);
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
  { key: answer }: SetupAnswers,
  key: string | null,
  { ask, askNew, given }: Passwords,
  { say, sayError }: Telling,
): Promise<Secrets> {
  if (key === null || answer === null) return { password: null, signer: null };
  if (answer.kind === "new") {
    if (!answer.password) return { password: null, signer: null };
    const fresh = (): Promise<Buffer> => askNew("new password: ");
    return { password: await (given ? fresh() : askAgain(fresh, sayError)), signer: null };
  }
  // a repeated run does not ask for a password
  const skip = answer.kind === "as-is" && !given && !(await keyStateOf(keyChoiceOf(key), say)).open;
  const options = { key, askPassword: ask, passwordGiven: given, say };
  return { password: null, signer: skip ? null : await openSigner(options) };
}

/** On a terminal, a typing error must not restart everything. */
async function askAgain(
  ask: () => Promise<Buffer>,
  sayError: Reporter["sayError"],
): Promise<Buffer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof PatchsigError) || error.code !== "bad-password") throw error;
      sayError(error);
    }
  }
}

/** False if the key is locked. */
async function checkKey(
  key: string | null,
  { password, signer }: Secrets,
  address: string,
  say: Reporter["say"],
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
