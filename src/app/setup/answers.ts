/** What only the user knows: from options, else by questions. */

import { resolve } from "node:path";
import type { Facts } from "./facts.ts";
import { keyOffers, keyStateOf } from "./keys.ts";
import { appliesPatches, type KeyAnswer, sendsPatches, type SetupAnswers } from "./plan.ts";
import { type Role, ROLES } from "./record.ts";
import { AGENT, keyChoiceOf } from "../settings.ts";
import { DKIM_MODES } from "../verify/dkim.ts";
import { PatchsigError } from "../../errors.ts";
import { homeFolder } from "../../places.ts";
import { shellWord } from "../../primitives/shell.ts";
import { ours } from "../../report/escape.ts";
import type { Questions } from "../questions.ts";
import type { Reporter } from "../reporter.ts";
import { type KeyFound, offerLines } from "./words.ts";
import { oneOfThese } from "../usage.ts";

/** What the options of setup answer. */
export interface SetupWishes {
  readonly role?: string | undefined;
  readonly key?: string | undefined;
  readonly dkim?: string | undefined;
  readonly hook: boolean;
  readonly local: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** A new key is encrypted. */
  readonly encrypt: boolean;
}

const NEW = "new";

/** The key that signs now; null if there is none and none is set. */
export async function currentKey(
  { keySetting, keyPath }: Facts,
  say: Reporter["say"],
): Promise<KeyFound | null> {
  const name = keySetting ?? keyPath;
  try {
    return { name, state: await keyStateOf(keyChoiceOf(name), say) };
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
    return keySetting === null && error.code === "not-found" ? null : { name, state: error };
  }
}

/**
 * Without a terminal, options must answer everything. PatchsigError "usage" names the missing ones.
 */
export function demandAnswers(args: SetupWishes, facts: Facts, key: KeyFound | null): void {
  const role = roleOf(args, facts);
  const sends = role === null || sendsPatches(role);
  const needsKey = sends && !isUsable(key) && args.key === undefined;
  const missing = [
    ...(role === null ? ["--role"] : []),
    ...(needsKey ? ["--key"] : []),
    ...(args.yes || args.dryRun ? [] : ["--yes"]),
  ];
  if (missing.length > 0)
    throw new PatchsigError("usage", `no terminal to ask on: give ${missing.join(", ")}`, {
      hint: "or by hand: git patchsig key generate; git patchsig hook install",
    });
  if (sends && (facts.address === null || facts.name === null))
    throw new PatchsigError(
      "usage",
      facts.repository === null || args.local
        ? "git does not know who you are"
        : "git does not know who you are (--local asks this repository alone)",
      { hint: "git config --global user.name NAME; git config --global user.email ADDRESS" },
    );
}

function isUsable(key: KeyFound | null): boolean {
  return key !== null && !(key.state instanceof PatchsigError);
}

function roleOf({ role }: SetupWishes, facts: Facts): Role | null {
  if (role === undefined) return facts.role;
  return oneOfThese("--role", role, ROLES);
}

/**
 * All answers: from options and facts, and the rest by asking.
 *
 * @param key that signs now
 * @throws PatchsigError "usage" for an option that is no answer, "exists" where a new key would lie
 */
export async function answersOf(
  args: SetupWishes,
  facts: Facts,
  key: KeyFound | null,
  questions: Questions,
): Promise<SetupAnswers> {
  const { askUntil } = questions;
  const role = roleOf(args, facts) ?? (await askRole(questions));
  const sends = sendsPatches(role);
  const place =
    args.local && facts.repository !== null
      ? ({ scope: "local", repository: facts.repository } as const)
      : ({ scope: "global" } as const);
  return {
    role,
    name:
      sends && facts.name === null
        ? await askUntil(ours`your name, as in your commits: `, (answer) => answer || null)
        : null,
    address:
      sends && facts.address === null ? await askUntil(ours`your mail address: `, addressIn) : null,
    key: await keyAnswer(args, facts, key, sends, questions),
    dkim: await dkimAnswer(args, facts, role, questions),
    hook: args.hook,
    place,
  };
}

function addressIn(answer: string): string | null {
  if (answer === "" || /^[^@\s<>]+@[^@\s<>]+$/.test(answer)) return answer || null;
  throw new PatchsigError("usage", `${answer} is not a mail address`, {
    hint: "as it stands in your mails, such as alice@example.org",
  });
}

function askRole({ askUntil }: Questions): Promise<Role> {
  const prompt = ours`\ndo you send patches (s), apply them (a), or both (b)? `;
  const roles: Record<string, Role> = { s: "submitter", a: "maintainer", b: "both" };
  return askUntil(prompt, (answer) => roles[answer.slice(0, 1).toLowerCase()] ?? null);
}

async function keyAnswer(
  args: SetupWishes,
  facts: Facts,
  key: KeyFound | null,
  sends: boolean,
  { askUntil, say, show }: Questions,
): Promise<KeyAnswer | null> {
  const { keyPath } = facts;
  const fresh = { kind: NEW, password: args.encrypt } as const;
  const named = async (name: string): Promise<KeyAnswer> => {
    if (name === NEW) {
      // the same command again
      if (isUsable(key) && key?.name === keyPath) return { kind: "as-is" };
      await refuseExisting(keyPath);
      return fresh;
    }
    const whole = name.startsWith(AGENT) ? name : resolve(name.replace(/^~(?=\/)/, homeFolder));
    await keyStateOf(keyChoiceOf(whole), say);
    return { kind: "named", name: whole };
  };
  if (args.key !== undefined) return named(args.key);
  if (isUsable(key)) return { kind: "as-is" };
  if (!sends) return null;
  const offers = await keyOffers(say);
  show(offerLines(offers, keyPath));
  const names = [NEW, ...offers.map(({ name }) => name)];
  return askUntil(ours`its number, or the name of a minisign key file: `, (answer) =>
    answer === "" ? null : named(names[Number(answer) - 1] ?? answer),
  );
}

/** Asked of who applies patches, until it is set. */
async function dkimAnswer(
  args: SetupWishes,
  facts: Facts,
  role: Role,
  { canAsk, askYesOrNo, show }: Questions,
): Promise<string | null> {
  if (args.dkim !== undefined) return oneOfThese("--dkim", args.dkim, DKIM_MODES);
  if (!appliesPatches(role) || facts.dkim !== null || args.yes || !canAsk()) return null;
  show([
    ours``,
    ours`domains can vouch for mails that are not signed, by keys in DNS. asking for`,
    ours`these tells name servers whose mails you read`,
  ]);
  return (await askYesOrNo(ours`ask DNS?`)) ? "dns" : "cached";
}

/** A key is never overwritten. */
async function refuseExisting(path: string): Promise<void> {
  const { checkNewKey } = await import("../../store/key-file.ts");
  try {
    checkNewKey(path);
  } catch (cause) {
    if (!(cause instanceof PatchsigError) || cause.code !== "exists") throw cause;
    throw new PatchsigError("exists", `there is a key already: ${path}`, {
      hint: `--key ${shellWord(path)} signs with it`,
      cause,
    });
  }
}
