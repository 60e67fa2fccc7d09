/**
 * What an attacker can try against trust: each with the mails it takes, and a verdict that fails.
 * Mails are read, checked and judged as `patchsig verify` does it, against a database on disk.
 */

import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createCheck, evidenceIn, isEvidence } from "../../src/app/verify/checking.ts";
import { createTrustJudge } from "../../src/app/verify/judging.ts";
import { now } from "../../src/app/now.ts";
import { type MboxMessage, messages } from "../../src/mail/mbox.ts";
import { prepare, signPlaced } from "../../src/patch/sign.ts";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import type { Statement } from "../../src/trust/statement.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/verify/policy.ts";
import type { StatementMail, PatchResult } from "../../src/verify/result.ts";
import { temporaryDirectory } from "../store/support.ts";
import { ALICE, BOB, byMail, type Key, keyOf, says, TIME } from "./support.ts";

const MALLORY = "mallory@evil.example";
const [A1, A2, B, M] = [keyOf(1), keyOf(2), keyOf(3), keyOf(4)];

let folder: string;
let trust: TrustStore;
let count: number;
beforeEach(() => {
  folder = temporaryDirectory();
  trust = openTrustStore({ file: join(folder, "trust.db") });
  count = 0;
  return () => trust.close();
});

interface Mail {
  readonly from?: string;
  readonly key?: Key | null;
  readonly by?: string;
  readonly time?: number;
  readonly statements?: readonly string[];
}

/** A patch that differs from all before it. */
function patchMail({ from = `Alice <${ALICE}>`, key = null, ...more }: Mail = {}): string {
  const { by = ALICE, time = TIME, statements = [] } = more;
  const n = ++count;
  const mail =
    `From: ${from}\nDate: Tue, 10 Nov 2026 10:00:00 +0000\nMessage-ID: <${n}@example.org>\n` +
    `Subject: [PATCH] song: verse ${n}\n\nMore.\n---\n${statements.join("\n")}\n` +
    `diff --git a/song b/song\n--- a/song\n+++ b/song\n@@ -1 +1 @@\n-la\n+la ${n}\n`;
  if (key === null) return mail;
  const made = prepare(Buffer.from(mail));
  if (made === null || !made.ok) throw new Error("cannot be signed");
  const placed = [{ prepared: made.value, version: 1, index: 1, total: 1 }];
  return signPlaced(placed, { time, by, base: null }, key.signer)[0]!.toString("latin1");
}

function letter(text: string): string {
  return `From: x@example.net\nMessage-ID: <${++count}@example.net>\nSubject: keys\n\n${text}\n`;
}

interface Seen {
  readonly patches: PatchResult[];
  readonly notes: StatementMail[];
}

const check = createCheck({ devKeyrings: [], signedOnly: false, plainAm: null, dkim: null });

function verify(
  mails: readonly string[],
  policy: Partial<Policy> = {},
  dryRun = false,
  at = now(),
): Seen {
  const policies = { general: { ...DEFAULT_POLICY, ...policy }, overrides: [] };
  const found = mails.flatMap((mail) => {
    const [{ bytes, size }] = messages(Buffer.from(mail, "latin1")) as [MboxMessage];
    const evidence = evidenceIn(check(bytes, size));
    return isEvidence(evidence) ? [{ source: "x", evidence, payload: null }] : [];
  });
  const { members, notes } = createTrustJudge(trust, { policies, dryRun, at }).judge(found);
  return { patches: members.map(({ result }) => result), notes: [...notes] };
}

/** The verdict and the codes of one mail. */
function judged(mail: string, policy: Partial<Policy> = {}): [string, string[]] {
  const { patches } = verify([mail], policy);
  const [{ verdict, findings }] = patches as [PatchResult];
  const codes = findings.map(({ code }) => code).filter((code) => code !== "key-known");
  return [verdict, codes];
}

/** Alice's key is known, by mail. */
function knowAlice(): void {
  verify([patchMail({ key: A1 })], {}, false, now() - 2 * 86_400);
  verify([patchMail({ key: A1 })]);
  expect(trust.lookup(ALICE)).toMatchObject([{ state: "known" }]);
}

