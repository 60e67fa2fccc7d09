import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { openDatabase, type OpenDatabase } from "../../src/store/database.ts";
import { type NewLetter, openOutbox, type Outbox } from "../../src/store/outbox.ts";
import { newFolder } from "../support/folders.ts";
import { LOOSE, newLetter, OUTBOX_SCHEMA } from "../support/outbox.ts";

const NOW = 1_800_000_000;
const WHEN = { now: NOW, notBefore: NOW, expiresAt: NOW + 1000 };

let db: OpenDatabase["db"];
let outbox: Outbox;
beforeEach(() => {
  ({ db } = openDatabase(OUTBOX_SCHEMA, { file: join(newFolder(), "bot.db") }));
  outbox = openOutbox(db, LOOSE);
  return () => db.close();
});

/** Puts one in; its id. */
function add(messageId: string, more: Partial<NewLetter & typeof WHEN> = {}): number {
  const { now, notBefore, expiresAt, ...letter } = { ...WHEN, ...more };
  expect(outbox.add(newLetter(messageId, letter), { now, notBefore, expiresAt })).toBe(true);
  return db.prepare<[], number>("select max(id) from outbox").pluck().get()!;
}

function rowOf(id: number): Record<string, unknown> {
  return db
    .prepare<[number], Record<string, unknown>>("select * from outbox where id = ?")
    .get(id)!;
}

const dueIds = (now: number): number[] => {
  const ids: number[] = [];
  for (let row = outbox.due(now); row !== null; row = outbox.due(now, row.id)) ids.push(row.id);
  return ids;
};

describe("a queued letter", () => {
  test("comes out unchanged", () => {
    const id = add("1@example.org", {
      sender: "",
      recipients: ['"a,b"@example.org', "ü@example.org"],
    });
    expect(outbox.due(NOW)).toEqual({
      ...newLetter("1@example.org"),
      id,
      sender: "",
      recipients: ['"a,b"@example.org', "ü@example.org"],
      createdAt: NOW,
      notBefore: NOW,
      expiresAt: NOW + 1000,
      attempts: 0,
      doubtAt: null,
    });
  });

  test("is queued only once, ever", () => {
    const id = add("1@example.org");
    expect(outbox.add(newLetter("1@example.org"), WHEN)).toBe(false);
    outbox.sent(id, NOW, "ok");
    expect(outbox.add(newLetter("1@example.org"), WHEN)).toBe(false);
    expect(outbox.counts()).toMatchObject({ queued: 0, sent: 1 });
  });

  test("is rolled back with the caller's transaction", () => {
    const decide = db.transaction(() => {
      outbox.add(newLetter("1@example.org"), WHEN);
      throw new Error("decided otherwise");
    });
    expect(decide).toThrow("otherwise");
    expect(outbox.due(NOW)).toBeNull();
  });
});

describe("due letters", () => {
  test("come oldest first, once they are due", () => {
    const [late, first] = [add("1@example.org", { notBefore: NOW + 10 }), add("2@example.org")];
    expect(dueIds(NOW - 1)).toEqual([]);
    expect(dueIds(NOW)).toEqual([first]);
    expect(dueIds(NOW + 10)).toEqual([late, first]);
    expect(dueIds(NOW + 1000)).toEqual([]);
  });

  test("nextDue", () => {
    expect(outbox.nextDue(NOW)).toBeNull();
    const id = add("1@example.org", { notBefore: NOW + 10 });
    expect(outbox.nextDue(NOW)).toBe(NOW + 10);
    expect(outbox.nextDue(NOW + 20)).toBe(NOW + 20);
    outbox.later(id, NOW + 60, "busy");
    expect(outbox.nextDue(NOW)).toBe(NOW + 60);
    outbox.doubt(id, NOW);
    expect(outbox.nextDue(NOW + 7)).toBe(NOW + 67);
    outbox.sent(id, NOW, "");
    expect(outbox.nextDue(NOW)).toBeNull();
  });

  test("hold delays all, and counts no attempt", () => {
    const [one, two] = [add("1@example.org"), add("2@example.org", { notBefore: NOW + 90 })];
    outbox.later(one, NOW + 120, "busy");
    outbox.hold(NOW + 100);
    expect(dueIds(NOW + 99)).toEqual([]);
    expect(dueIds(NOW + 100)).toEqual([two]);
    expect(dueIds(NOW + 120)).toEqual([one, two]);
    expect(rowOf(two)["attempts"]).toBe(0);
  });
});

