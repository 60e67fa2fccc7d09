/** What the replies of a thread are to: found once for all series in it. */

import { followed, type ThreadMail } from "../series/item.ts";
import { isSamePatch, type ThreadPatch } from "./thread-patch.ts";
import type { Reply } from "./reply.ts";

export class ReplyThread {
  /** By date. */
  readonly #replies: readonly Reply[];
  /** By Message-ID, mails that a reply may be to without being a patch. */
  readonly #links = new Map<string, ThreadMail>();
  readonly #patches = new Map<string, ThreadPatch[]>();
  readonly #areSame = new Map<string, boolean>();
  readonly #targets = new Map<ThreadMail, string | null>();
  /** The Message-ID of the patch above a mail, by its own; null if there is none. */
  readonly #above = new Map<string, string | null>();
  /** Places of replies that name a patch, or are to it, by its Message-ID. */
  readonly #about = new Map<string, number[]>();
  /** Places of replies with signed reviews: they name their patches, whichever mail they are to. */
  readonly #signed: number[] = [];

  /**
   * @param patches all in the thread, of all series
   * @param links mails without a patch: a reply to one of them counts as a reply to the patch above it
   */
  constructor(
    patches: readonly ThreadPatch[],
    replies: readonly Reply[],
    links: readonly ThreadMail[],
  ) {
    for (const patch of patches)
      if (patch.messageId !== "") push(this.#patches, patch.messageId, patch);
    for (const mail of [...links, ...replies].sort(byReferences))
      if (mail.messageId !== "" && !this.#links.has(mail.messageId))
        this.#links.set(mail.messageId, mail);
    this.#replies = [...replies].sort(byDate);
    for (const [at, reply] of this.#replies.entries()) {
      if (reply.reviews.length > 0) this.#signed.push(at);
      const target = this.#targetOf(reply);
      this.#targets.set(reply, target);
      for (const id of new Set([target ?? "", ...followed(reply)]))
        if (this.#patches.has(id)) push(this.#about, id, at);
    }
  }

  /** The replies that may have to do with patches of these Message-IDs, by date. */
  about(ids: ReadonlySet<string>): Reply[] {
    const places = new Set(this.#signed);
    for (const id of ids) for (const at of this.#about.get(id) ?? []) places.add(at);
    return [...places].sort((a, b) => a - b).map((at) => this.#replies[at]!);
  }

  /** The Message-ID of the patch that a reply is to, perhaps through other replies; null if it is not here. */
  targetOf(reply: Reply): string | null {
    return this.#targets.get(reply) ?? null;
  }

  #targetOf(reply: ThreadMail): string | null {
    const passed: string[] = [];
    let found: string | null = null;
    let parent = reply.references.at(-1) ?? "";
    for (const seen = new Set<string>(); !seen.has(parent);) {
      seen.add(parent);
      const known = this.#patches.has(parent) ? parent : this.#above.get(parent);
      if (known !== undefined) {
        found = known;
        break;
      }
      const mail = this.#links.get(parent);
      if (mail === undefined) break;
      passed.push(parent);
      parent = mail.references.at(-1) ?? "";
    }
    for (const id of passed) this.#above.set(id, found);
    return found;
  }

  /** Whether all patches with a Message-ID are copies of one. */
  areSame(messageId: string): boolean {
    const known = this.#areSame.get(messageId);
    if (known !== undefined) return known;
    const [first, ...others] = this.#patches.get(messageId) ?? [];
    const are = others.every((other) => isSamePatch(other, first!));
    this.#areSame.set(messageId, are);
    return are;
  }
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

/** By date; then by other contents of the mails, so that their order of arrival does not matter. */
function byDate(a: Reply, b: Reply): number {
  return (
    (a.date ?? Infinity) - (b.date ?? Infinity) ||
    byReferences(a, b) ||
    compare(textOf(a), textOf(b))
  );
}

function byReferences(a: ThreadMail, b: ThreadMail): number {
  return compare(a.messageId, b.messageId) || compare(a.references.join(), b.references.join());
}

function textOf({ from, trailers }: Reply): string {
  return [from.email, ...trailers.map(({ name, value }) => `${name} ${value}`)].join("\n");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