function told(...statements: readonly Statement[]): string[] {
  const { notes } = verify(statements.map(({ text }) => letter(text)));
  return notes.flatMap(({ findings }) => findings.map(({ code }) => code));
}

describe("a verdict that fails", () => {
  const DAYS = [0, 0, 2, 9];

  test.each<[string, Partial<Policy>]>([
    ["require=known", { require: "known" }],
    ["require=pinned", { require: "pinned" }],
    ["firstUse=fail", { firstUse: "fail" }],
    ["both", { require: "known", firstUse: "fail" }],
  ])("%s: leaves no trace, in one run or in several, on one day or later", (_, policy) => {
    const mails = [1, 2, 3].map(() => patchMail({ key: M }));
    for (const dryRun of [true, false])
      for (const days of DAYS) {
        const { patches } = verify(mails, policy, dryRun, now() + days * 86_400);
        expect(patches.map(({ verdict }) => verdict)).toEqual(["fail", "fail", "fail"]);
        expect(JSON.stringify(patches)).toContain("first use, not remembered");
      }
    expect(trust.show(ALICE)).toBeNull();
    // the owner of the address is not in its way
    expect(judged(patchMail({ key: A1 }))).toEqual(["pass", ["key-first-use"]]);
  });

  test("does not make a key known that a laxer policy has admitted, in any order", () => {
    const [first, other] = [patchMail({ key: A1 }), patchMail({ key: A1 })];
    verify([first]);
    const strict = (): string[] =>
      verify([first, other, first], { require: "known" }, false, now() + 2 * 86_400).patches.map(
        ({ verdict }) => verdict,
      );
    for (let i = 0; i < 3; i++) expect(strict()).toEqual(["fail", "pass", "fail"]);
    expect(trust.lookup(ALICE)).toMatchObject([{ state: "first-use", again: false }]);
    verify([other], {}, false, now() + 2 * 86_400);
    for (let i = 0; i < 3; i++) expect(strict()).toEqual(["pass", "pass", "pass"]);
  });

  test("does not make later mails look like old versions", () => {
    const mail = patchMail({ key: A1 });
    expect(judged(mail, { firstUse: "fail" })[0]).toBe("fail");
    expect(judged(mail.replace("Message-ID: <1@", "Message-ID: <again@"))[1]).toEqual([
      "key-first-use",
    ]);
  });
});

describe("an unsigned mail whose address looks like a known signer's", () => {
  test.each<[string, string]>([
    ["invisible", "Alice <ali\xe2\x80\x8bce@example.org>"],
    ["a dot behind", "Alice <alice@example.org.>"],
    ["Cyrillic", "Alice <\xd0\xb0lice@example.org>"],
    ["punycode", "Alice <alice@xn--exmple-4nf.org>"],
  ])("%s: fails whatever the policy", (_, from) => {
    const lax = { require: "opt-in", unsignedKnown: "warn" } as const;
    const before = judged(patchMail({ from }), lax);
    expect(before[1]).not.toContain("address-lookalike");
    knowAlice();
    expect(judged(patchMail({ from }), lax)).toEqual([
      "fail",
      expect.arrayContaining(["address-lookalike"]),
    ]);
  });

  test("letter case does not matter; other addresses are other people", () => {
    knowAlice();
    expect(judged(patchMail({ from: "Alice <ALICE@Example.org>" }))[1]).toEqual(["unsigned-known"]);
    expect(judged(patchMail({ from: 'Alice <"alice"@example.org>' }))[1]).toEqual([
      "unsigned-known",
    ]);
    expect(judged(patchMail({ from: "Alice <alice2@example.org>" }))[1]).toEqual(["unsigned"]);
  });

  test("signed by a new key: fails, and is not remembered", () => {
    const by = "alice@xn--exmple-4nf.org";
    knowAlice();
    const hers = (): string => patchMail({ key: M, from: `Alice <${by}>`, by });
    for (let i = 0; i < 2; i++)
      expect(judged(hers())).toEqual(["fail", ["key-first-use", "address-lookalike"]]);
    expect(trust.lookup(by)).toEqual([]);
    trust.accept(by, M.text, TIME);
    expect(judged(hers())).toEqual(["pass", []]);
  });
});

