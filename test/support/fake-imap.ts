/**
 * A local IMAP server that gives a chosen answer to one command, and correct answers to all others.
 */

import { createServer, type AddressInfo, type Socket } from "node:net";

/** Where something can go wrong: `greeting` is before any command; FETCH asks for two things. */
export const STEPS = [
  "greeting",
  "CAPABILITY",
  "LOGIN",
  "EXAMINE",
  "SEARCH",
  "SIZE",
  "BODY",
] as const;
type Step = (typeof STEPS)[number];

export interface Fault {
  readonly step: Step;
  /** Instead of the good answer, without the tag; `\0` ends the connection there. */
  readonly says: string;
  /** Only for a command about these mails; by default for any. */
  readonly uids?: readonly number[];
  /** So many times; then the answer is correct. */
  readonly times?: number;
}

export interface FakeImap {
  readonly port: number;
  fault: Fault | null;
  /** What was asked, without tags. */
  readonly asked: string[];
  stop(): Promise<void>;
}

/** @param mails with LF; their UIDs are 1, 2 … */
export async function startFakeImap(mails: readonly Buffer[]): Promise<FakeImap> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeImap = {
    port: (server.address() as AddressInfo).port,
    fault: null,
    asked: [],
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };

  function faulty(step: Step, uids: readonly number[] = []): string | null {
    const { fault } = fake;
    if (fault?.step !== step) return null;
    if (fault.uids !== undefined && !fault.uids.some((uid) => uids.includes(uid))) return null;
    if (fault.times !== undefined) {
      const times = fault.times - 1;
      fake.fault = times === 0 ? null : { ...fault, times };
    }
    return fault.says;
  }

  function serve(socket: Socket): void {
    const say = (text: string): void => {
      const [line = "", ...ends] = text.split("\0");
      socket.write(line === "" ? "" : `${line}\r\n`, "latin1");
      if (ends.length > 0) socket.end();
    };
    say(faulty("greeting") ?? "* OK ready");
    let rest = "";
    socket.on("data", (bytes: Buffer) => {
      rest += bytes.toString("latin1");
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        const [, tag = "", words = ""] = /^(\S+) (.*)$/.exec(line) ?? [];
        fake.asked.push(words);
        answer(tag, words, say);
      }
    });
  }

  function answer(tag: string, words: string, say: (text: string) => void): void {
    const [name = "", ...more] = words.toUpperCase().split(" ");
    const verb = name === "UID" ? more[0]! : name;
    const uids = verb === "FETCH" ? inSet(more[1]!) : [];
    const step = verb !== "FETCH" ? verb : words.includes("BODY") ? "BODY" : "SIZE";
    const wrong = faulty(step as Step, uids);
    if (wrong === null) {
      for (const line of GOOD[step]?.(uids, more) ?? []) say(line);
      return say(`${tag} OK done`);
    }
    // other requested mails with lower numbers come before the fault
    const { fault } = fake;
    const before = uids.filter((uid) => fault?.uids !== undefined && uid < Math.min(...fault.uids));
    for (const line of GOOD[step]?.(before, more) ?? []) if (before.length > 0) say(line);
    say(wrong.replaceAll("TAG", tag));
  }

  const inSet = (set: string): number[] =>
    mails.map((_, i) => i + 1).filter((uid) => isIn(set, uid, mails.length));

  const GOOD: Record<string, (uids: readonly number[], more: readonly string[]) => string[]> = {
    CAPABILITY: () => ["* CAPABILITY IMAP4rev1"],
    LIST: () => ['* LIST () "/" INBOX'],
    EXAMINE: () => [
      "* FLAGS (\\Seen)",
      `* ${mails.length} EXISTS`,
      "* OK [UIDVALIDITY 7] made",
      `* OK [UIDNEXT ${mails.length + 1}] next`,
    ],
    SEARCH: (_, more) => {
      const at = more.indexOf("UID");
      const set = at < 0 ? "1:*" : more[at + 1]!;
      return [`* SEARCH ${inSet(set).join(" ")}`.trimEnd()];
    },
    SIZE: (uids) => uids.map((uid) => `* ${uid} FETCH (UID ${uid} RFC822.SIZE ${sizeOf(uid)})`),
    BODY: (uids) =>
      uids.map((uid) => `* ${uid} FETCH (UID ${uid} BODY[] {${sizeOf(uid)}}\r\n${textOf(uid)})`),
    LOGOUT: () => ["* BYE"],
  };
  const textOf = (uid: number): string =>
    mails[uid - 1]!.toString("latin1").replaceAll("\n", "\r\n");
  const sizeOf = (uid: number): number => textOf(uid).length;
  return fake;
}

/** A UID set (RFC 9051, sequence-set). */
function isIn(set: string, uid: number, last: number): boolean {
  return set.split(",").some((part) => {
    const [from, to = from] = part.split(":").map((word) => (word === "*" ? last : Number(word)));
    return uid >= Math.min(from!, to!) && uid <= Math.max(from!, to!);
  });
}