describe("state changes", () => {
  type Change = (id: number) => boolean;
  const CHANGES: Record<string, Change> = {
    doubt: (id) => outbox.doubt(id, NOW + 1),
    sent: (id) => outbox.sent(id, NOW + 2, "said"),
    later: (id) => outbox.later(id, NOW + 60, "said"),
    requeue: (id) => outbox.requeue(id),
    failed: (id) => outbox.failed(id, NOW + 2, "said"),
    cancel: (id) => outbox.cancel(`about ${id}`, NOW + 2, "said") === 1,
    cancelOne: (id) => outbox.cancelOne(id, NOW + 2, "said"),
    expire: () => outbox.expire(NOW + 1000) === 1,
  };
  const TO: Record<string, string> = {
    doubt: "in-doubt",
    sent: "sent",
    later: "queued",
    requeue: "queued",
    failed: "failed",
    cancel: "cancelled",
    cancelOne: "cancelled",
    expire: "expired",
  };
  const FROM: Record<string, readonly string[]> = {
    queued: ["doubt", "sent", "later", "failed", "cancel", "cancelOne", "expire"],
    "in-doubt": ["sent", "later", "requeue", "failed"],
    sent: [],
    failed: [],
    cancelled: [],
    expired: [],
  };
  const WAYS: Record<string, string | null> = {
    queued: null,
    "in-doubt": "doubt",
    sent: "sent",
    failed: "failed",
    cancelled: "cancelOne",
    expired: "expire",
  };
  const cases = Object.keys(FROM).flatMap((from) =>
    Object.keys(CHANGES).map((change) => [from, change] as const),
  );

  test.each(cases)("%s: %s", (from, change) => {
    const id = add("1@example.org", { about: "about 1" });
    const way = WAYS[from];
    if (typeof way === "string") expect(CHANGES[way]!(id)).toBe(true);
    const before = rowOf(id);
    const allowed = FROM[from]!.includes(change);
    expect(CHANGES[change]!(id)).toBe(allowed);
    const after = rowOf(id);
    if (!allowed) return expect(after).toEqual(before);
    const state = TO[change]!;
    const isOpen = state === "queued" || state === "in-doubt";
    expect(after).toMatchObject({
      state,
      attempts: change === "later" || change === "requeue" ? 1 : 0,
    });
    // nothing is kept of what is over
    expect((after["bytes"] as Buffer).length > 0).toBe(isOpen);
    expect(after["ended_at"] === null).toBe(isOpen);
    expect(after["doubt_at"]).toBe(
      change === "doubt" || (change === "sent" && from === "in-doubt") ? NOW + 1 : null,
    );
  });

  test("cancel removes everything queued about a person", () => {
    const [sent, one, two, other] = ["1", "2", "3", "4"].map((name) =>
      add(`${name}@example.org`, { about: name === "4" ? "bob" : "alice" }),
    ) as [number, number, number, number];
    outbox.doubt(sent, NOW);
    expect(outbox.cancel("alice", NOW, "answered")).toBe(2);
    expect([sent, one, two, other].map((id) => rowOf(id)["state"])).toEqual([
      "in-doubt",
      "cancelled",
      "cancelled",
      "queued",
    ]);
    expect(rowOf(one)["said"]).toBe("answered");
  });

  test("expire leaves letters in doubt", () => {
    const [one, two] = [add("1@example.org"), add("2@example.org")];
    outbox.doubt(one, NOW);
    expect(outbox.expire(NOW + 999)).toBe(0);
    expect(outbox.expire(NOW + 1000)).toBe(1);
    expect([rowOf(one)["state"], rowOf(two)["state"]]).toEqual(["in-doubt", "expired"]);
    expect(outbox.inDoubt().map(({ id, doubtAt }) => [id, doubtAt])).toEqual([[one, NOW]]);
  });
});

test("a sent letter counts from the time it may have been sent", () => {
  const kinds = ["hint", "hint", "hint", "hint", "other"];
  const ids = kinds.map((kind, i) => add(`${i}@example.org`, { kind, about: `to ${i}` }));
  outbox.doubt(ids[1]!, NOW + 5);
  outbox.sent(ids[1]!, NOW + 500, "found");
  outbox.doubt(ids[0]!, NOW + 7);
  outbox.sent(ids[4]!, NOW + 6, "");
  outbox.failed(ids[2]!, NOW + 6, "");
  expect(outbox.sentSince("hint", NOW)).toEqual([NOW + 5, NOW + 7]);
  expect(outbox.sentSince("hint", NOW + 6)).toEqual([NOW + 7]);
  expect(ids.map((_, i) => outbox.lastTo(`to ${i}`))).toEqual([
    NOW + 7,
    NOW + 5,
    null,
    null,
    NOW + 6,
  ]);
  outbox.requeue(ids[0]!);
  expect(outbox.sentSince("hint", NOW)).toEqual([NOW + 5]);
  expect(outbox.counts()).toEqual({
    queued: 2,
    "in-doubt": 0,
    sent: 2,
    failed: 1,
    cancelled: 0,
    expired: 0,
  });
});

test("the database itself refuses an invalid state", () => {
  const id = add("1@example.org");
  const set = (what: string): void => void db.exec(`update outbox set ${what} where id = ${id}`);
  for (const what of [
    "state = 'lost'",
    "state = 'in-doubt'",
    "state = 'sent'",
    `ended_at = ${NOW}`,
    "recipients = 'alice'",
  ])
    expect(() => set(what), what).toThrow(/CHECK/);
});