describe("an old key", () => {
  test("replaced, revoked, or never theirs: each has its own finding", () => {
    knowAlice();
    trust.accept(ALICE, A2.text, TIME);
    const [old] = verify([patchMail({ key: A1 })]).patches as [PatchResult];
    expect(old).toMatchObject({
      verdict: "fail",
      trust: "replaced",
      key: { state: "replaced", patches: 2, ended: TIME },
    });
    const [finding] = old.findings;
    expect(finding!.code).toBe("key-replaced");
    expect(finding!.message).toContain("replaced on 2026-");
    expect(finding!.message).toContain("seen before on 2 patches");
    expect(finding!.hint).not.toContain("trust accept");

    const [never] = verify([patchMail({ key: M })]).patches as [PatchResult];
    expect(never).toMatchObject({ trust: "changed", key: null });

    trust.drop(ALICE, A1.text, TIME + 60);
    const [revoked] = verify([patchMail({ key: A1 })]).patches as [PatchResult];
    expect(revoked).toMatchObject({
      trust: "revoked",
      key: { state: "revoked", ended: TIME + 60 },
    });
    expect(revoked.findings[0]!.message).toContain("revoked on 2026-");
    expect(trust.events(ALICE).filter(({ kind }) => kind === "changed")).toHaveLength(1);
  });
});

