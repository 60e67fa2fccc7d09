/** What setup plans, by what is there and what is answered; and what it remembers. */

import { describe, expect, test } from "vitest";
import type { Facts } from "../../../src/app/setup/facts.ts";
import {
  commandOf,
  type KeyAnswer,
  planOf,
  type SetupAnswers,
} from "../../../src/app/setup/plan.ts";
import { recordNotes } from "../../../src/app/setup/words.ts";
import { parseRecord } from "../../../src/app/setup/record.ts";

const PLACE = { scope: "global" } as const;
const KEY = "/home/alice/.local/share/patchsig/minisign.key";
const NEW: KeyAnswer = { kind: "new", password: true };

function facts(more: Partial<Facts> = {}): Facts {
  return {
    git: "2.39.5",
    name: "Alice",
    address: "alice@example.org",
    sendEmail: { installed: true, server: null, hookless: null, edits: null },
    readers: [],
    repository: "/linux",
    hook: {
      kind: "possible",
      folder: "/linux/.git/hooks",
      path: "/linux/.git/hooks/sendemail-validate",
      other: null,
    },
    keySetting: null,
    keyHere: null,
    keyPath: KEY,
    dkim: null,
    followingNotes: ["refs/notes/commits"],
    role: null,
    ...more,
  };
}

function answers(more: Partial<SetupAnswers> = {}): SetupAnswers {
  return {
    role: "both",
    name: null,
    address: null,
    key: NEW,
    hook: true,
    place: PLACE,
    dkim: null,
    ...more,
  };
}

/** The commands that do the same by hand. */
const commands = (f: Facts, a: SetupAnswers): string[] => planOf(f, a).steps.map(commandOf);

describe("the plan", () => {
  const named = (name: string): KeyAnswer => ({ kind: "named", name });
  const HOOK = "git patchsig hook install";
  const SET = "git config --global patchsig.key";
  test.each<[string, Partial<Facts>, Partial<SetupAnswers>, string[], string | null]>([
    ["a new key", {}, {}, ["git patchsig key generate", HOOK], KEY],
    [
      "a new key without a password",
      {},
      { key: { kind: "new", password: false } },
      ["git patchsig key generate --no-password", HOOK],
      KEY,
    ],
    [
      "whoever git does not know",
      { name: null, address: null },
      { name: "Alice O'Hara", address: "a@example.org" },
      [
        `git config --global user.name 'Alice O'\\''Hara'`,
        "git config --global user.email a@example.org",
        "git patchsig key generate",
        HOOK,
      ],
      KEY,
    ],
    [
      "a key in ssh-agent",
      {},
      { key: named("ssh:SHA256:x") },
      [`${SET} ssh:SHA256:x`, HOOK],
      "ssh:SHA256:x",
    ],
    ["a file", {}, { key: named("/k") }, [`${SET} /k`, HOOK], "/k"],
    ["the file in the usual place needs no setting", {}, { key: named(KEY) }, [HOOK], KEY],
    ["what is set already", { keySetting: "/k" }, { key: named("/k") }, [HOOK], "/k"],
    [
      "another key than is set",
      { keySetting: "/k" },
      { key: named("/l") },
      [`${SET} /l`, HOOK],
      "/l",
    ],
    [
      "a new key where another is set",
      { keySetting: "/k" },
      {},
      ["git patchsig key generate", `${SET} ${KEY}`, HOOK],
      KEY,
    ],
    ["the key that is there", { keySetting: "/k" }, { key: { kind: "as-is" } }, [HOOK], "/k"],
    ["the key in the usual place", {}, { key: { kind: "as-is" } }, [HOOK], KEY],
    ["no hook", {}, { hook: false }, ["git patchsig key generate"], KEY],
    ["who only applies", {}, { role: "maintainer", key: null }, [], null],
    ["who applies, with a key", {}, { role: "maintainer", key: named("/k") }, [`${SET} /k`], "/k"],
    [
      "who applies, with DKIM's keys from DNS",
      {},
      { role: "maintainer", key: null, dkim: "dns" },
      ["git config --global patchsig.dkim dns"],
      null,
    ],
    [
      "who applies, and has no notes follow",
      { followingNotes: [] },
      { role: "maintainer", key: null },
      ["git config --global notes.rewriteRef refs/notes/patchsig"],
      null,
    ],
    [
      "who only sends",
      { followingNotes: [] },
      { role: "submitter", key: named("/k"), hook: false },
      [`${SET} /k`],
      "/k",
    ],
    [
      "DKIM as it is set",
      { dkim: "dns" },
      { role: "maintainer", key: null, dkim: "dns" },
      [],
      null,
    ],
    [
      "the hook is there",
      { hook: { kind: "installed", path: "/x" } },
      { key: { kind: "as-is" } },
      [],
      KEY,
    ],
    [
      "no hook can be there",
      { hook: { kind: "impossible", why: "", hint: "" } },
      { key: { kind: "as-is" } },
      [],
      KEY,
    ],
    ["no repository", { hook: { kind: "nowhere" } }, { key: { kind: "as-is" } }, [], KEY],
    [
      "this repository alone",
      {},
      { key: named("/k"), place: { scope: "local", repository: "/linux" } },
      ["git config --local patchsig.key /k", HOOK],
      "/k",
    ],
  ])("%s", (_name, fact, answer, steps, key) => {
    const f = facts(fact);
    const a = answers(answer);
    expect(commands(f, a)).toEqual(steps);
    expect(planOf(f, a).key).toBe(key);
  });

  test("a value that is replaced is told", () => {
    const { steps } = planOf(
      facts({ keySetting: "/k" }),
      answers({ key: named("/l"), hook: false }),
    );
    expect(steps).toEqual([
      { kind: "setting", place: PLACE, name: "patchsig.key", value: "/l", instead: "/k" },
    ]);
  });
});

