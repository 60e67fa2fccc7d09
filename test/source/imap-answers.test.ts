/**
 * A server that answers each command with each kind of no: what was not read is said, with the server's
 * words, and is asked for again; what was read is not lost by it.
 */

import { describe, expect, test, type TestContext } from "vitest";
import { parseMailbox, readMailbox } from "../../src/source/imap.ts";
import { isReadFailure } from "../../src/source/item.ts";
import { type FakeImap, type Fault, startFakeImap, STEPS } from "../support/fake-imap.ts";

const MAILS = [1, 2, 3].map((n) =>
  Buffer.from(`From: A <a@example.org>\nSubject: number ${n}\n\ntext ${n}\n`),
);

interface Read {
  readonly mails: string[];
  /** Messages by their places, without what is common to all of these. */
  readonly unread: [string, string][];
  readonly logins: boolean[];
}

interface Reader {
  readonly server: FakeImap;
  readonly kept: Map<string, string>;
  readonly read: () => Promise<Read>;
}

/** As `verify --new` and the bot read: cursors are kept as mails are dealt with. */
async function reader({ onTestFinished }: TestContext, fault: Fault): Promise<Reader> {
  const server = await startFakeImap(MAILS);
  onTestFinished(() => server.stop());
  server.fault = fault;
  const kept = new Map<string, string>();
  async function read(): Promise<Read> {
    const said: Read = { mails: [], unread: [], logins: [] };
    const mailbox = parseMailbox(`imap://alice@127.0.0.1:${server.port}/INBOX`);
    const options = {
      password: "secret",
      onLogin: async (right: boolean): Promise<void> => void said.logins.push(right),
      cursorOf: (name: string) => kept.get(name) ?? null,
    };
    for await (const pieces of readMailbox(mailbox, options, () => undefined)) {
      for (const piece of pieces) {
        if (isReadFailure(piece)) {
          said.unread.push([piece.source.replace(/^[^;]*/, ""), piece.error.message]);
          continue;
        }
        said.mails.push(/number (\d)/.exec(piece.bytes!.toString())![1]!);
        if (piece.cursor !== undefined) kept.set(piece.cursor.name, piece.cursor.value);
      }
    }
    return said;
  }
  return { server, kept, read };
}

const WORDS = "some words of the server";
const KINDS: readonly (readonly [kind: string, says: string, words: string])[] = [
  ["NO", `TAG NO ${WORDS}`, WORDS],
  ["NO with a code", `TAG NO [UNAVAILABLE] ${WORDS}`, WORDS],
  ["NO without a word", "TAG NO", ""],
  ["BAD", `TAG BAD ${WORDS}`, WORDS],
  ["BYE", `* BYE ${WORDS}\0`, WORDS],
  ["BYE with the tag", `TAG BYE ${WORDS}`, WORDS],
  ["a cut", "\0", ""],
  ["a cut in a literal", "* 1 FETCH (UID 1 BODY[] {50}\r\nhalf\0", ""],
  ["garbage", "\x01\x02 {{{ ((( \xff\0", ""],
  ["another protocol", "HTTP/1.1 400 Bad Request\0", ""],
];
// who is greeted by nothing that is a greeting waits for one
const MATRIX = STEPS.flatMap((step) =>
  KINDS.filter(([, says]) => step !== "greeting" || says.includes("\0")).map(
    ([kind, says, words]) => [step, kind, says, words] as const,
  ),
);
const ALL = { mails: ["1", "2", "3"], unread: [], logins: [true] };
const isReconnected = (step: string): boolean => step === "SIZE" || step === "BODY";

describe.concurrent("each command is answered with", () => {
  test.for(MATRIX)("%s: %s", async ([step, kind, says, words], context) => {
    const { server, kept, read } = await reader(context, { step, says });
    const { mails, unread, logins } = await read();
    // a server that does not say what it can do is asked for nothing that needs it
    if (step === "CAPABILITY" && unread.length === 0) {
      expect(kind).toMatch(/^(?:NO|BAD)/);
      return expect(mails).toEqual(ALL.mails);
    }
    expect(mails).toEqual([]);
    expect([...kept]).toEqual([]);
    expect(unread[0]![1]).toContain(step === "CAPABILITY" ? "" : words);
    for (const [, message] of unread) expect(message).toMatch(/^(?:INBOX at )?127\.0\.0\.1[: ]./);
    if (step === "greeting" || step === "CAPABILITY" || step === "LOGIN")
      expect(logins).toEqual([]);
    else if (!isReconnected(step)) expect(logins).toEqual([true]);
    server.fault = null;
    expect(await read()).toEqual(ALL);
  });
});