describe("a rotation", () => {
  test("makes the new key good and the old one bad", () => {
    knowAlice();
    const mail = patchMail({ key: A2, statements: [says(A1, "rotate", A2).text] });
    expect(judged(mail)).toEqual(["pass", ["statement-applied"]]);
    expect(judged(mail)).toEqual(["pass", ["statement-repeated"]]);
    expect(judged(patchMail({ key: A1 }))).toEqual(["fail", ["key-replaced"]]);
    expect(
      trust
        .lookup(ALICE)
        .map(({ state }) => state)
        .sort(),
    ).toEqual(["known", "replaced"]);
  });

  test("in a mail without a patch is a note, not an unsigned patch", () => {
    knowAlice();
    const { patches, notes } = verify([letter(says(A1, "rotate", A2).text)]);
    expect(patches).toEqual([]);
    expect(notes).toMatchObject([
      { type: "note", subject: "keys", findings: [{ code: "statement-applied" }] },
    ]);
    expect(judged(patchMail({ key: A2 }))).toEqual(["pass", []]);
  });

  test("in a dry run is effective for that run only", () => {
    knowAlice();
    const mail = patchMail({ key: A2, statements: [says(A1, "rotate", A2).text] });
    trust.close();
    trust = openTrustStore({ file: join(folder, "trust.db"), dryRun: true });
    const { patches } = verify([mail, patchMail({ key: A2 })], {}, true);
    expect(patches.map(({ verdict }) => verdict)).toEqual(["pass", "pass"]);
    trust.close();
    trust = openTrustStore({ file: join(folder, "trust.db") });
    expect(trust.statements(ALICE)).toEqual([]);
    expect(trust.lookup(ALICE)).toMatchObject([{ state: "known", publicKey: A1.text }]);
  });

  test.each<[string, string[], () => Statement]>([
    [
      "by a key met once",
      ["statement-ignored", "key-changed"],
      () => {
        verify([patchMail({ key: A1 })]);
        return says(A1, "rotate", A2);
      },
    ],
    [
      "by a revoked key",
      ["statement-refused", "key-changed"],
      () => {
        knowAlice();
        told(says(A1, "revoke", A1));
        return says(A1, "rotate", A2);
      },
    ],
    [
      "by a key that the person here revoked",
      ["statement-refused", "key-changed"],
      () => {
        knowAlice();
        trust.drop(ALICE, A1.text, TIME);
        return says(A1, "rotate", A2);
      },
    ],
    [
      "by a replaced key",
      ["statement-refused", "key-changed"],
      () => {
        knowAlice();
        trust.accept(ALICE, B.text, TIME);
        return says(A1, "rotate", A2);
      },
    ],
    [
      "by another person's known key, as her",
      ["statement-refused", "key-changed"],
      () => {
        knowAlice();
        verify([1, 2].map(() => patchMail({ key: M, from: MALLORY, by: MALLORY })));
        return says(M, "rotate", A2);
      },
    ],
    [
      "by another person's known key, of hers",
      ["statement-refused", "key-changed"],
      () => {
        knowAlice();
        trust.accept(MALLORY, M.text, TIME);
        return says(M, "rotate", A2, { by: MALLORY });
      },
    ],
    [
      "by a key that nobody knows",
      ["statement-refused", "key-changed"],
      () => {
        knowAlice();
        return says(M, "rotate", A2);
      },
    ],
    [
      "to a key that is revoked for somebody else",
      ["statement-refused", "key-revoked"],
      () => {
        knowAlice();
        trust.drop(MALLORY, A2.text, TIME);
        return says(A1, "rotate", A2);
      },
    ],
  ])("%s is not followed", (_, codes, prepared) => {
    const statement = prepared();
    const before = trust.lookup(ALICE);
    expect(judged(patchMail({ key: A2, statements: [statement.text] }))).toEqual(["fail", codes]);
    expect(trust.lookup(ALICE)).toEqual(before);
  });

  test("replayed after the user's decision does not undo it", () => {
    knowAlice();
    const rotation = says(A1, "rotate", A2);
    expect(told(rotation)).toEqual(["statement-applied"]);
    trust.accept(ALICE, A1.text, TIME);
    const replay = patchMail({ key: A2, statements: [rotation.text] });
    expect(judged(replay)).toEqual(["fail", ["statement-repeated", "key-replaced"]]);
    expect(judged(patchMail({ key: A1 }))[0]).toBe("pass");
  });

  test("in a cycle ends where it began", () => {
    knowAlice();
    expect(told(says(A1, "rotate", A2), says(A2, "rotate", A1))).toEqual([
      "statement-applied",
      "statement-refused",
    ]);
    expect(judged(patchMail({ key: A2 }))[0]).toBe("pass");
  });

  test("by the thief of a key, before its owner revokes it: a warning until it is accepted", () => {
    trust.accept(ALICE, A1.text, TIME);
    expect(told(says(A1, "rotate", M), says(M, "rotate", A2), says(A1, "revoke", A1))).toEqual(
      Array(3).fill("statement-applied"),
    );
    // fallen back to what mails have shown, which is nothing yet
    expect(judged(patchMail({ key: A2 }))).toEqual(["warn", ["key-first-use", "key-tainted"]]);
    expect(judged(patchMail({ key: A2 }), { require: "pinned" })).toEqual([
      "fail",
      ["key-first-use", "key-tainted", "key-policy"],
    ]);
    expect(judged(patchMail({ key: M }))).toEqual(["fail", ["key-replaced"]]);
    trust.accept(ALICE, A2.text, TIME);
    expect(judged(patchMail({ key: A2 }))).toEqual(["pass", []]);
  });
});