test("other notes that follow are left, and it is said", () => {
  const notesOf = (...followingNotes: string[]) => recordNotes(facts({ followingNotes }));
  expect(notesOf("refs/notes/commits")).toEqual([
    "what am records does not follow a rebase: git config --add notes.rewriteRef refs/notes/patchsig",
  ]);
  for (const enough of [[], ["refs/notes/*"], ["refs/notes/commits", "refs/notes/patchsig"]])
    expect(notesOf(...enough)).toEqual([]);
});

describe("the record", () => {
  const setting = {
    kind: "setting",
    place: PLACE,
    name: "patchsig.key",
    value: "/k",
    before: null,
  };
  const local = { ...setting, place: { scope: "local", repository: "/linux" }, before: "/j" };
  const record = {
    version: 1,
    role: "both",
    steps: [{ kind: "key", path: "/k" }, { kind: "hook", folder: "/h" }, setting, local],
  };

  test("is read as it was written", () => {
    const { role, steps } = record;
    expect(parseRecord(JSON.stringify(record))).toEqual({ role, steps });
    expect(parseRecord('{"version":1,"role":null,"steps":[]}')).toEqual({ role: null, steps: [] });
  });

  const step = (one: unknown): unknown => ({ ...record, steps: [one] });
  test.each<[string, unknown]>([
    ["another version", { ...record, version: 2 }],
    ["another role", { ...record, role: "root" }],
    ["no list", { ...record, steps: {} }],
    ["null", null],
    ["a step of another kind", step({ kind: "program", path: "/bin/sh" })],
    ["a step without a kind", step({ path: "/k" })],
    ["a null step", step(null)],
    ["a place that is none", step({ ...setting, place: { scope: "system" } })],
    ["a local place without a repository", step({ ...setting, place: { scope: "local" } })],
    ["a value that is no text", step({ ...setting, value: 1 })],
    ["an older value that is no text", step({ ...setting, before: 1 })],
    ["a hook without a folder", step({ kind: "hook" })],
  ])("%s is none of ours", (_name, value) => {
    expect(parseRecord(JSON.stringify(value))).toBeNull();
  });

  test("nor is what is no JSON", () => {
    for (const text of ["", "{", '{"version":1']) expect(parseRecord(text)).toBeNull();
  });
});
