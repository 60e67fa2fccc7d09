/** A clone with a branch, and its versions as they would be sent. */

import { makeVersion, type ThreadShape } from "../../../src/app/send/version.ts";
import type { EditFiles, VersionMails } from "../../../src/app/send/mails.ts";
import { planSend, type SendPlan, type SendWishes } from "../../../src/app/send/plan.ts";
import { openRepository, type Repository } from "../../../src/git/repository.ts";
import { generateSecretKey } from "../../../src/minisign/generate.ts";
import { commit, git, newRepository, temporaryFolder } from "../../support/repo.ts";

const KEY = generateSecretKey(Buffer.alloc(32, 7), Buffer.from("patchsig"));
const OPENED = {
  publicKey: KEY.publicKey,
  signBytes: (bytes: Buffer) => KEY.signBytes(bytes),
  wipe: () => undefined,
};
export const CHANCE = { now: 1_796_000_000, random: (bytes: number) => Buffer.alloc(bytes, 0xab) };
export const SETTINGS = {
  maxPatches: 15,
  minInterval: 0,
  thread: "new",
  link: "https://lore.example/r/%s",
} as const;
export const WISHES: SendWishes = {
  words: [],
  request: null,
  version: null,
  prefix: null,
  thread: null,
  base: null,
  cover: null,
  withCover: true,
  to: [],
  cc: [],
  no: new Set(),
  withProject: true,
  allow: [],
};

/** A clone with a branch of two commits on top of what its remote has. */
export async function clone(patches = 2): Promise<Repository> {
  const origin = newRepository(temporaryFolder());
  commit(origin, "first", { a: "1\n", b: "1\n" });
  const folder = temporaryFolder();
  git(folder, ["clone", "-q", origin, "."]);
  git(folder, ["switch", "-q", "-c", "topic", "origin/main"]);
  commit(folder, "a: zwei, für alle\n\nBecause.\n", { a: "2\n" });
  if (patches > 1) commit(folder, "b: two\n\nAnd this.\n", { b: "2\n" });
  return openRepository(folder);
}

export async function made(
  repository: Repository,
  wishes: Partial<SendWishes> = {},
  settings: Partial<Parameters<typeof planSend>[2]> = {},
): Promise<VersionMails & { plan: SendPlan }> {
  const plan = await planSend(
    repository,
    { ...WISHES, ...wishes },
    { ...SETTINGS, ...settings },
    CHANCE,
  );
  return { ...(await fromPlan(repository, plan)), plan };
}

export async function fromPlan(
  repository: Repository,
  plan: SendPlan,
  shape: ThreadShape = "first",
  edit: EditFiles | null = null,
): Promise<VersionMails> {
  const by = "alice@example.org";
  const fields = (mails: readonly Buffer[]) =>
    Promise.resolve(mails.map(() => [["To", "list@example.org"]] as const));
  const from = `Alice <${by}>`;
  const signer = () => Promise.resolve(OPENED);
  const options = { ...CHANCE, signer, by, from, shape, fields, edit, say: () => undefined };
  return makeVersion(repository, plan, options);
}