describe("an addition: two machines, two keys", () => {
  const both = (): string[] => [A1, A2].map((key) => judged(patchMail({ key }))[0]);

  test("announced by the first key: both are good, whoever signs", () => {
    knowAlice();
    expect(both()).toEqual(["pass", "fail"]);
    expect(told(says(A1, "add", A2), says(A1, "add", A2))).toEqual([
      "statement-applied",
      "statement-repeated",
    ]);
    for (let i = 0; i < 3; i++) expect(both()).toEqual(["pass", "pass"]);
    expect(trust.lookup(ALICE).map(({ state }) => state)).toEqual(["known", "known"]);
    expect(judged(patchMail({ key: M }))).toEqual(["fail", ["key-changed"]]);
  });

  test("accepted by hand, beside the first; without --also in its place", () => {
    knowAlice();
    expect(trust.accept(ALICE, A2.text, TIME, true).replaced).toEqual([]);
    expect(both()).toEqual(["pass", "pass"]);
    expect(trust.accept(ALICE, A2.text, TIME).replaced).toMatchObject([{ publicKey: A1.text }]);
    expect(both()).toEqual(["fail", "pass"]);
  });

  test("each can be rotated, and the other stays", () => {
    trust.accept(ALICE, A1.text, TIME);
    told(says(A1, "add", A2), says(A1, "rotate", B));
    expect(both()).toEqual(["fail", "pass"]);
    expect(judged(patchMail({ key: B }))[0]).toBe("pass");
  });

  test("is void once the key that announced it is revoked", () => {
    trust.accept(ALICE, A1.text, TIME);
    told(says(A1, "add", A2), says(A1, "revoke", A1));
    expect(
      trust
        .lookup(ALICE)
        .map(({ state }) => state)
        .sort(),
    ).toEqual(["first-use", "revoked"]);
    expect(judged(patchMail({ key: A2 }))).toEqual(["warn", ["key-first-use", "key-tainted"]]);
  });

  test("not by a key seen once, nor by a stranger's, nor by an old key", () => {
    verify([patchMail({ key: A1 })]);
    expect(told(says(A1, "add", A2))).toEqual(["statement-ignored"]);
    expect(told(says(M, "add", A2))).toEqual(["statement-refused"]);
    trust.accept(ALICE, A2.text, TIME);
    expect(told(says(A1, "add", M))).toEqual(["statement-refused"]);
    expect(told(says(A2, "add", A1))).toEqual(["statement-refused"]);
    expect(told(says(A2, "add", A2))).toEqual(["statement-refused"]);
    expect(told(says(A2, "add", M, { of: BOB }))).toEqual(["statement-refused"]);
  });

  test("at most eight keys are in use", () => {
    trust.accept(ALICE, A1.text, TIME);
    const more = Array.from({ length: 9 }, (_, i) => says(A1, "add", keyOf(20 + i)));
    const outcomes = more.map((statement) => trust.applyStatement(statement, byMail()).outcome);
    expect(outcomes).toEqual([...Array(7).fill("applied"), "refused", "refused"]);
  });
});

