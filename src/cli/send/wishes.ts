/** What the options and settings of `send` mean. */

import { readFileSync } from "node:fs";
import { gitConfig } from "../../app/settings.ts";
import type { SendSettings, SendWishes } from "../../app/send/plan.ts";
import { PatchsigError } from "../../errors.ts";
import {
  fetchPullRequest,
  type FetchedRequest,
  fetchRequest,
  readRequest,
} from "../../git/pull-request.ts";
import type { Repository } from "../../git/repository.ts";
import { CHECKS, type CheckName } from "../../outgoing/checks.ts";
import { settingsOf, withIdentity } from "../../send/settings.ts";
import { isThreadMode, THREAD_MODES, type ThreadMode } from "../../outgoing/state.ts";

export interface WishArguments {
  readonly range: string[];
  readonly rerollCount?: string | undefined;
  readonly prefix?: string[] | undefined;
  readonly rfc: boolean;
  readonly thread?: string | undefined;
  readonly base?: string | undefined;
  readonly noBase?: boolean | undefined;
  readonly cover?: string | undefined;
  readonly noCover?: boolean | undefined;
  readonly identity?: string | undefined;
  readonly to?: string[] | undefined;
  readonly cc?: string[] | undefined;
  readonly noTo?: boolean | undefined;
  readonly noCc?: boolean | undefined;
  readonly noProject?: boolean | undefined;
  readonly allow?: string[] | undefined;
  readonly fromPr?: string[] | undefined;
  readonly fromRequest?: string | undefined;
}

/** @throws PatchsigError "usage" for values that mean nothing; as a request cannot be fetched */
export async function wishesOf(repository: Repository, args: WishArguments): Promise<SendWishes> {
  const { range, rerollCount, thread, to = [], cc = [], allow = [] } = args;
  return {
    words: range,
    request: await requestOf(repository, args),
    version: rerollCount === undefined ? null : versionOf(rerollCount),
    prefix: prefixOf(args),
    thread: thread === undefined ? null : threadOf(thread, "--thread"),
    base: isOff(args.noBase, args.base) ? "none" : (args.base ?? null),
    ...coverWishes(args),
    to,
    cc,
    no: new Set([
      ...(args.noTo === true ? (["to"] as const) : []),
      ...(args.noCc === true ? (["cc"] as const) : []),
    ]),
    withProject: args.noProject !== true,
    allow: allow.map(checkOf),
  };
}

/** `--no-x` beside `--x VALUE`: yargs makes `x: false` of it. */
function isOff(no: boolean | undefined, value: string | undefined): boolean {
  return no === true || (value as unknown) === false;
}

function prefixOf({ prefix = [], rfc }: WishArguments): string[] | null {
  const words = prefix.flatMap((some) => some.split(/\s+/)).filter((word) => word !== "");
  if (words.length === 0 && !rfc) return null;
  return rfc && !words.includes("RFC") ? ["RFC", ...words] : words;
}

function coverWishes({
  cover,
  noCover,
  identity,
}: WishArguments): Pick<SendWishes, "cover" | "withCover"> {
  const withCover = !isOff(noCover, cover);
  const config = withIdentity(gitConfig(), identity ?? null);
  const charset = settingsOf(config).string("composeEncoding") ?? "UTF-8";
  return { withCover, cover: withCover && cover !== undefined ? textOf(cover, charset) : null };
}

async function requestOf(
  repository: Repository,
  { fromPr, fromRequest, range }: WishArguments,
): Promise<FetchedRequest | null> {
  if (fromPr === undefined && fromRequest === undefined) return null;
  if (range.length > 0 || (fromPr !== undefined && fromRequest !== undefined))
    throw new PatchsigError("usage", "one thing can be sent: a branch, or a request");
  if (fromPr !== undefined) {
    const [remote = "", number = ""] = fromPr;
    return fetchPullRequest(repository, remote, /^[0-9]{1,9}$/.test(number) ? Number(number) : 0);
  }
  const wanted = readRequest(textOf(fromRequest!, "UTF-8"));
  if (wanted !== null) return fetchRequest(repository, wanted);
  throw new PatchsigError("usage", `${fromRequest} is no text of git request-pull`);
}

export function versionOf(text: string): number {
  const [, version] = /^v?([1-9][0-9]{0,3})$/.exec(text) ?? [];
  if (version !== undefined) return Number(version);
  throw new PatchsigError("usage", `${text} is no version`, { hint: "as in 2, or v2" });
}

function threadOf(text: string, where: string): ThreadMode {
  if (isThreadMode(text)) return text;
  throw new PatchsigError("usage", `${where} is one of ${THREAD_MODES.join(", ")}, not ${text}`);
}

function checkOf(text: string): CheckName {
  const found = CHECKS.find((name) => name === text);
  if (found !== undefined) return found;
  throw new PatchsigError("usage", `no such check: ${text}`, { hint: CHECKS.join(", ") });
}

/** A file's text, or stdin's. */
function textOf(name: string, charset: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(name === "-" ? 0 : name);
  } catch (cause) {
    throw new PatchsigError("unreadable", `cannot read ${name}`, { cause });
  }
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PatchsigError("unreadable", `${name} is no text in ${charset}`, {
      hint: "git config sendemail.composeEncoding names its charset",
      cause,
    });
  }
}

const MAX_PATCHES = 15;

/** `patchsig.send*` (docs/sending.md, "Settings"). */
export function sendSettings(): SendSettings {
  const config = gitConfig();
  const thread = config.string("patchsig.sendThread");
  return {
    maxPatches: numberIn("patchsig.sendMaxPatches") ?? MAX_PATCHES,
    minInterval: (numberIn("patchsig.sendMinInterval") ?? 0) * 3600,
    thread: thread === null ? "new" : threadOf(thread, "patchsig.sendThread"),
    link: config.string("patchsig.linkMask"),
  };
}

function numberIn(key: string): number | null {
  const text = gitConfig().string(key);
  if (text === null || /^[0-9]{1,6}$/.test(text)) return text === null ? null : Number(text);
  throw new PatchsigError("usage", `${key} is no number: ${text}`);
}