describe.concurrent("one mail that the server does not give", () => {
  const NO_ROW = "as if it had been deleted";
  const GONE: readonly (readonly [how: string, says: string, why: string])[] = [
    ["NO", `TAG NO ${WORDS}`, WORDS],
    ["OK, and no row", "TAG OK done", NO_ROW],
    ["NIL", "* 2 FETCH (UID 2 BODY[] NIL)\r\nTAG OK done", "sends no text"],
    ["a row about its flags", "* 2 FETCH (UID 2 FLAGS (\\Seen))\r\nTAG OK done", "sends no text"],
    ["a row of another mail", "* 9 FETCH (UID 9 BODY[] {1}\r\nx)\r\nTAG OK done", NO_ROW],
    ["hanging up", `* BYE ${WORDS}\0`, WORDS],
    ["a cut", "* 2 FETCH (UID 2 BODY[] {50}\r\nhalf\0", "hung up"],
  ];
  const CASES = GONE.flatMap(([how, says, why]) =>
    ([1, 2, 3] as const).map((uid) => [how, uid, says.replaceAll("2 ", `${uid} `), why] as const),
  );
  test.for(CASES)("%s, number %i", async ([, uid, says, why], context) => {
    const { server, read } = await reader(context, { step: "BODY", says, uids: [uid] });
    const others = ALL.mails.filter((n) => n !== String(uid));
    const first = await read();
    expect(first).toMatchObject({ mails: others });
    expect(first.unread).toEqual([[`;UIDVALIDITY=7/;UID=${uid}`, expect.stringContaining(why)]]);
    expect(first.unread[0]![1]).toContain(`INBOX at 127.0.0.1: mail ${uid}: `);
    // it is looked for again, and nothing else is given twice
    expect(await read()).toMatchObject({ mails: [], unread: first.unread });
    server.fault = null;
    expect(await read()).toEqual({ ...ALL, mails: [String(uid)] });
    expect(await read()).toEqual({ ...ALL, mails: [] });
  });

  test("only once: it is fetched again", async (context) => {
    const { read } = await reader(context, {
      step: "BODY",
      says: "TAG NO busy",
      uids: [2],
      times: 1,
    });
    expect(await read()).toEqual(ALL);
    const other = await reader(context, {
      step: "SIZE",
      says: "* BYE soon back\0",
      uids: [2],
      times: 1,
    });
    expect(await other.read()).toMatchObject({ mails: ALL.mails, unread: [] });
  });
});

describe.concurrent("a search", () => {
  test.for([
    ["nothing", "TAG OK done"] as const,
    ["fewer than there are", "* SEARCH 1 3\r\nTAG OK done"],
    ["what are no numbers", "* SEARCH one 2 -3\r\nTAG OK done"],
  ])("that finds %s", async ([, says], context) => {
    const { read, kept } = await reader(context, { step: "SEARCH", says });
    const { mails, unread } = await read();
    expect({ mails, kept: [...kept] }).toEqual({ mails: [], kept: [] });
    expect(unread).toEqual([["", expect.stringMatching(/: the server has 3 mails and finds \d$/)]]);
  });
});

describe.concurrent("a password is called wrong only if the server says so", () => {
  test.for([
    ["NO [AUTHENTICATIONFAILED] no", true] as const,
    ["NO [authenticationfailed] no", true],
    ["NO [UNAVAILABLE] no", false],
    ["NO [ALERT] no", false],
    ["NO [LIMIT] no", false],
    ["NO [INUSE] no", false],
    ["NO [EXPIRED] no", false],
    ["NO [AUTHORIZATIONFAILED] no", false],
    ["NO [CONTACTADMIN] no", false],
    ["NO [PRIVACYREQUIRED] no", false],
    ["NO AUTHENTICATIONFAILED no", false],
    ["NO no", false],
    ["BAD [AUTHENTICATIONFAILED] no", false],
  ])("%s: %s", async ([says, wrong], context) => {
    const { read } = await reader(context, { step: "LOGIN", says: `TAG ${says}` });
    const { logins, unread } = await read();
    expect(logins).toEqual(wrong ? [false] : []);
    expect(unread).toEqual([
      ["", expect.stringMatching(/^127\.0\.0\.1 (?:does not|rejects) .*: .*no$/)],
    ]);
  });
});

describe.concurrent("a password stays where it is", () => {
  test("a server that needs none: no login is reported", async (context) => {
    const { read, server } = await reader(context, { step: "greeting", says: "* PREAUTH come in" });
    expect(await read()).toEqual({ ...ALL, logins: [] });
    expect(server.asked.filter((words) => words.startsWith("LOGIN"))).toEqual([]);
  });

  const PLAIN = Buffer.from("\0alice\0secret").toString("base64");
  test.for(
    STEPS.filter((step) => step !== "CAPABILITY").flatMap((step) =>
      [
        "TAG NO alice with secret, no",
        `TAG BAD LOGIN ${PLAIN}`,
        "* BYE no secret\0",
        // the secret begins before the cut, and ends behind it
        `TAG NO ${"x".repeat(297)}secret`,
      ]
        .filter((says) => step !== "greeting" || says.includes("\0"))
        .map((says) => [step, says] as const),
    ),
  )("%s: %s", async ([step, says], context) => {
    const { read } = await reader(context, { step, says });
    const { unread } = await read();
    expect(unread.length).toBeGreaterThan(0);
    const said = JSON.stringify(unread);
    expect(said).toMatch(/\*\*|x\*/);
    expect(said).not.toMatch(/x[s]|secre/);
    expect(said).not.toContain(PLAIN);
  });
});