describe("a revocation", () => {
  test("holds whatever time a signature claims, for every address, for good", () => {
    knowAlice();
    expect(told(says(A1, "revoke", A1, { time: TIME }))).toEqual(["statement-applied"]);
    for (const time of [1, TIME - 86_400, TIME])
      expect(judged(patchMail({ key: A1, time }))[1]).toContain("key-revoked");
    const elsewhere = patchMail({ key: A1, from: MALLORY, by: MALLORY });
    expect(judged(elsewhere)).toEqual(["fail", ["key-revoked"]]);
    expect(() => trust.accept(ALICE, A1.text, TIME)).toThrow(/is revoked/);
    expect(judged(patchMail({ key: A2 }))).toEqual(["fail", ["key-changed"]]);
  });

  test("of an unknown key is remembered, and does not make any address known", () => {
    expect(told(says(M, "revoke", M))).toEqual(["statement-applied"]);
    expect(trust.lookup(ALICE)).toEqual([]);
    expect(judged(patchMail({ key: M }))).toEqual(["fail", ["key-revoked"]]);
    expect(judged(patchMail({ key: A1 }))).toEqual(["pass", ["key-first-use"]]);
  });

  test("of her key by somebody else is refused", () => {
    knowAlice();
    trust.accept(MALLORY, M.text, TIME);
    const others = [says(M, "revoke", A1, { by: MALLORY }), says(M, "revoke", A1)];
    expect(told(...others)).toEqual(["statement-refused", "statement-refused"]);
    expect(judged(patchMail({ key: A1 }))).toEqual(["pass", []]);
  });

  test("by a pinned key that endorsed her key for another address is refused", () => {
    trust.accept(BOB, B.text, TIME);
    trust.accept(ALICE, A1.text, TIME);
    const throwaway = { by: BOB, of: "throwaway@evil.example" };
    expect(told(says(B, "endorse", A1, throwaway), says(B, "revoke", A1, throwaway))).toEqual([
      "statement-applied",
      "statement-refused",
    ]);
    expect(judged(patchMail({ key: A1 }))).toEqual(["pass", []]);
  });

  test("by an endorser does not affect the key that a pinned key was rotated to", () => {
    trust.accept(BOB, B.text, TIME);
    told(says(B, "endorse", A1, { by: BOB }));
    trust.accept(ALICE, A1.text, TIME);
    expect(told(says(A1, "rotate", A2), says(B, "revoke", A2, { by: BOB }))).toEqual([
      "statement-applied",
      "statement-refused",
    ]);
    // nor does it fall with the endorser
    trust.drop(BOB, B.text, TIME);
    expect(judged(patchMail({ key: A2 }), { require: "pinned" })).toEqual(["pass", []]);
  });

  test("by a pinned key counts if it had endorsed the key before, not if it only does so now", () => {
    trust.accept(BOB, B.text, TIME);
    trust.accept(ALICE, A1.text, TIME);
    const bob = { by: BOB };
    expect(told(says(B, "endorse", A1, bob), says(B, "revoke", A1, bob))).toEqual([
      "statement-repeated",
      "statement-refused",
    ]);
    const carol = { by: BOB, of: "carol@example.net" };
    expect(told(says(B, "endorse", A2, carol), says(B, "revoke", A2, carol))).toEqual([
      "statement-applied",
      "statement-applied",
    ]);
    const mail = patchMail({ key: A2, from: "carol@example.net", by: "carol@example.net" });
    expect(judged(mail)).toEqual(["fail", ["key-revoked"]]);
  });
});

describe("an endorsement", () => {
  const carol = "carol@example.net";
  const endorsement = (): Statement => says(B, "endorse", A2, { by: BOB, of: carol });
  const hers = (): string => patchMail({ key: A2, from: carol, by: carol });

  test("by a pinned key is as good as pinned", () => {
    trust.accept(BOB, B.text, TIME);
    expect(told(endorsement())).toEqual(["statement-applied"]);
    expect(judged(hers(), { require: "pinned" })).toEqual(["pass", []]);
  });

  test.each<[string, string, () => void]>([
    ["by a key that nobody has met", "statement-ignored", () => undefined],
    [
      "by a key that is known only",
      "statement-ignored",
      () => void verify([1, 2].map(() => patchMail({ key: B, from: BOB, by: BOB }))),
    ],
    [
      "by an endorsed key",
      "statement-ignored",
      () => {
        trust.accept(ALICE, A1.text, TIME);
        told(says(A1, "endorse", B, { of: BOB }));
      },
    ],
    ["by a revoked key", "statement-refused", () => void trust.drop(BOB, B.text, TIME)],
  ])("%s does nothing", (_, code, prepared) => {
    prepared();
    const mail = patchMail({ key: A2, from: carol, by: carol, statements: [endorsement().text] });
    expect(judged(mail, { require: "known" })[0]).toBe("fail");
    expect(judged(mail, { require: "pinned" })).toEqual([
      "fail",
      [code, "key-first-use", "key-policy"],
    ]);
  });

  test("does not replace a key in use; it is reported", () => {
    trust.accept(BOB, B.text, TIME);
    knowAlice();
    expect(told(says(B, "endorse", A2, { by: BOB }))).toEqual(["statement-ignored"]);
    const { patches } = verify([patchMail({ key: A2 })]);
    expect(patches[0]).toMatchObject({ verdict: "fail", trust: "changed" });
    const [finding] = patches[0]!.findings.filter(({ code }) => code === "key-changed");
    expect(finding!.message).toContain(A1.text);
    expect(finding!.message).toContain(A2.text);
    expect(finding!.message).toContain(`endorsed by ${BOB}, whose key is pinned`);
    expect(finding!.hint).toContain(`git patchsig trust accept ${ALICE} ${A2.text}`);
  });

  test("is void once the key that made it is revoked", () => {
    trust.accept(BOB, B.text, TIME);
    told(endorsement());
    expect(judged(hers())).toEqual(["pass", []]);
    told(says(B, "revoke", B, { by: BOB, of: BOB }));
    expect(trust.lookup(carol)).toMatchObject([{ state: "first-use", patches: 1, endorsedBy: "" }]);
    expect(judged(hers(), { require: "pinned" })).toEqual([
      "fail",
      ["key-first-use", "key-policy"],
    ]);
    expect(trust.events(carol).map(({ kind, other }) => [kind, other])).toEqual([
      ["endorse", B.text],
      ["fall-back", B.text],
    ]);
  });

  test("that is replayed has no effect, not even twice in one mail", () => {
    trust.accept(BOB, B.text, TIME);
    expect(told(endorsement())).toEqual(["statement-applied"]);
    trust.accept(BOB, keyOf(9).text, TIME);
    trust.accept(BOB, B.text, TIME);
    const statements = Array(2).fill(endorsement().text) as string[];
    const mail = patchMail({ key: A2, from: carol, by: carol, statements });
    expect(judged(mail, { require: "pinned" })).toEqual([
      "fail",
      ["statement-repeated", "statement-repeated", "key-first-use", "key-policy"],
    ]);
  });

  test("is void also after a rotation, and a replay does not restore it", () => {
    trust.accept(BOB, B.text, TIME);
    told(endorsement(), says(A2, "rotate", A1, { by: carol, of: carol }));
    trust.accept(BOB, keyOf(9).text, TIME);
    expect(told(endorsement())).toEqual(["statement-repeated"]);
    const states = trust.lookup(carol).map(({ state }) => state);
    expect(states.sort()).toEqual(["first-use", "replaced"]);
    // the first patch of a key that fell back unseen has not made it known
    const mail = patchMail({ key: A1, from: carol, by: carol });
    expect(judged(mail, { require: "known" })).toEqual(["fail", ["key-first-use", "key-policy"]]);
  });
});

