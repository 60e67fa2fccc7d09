/** Finds the thread of a mail among many mails: all that it refers to, and all that refers to it. Pure. */

import { followed, type ThreadMail } from "./item.ts";

interface Node<E> {
  readonly own: string;
  readonly names: readonly string[];
  readonly entry: E;
}

/** @typeParam E by which the caller finds a mail again */
export class ThreadFinder<E> {
  /** The Message-IDs of the thread, also of mails that were not seen. */
  readonly #wanted = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #byName = new Map<string, Node<E>[]>();
  readonly #thread = new Set<Node<E>>();
  readonly #most: number;

  /**
   * @param ids Message-IDs whose thread is wanted
   * @param most most mails to take
   */
  constructor(ids: readonly string[], most: number) {
    this.#most = most;
    for (const id of ids) this.#wanted.add(id);
  }

  /** Takes a mail, in any order. */
  add(mail: ThreadMail, entry: E): void {
    const names = [mail.messageId, ...mail.references.slice(0, 1), ...followed(mail)];
    const known = [...new Set(names)].filter((name) => name !== "");
    const node = { own: mail.messageId, names: known, entry };
    this.#seen.add(mail.messageId);
    for (const name of known) {
      const nodes = this.#byName.get(name);
      if (nodes === undefined) this.#byName.set(name, [node]);
      else nodes.push(node);
    }
    if (known.some((name) => this.#wanted.has(name))) this.#take([node]);
  }

  /** True if a mail of the thread was seen, and all mails that the thread refers to. */
  get isWhole(): boolean {
    return this.#thread.size > 0 && [...this.#wanted].every((id) => this.#seen.has(id));
  }

  /** True if any mail of the thread was seen. */
  get isFound(): boolean {
    return this.#thread.size > 0;
  }

  /** The Message-IDs of the thread. */
  get ids(): readonly string[] {
    return [...this.#wanted];
  }

  /** What was added with the mails of the thread. */
  entries(): E[] {
    return [...this.#thread].map(({ entry }) => entry);
  }

  /** Takes mails, and all mails seen before that they are connected to. */
  #take(found: Node<E>[]): void {
    for (let node = found.pop(); node !== undefined; node = found.pop()) {
      if (this.#thread.has(node) || this.#thread.size >= this.#most) continue;
      this.#thread.add(node);
      for (const name of node.names) {
        if (this.#wanted.has(name)) continue;
        this.#wanted.add(name);
        found.push(...(this.#byName.get(name) ?? []));
      }
    }
  }
}