describe("statements that do not count", () => {
  test("a statement in place of a patch's signature", () => {
    knowAlice();
    const block = says(A1, "endorse", A2).text.replace("patchsig-statement ", "patchsig ");
    expect(judged(patchMail({ statements: [block] }))).toEqual(["fail", ["block-malformed"]]);
  });

  test("a patch's signature in place of a statement", () => {
    knowAlice();
    const mail = patchMail({ key: A1 }).replace(": patchsig ", ": patchsig-statement ");
    expect(judged(mail)).toEqual(["fail", ["statement-malformed", "unsigned-known"]]);
  });

  test("one that was changed in transit", () => {
    knowAlice();
    const changed = says(A1, "rotate", A2).text.replace(A2.text, M.text);
    expect(judged(patchMail({ key: M, statements: [changed] }))).toEqual([
      "fail",
      ["statement-malformed", "key-changed"],
    ]);
  });

  test("one in the commit message, or in the diff", () => {
    knowAlice();
    const { text } = says(A1, "rotate", A2);
    const inMessage = patchMail().replace("More.\n", `More.\n\n${text}`);
    const added = text.replace(/^/gm, "+").replace(/\+$/, "");
    const inDiff = patchMail().replace(/@@ .*\n-la\n/, `@@ -1 +1,5 @@\n-la\n${added}`);
    for (const mail of [inMessage, inDiff])
      expect(judged(mail)).toEqual(["fail", ["unsigned-known"]]);
    expect(trust.statements(ALICE)).toEqual([]);
  });

  test("a stranger's statement about a stranger is not stored", () => {
    expect(told(says(M, "endorse", A2), says(M, "rotate", A2))).toEqual([
      "statement-ignored",
      "statement-ignored",
    ]);
    expect(trust.statements(ALICE)).toEqual([]);
  });

  test("nor one in the name of a known person", () => {
    knowAlice();
    expect(told(says(M, "rotate", A2), says(M, "endorse", A2), says(M, "revoke", M))).toEqual([
      "statement-refused",
      "statement-refused",
      "statement-applied",
    ]);
    expect(trust.statements(ALICE)).toEqual([]);
    expect(judged(patchMail({ key: M }))).toEqual(["fail", ["key-revoked"]]);
  });
});

describe("impersonation", () => {
  test("with another key", () => {
    knowAlice();
    expect(judged(patchMail({ key: M }))).toEqual(["fail", ["key-changed"]]);
    expect(judged(patchMail({ key: M }))).toEqual(["fail", ["key-changed"]]);
  });

  test("with the known key of another person", () => {
    knowAlice();
    const hers = (): string => patchMail({ key: M, from: MALLORY, by: MALLORY });
    verify([hers()], {}, false, now() - 2 * 86_400);
    verify([hers()]);
    expect(judged(patchMail({ key: M, by: MALLORY }))[1]).toContain("signer-not-author");
    expect(judged(patchMail({ key: M }))).toEqual(["fail", ["key-changed"]]);
    const { patches } = verify([patchMail({ key: M })]);
    expect(patches[0]!.findings[0]!.message).toContain(`it is known for ${MALLORY} on 2 patches`);
  });

  test("by stripping the signature", () => {
    knowAlice();
    expect(judged(patchMail())).toEqual(["fail", ["unsigned-known"]]);
  });

  test.each<[string, string]>([
    ["another case", "Alice <ALICE@Example.Org>"],
    ["the address in the display name's place", `"${ALICE}" <${ALICE.toUpperCase()}>`],
    ["a comment", `${ALICE} (Alice)`],
  ])("under another spelling of her address: %s", (_, from) => {
    knowAlice();
    expect(judged(patchMail({ from, key: M }))).toEqual(["fail", ["key-changed"]]);
    expect(judged(patchMail({ from }))).toEqual(["fail", ["unsigned-known"]]);
  });

  test.each<[string, string, string | null]>([
    ["a Cyrillic a", "\u0430lice@example.org", null],
    ["a Cyrillic a in the domain", "alice@ex\u0430mple.org", "alice@xn--exmple-4nf.org"],
    ["a plus tag", "alice+git@example.org", "alice+git@example.org"],
    ["another domain", "alice@example.org.evil.example", "alice@example.org.evil.example"],
  ])("under a different address: %s", (_, address, by) => {
    knowAlice();
    const from = `Alice <${Buffer.from(address).toString("latin1")}>`;
    // her own key does not speak for it, and nobody is taken for her
    expect(judged(patchMail({ from, key: A1 }))[1]).toContain("signer-not-author");
    expect(judged(patchMail({ from, key: M }))[1]).toContain("signer-not-author");
    if (by !== null)
      expect(judged(patchMail({ from, key: M, by }), { require: "known" })[0]).toBe("fail");
    expect(trust.lookup(ALICE)).toMatchObject([{ publicKey: A1.text, state: "known" }]);
  });

  test.each<[string, string]>([
    ["a quoted local part", '"alice"@example.org'],
    ["her address in the display name", `"Alice <${ALICE}>" <${MALLORY}>`],
    ["her address as the display name", `"${ALICE}" <${MALLORY}>`],
    ["her address in a comment", `${MALLORY} (${ALICE})`],
  ])("with %s", (_, from) => {
    knowAlice();
    verify([1, 2].map(() => patchMail({ key: M, from: MALLORY, by: MALLORY })));
    const [verdict, codes] = judged(patchMail({ from, key: M }));
    expect(verdict).toBe("fail");
    expect(codes.some((code) => ["signer-not-author", "key-changed"].includes(code))).toBe(true);
    const { patches } = verify([patchMail({ from, key: M, by: MALLORY })]);
    // as Mallory it may be good, and then it says Mallory
    if (patches[0]!.verdict !== "fail") expect(patches[0]!.signer).toBe(MALLORY);
    expect(trust.lookup(ALICE)).toMatchObject([{ publicKey: A1.text, state: "known" }]);
  });
});
