/** The index holds the same, whatever portions its mails come in. */

import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mailsAt } from "../../../src/app/sources/at-places.ts";
import { newFolder } from "../../support/folders.ts";
import { HAS_INBOX, newInbox } from "../../support/inbox.ts";
import { mail, signed, two } from "../series/thread.ts";
import { DEFAULT_POLICY } from "../../../src/verify/policy.ts";
import { newShelf, type Shelf, writeMbox } from "./index.ts";
import { PUBLIC } from "./results.ts";

const REVIEW = "Reviewed-by: Bob <bob@example.org>";
const MAILS = [
  ...signed(two("a", "PATCH")),
  mail("r1", "Re: [PATCH 1/2] one", { re: "a0 a1", from: "Bob <bob@example.org>", text: REVIEW }),
  mail("x", "[PATCH] alone"),
  ...signed(two("b", "PATCH v2", { re: "a0", to: "2" })),
  // no thread holds these two together
  mail("u1", "[PATCH 1/2] loose", { from: "Carol <carol@example.org>" }),
  mail("u2", "[PATCH 2/2] ends", { from: "Carol <carol@example.org>" }),
  mail("r2", "Re: [PATCH 0/2] both", { re: "b0", text: "Why?" }),
];
const EXPECTED = [
  "A a0 v1/2: a0 a1 a2 warn R1",
  "A b0 v2/2: b0 b1 b2 warn R0",
  "B u1 v1/2: u1 u2 warn R0",
  "C x v1/1: x fail R0",
];

describe("an mbox", () => {
  test.each([1_000, 4, 3])("%d mails at a time", async (portion) => {
    const shelf = newShelf(newFolder());
    const mbox = writeMbox(join(shelf.folder, "mbox"), MAILS);
    expect(await shelf.update([mbox], portion)).toEqual({
      mails: MAILS.length,
      unread: 0,
      lost: 0,
    });
    expect(shelf.series()).toEqual(EXPECTED);
    expect(await shelf.update([mbox], portion)).toEqual({ mails: 0, unread: 0, lost: 0 });
    expect(shelf.series()).toEqual(EXPECTED);
  });

  test("that grows; and a run that ends in the middle", async () => {
    const shelf = newShelf(newFolder());
    const mbox = writeMbox(join(shelf.folder, "mbox"), MAILS.slice(0, 2));
    await shelf.update([mbox]);
    expect(shelf.series()).toEqual(["A a0 v1/2: a0 a1 lacks [2] warn R0"]);
    const rest = writeMbox(join(shelf.folder, "rest"), MAILS.slice(2));
    appendFileSync(mbox, readFileSync(rest));
    const stop = (): never => {
      throw new Error("stopped");
    };
    await expect(shelf.update([mbox], 4, stop)).rejects.toThrow("stopped");
    await shelf.update([mbox], 5);
    expect(shelf.series()).toEqual(EXPECTED);
  });
});

test("an mbox from which mails were deleted: no mail is taken for the one that stood there", async () => {
  const shelf = newShelf(newFolder());
  const mbox = writeMbox(join(shelf.folder, "mbox"), MAILS);
  await shelf.update([mbox]);
  // of the same length, so that it begins where another one did
  const [a0, a1] = [MAILS[0]!, MAILS[1]!];
  const forged = Buffer.from(a1.toString("latin1").replace("<a1@x>", "<z1@x>"), "latin1");
  writeMbox(mbox, [a0, forged, ...MAILS.slice(3)]);
  expect(await mailsAt(shelf.index.mailsCalled("<a1@x>"))).toEqual([]);
  await shelf.update([mbox]);
  expect(await shelf.find("m:z1@x")).toEqual(["z1"]);
  expect(await shelf.find("m:a1@x")).toEqual([]);
  const [found] = await mailsAt(shelf.index.mailsCalled("<z1@x>"));
  expect(found?.bytes?.toString().trimEnd()).toBe(forged.toString().trimEnd());
});

test("a maildir: a mail is read again where it moved", async () => {
  const shelf = newShelf(newFolder());
  const maildir = join(shelf.folder, "maildir");
  for (const name of ["new", "cur", "tmp"]) mkdirSync(join(maildir, name), { recursive: true });
  writeFileSync(join(maildir, "new", "1.a"), MAILS[0]!);
  writeFileSync(join(maildir, "new", "2.a"), MAILS[1]!);
  await shelf.update([maildir]);
  renameSync(join(maildir, "new", "1.a"), join(maildir, "cur", "1.a:2,S"));
  writeFileSync(join(maildir, "new", "3.a"), MAILS[2]!);
  await shelf.update([maildir]);
  expect(shelf.series()).toEqual(["A a0 v1/2: a0 a1 a2 warn R0"]);
  expect(await shelf.find("m:a0@x")).toEqual(["a0"]);
});

describe.runIf(HAS_INBOX)("a public-inbox", () => {
  test.each([1, 2] as const)("of version %d", async (version) => {
    const shelf = newShelf(newFolder());
    const inbox = newInbox(shelf.folder, version);
    inbox.deliverAll(MAILS.slice(0, 5));
    await shelf.update([inbox.folder]);
    for (const one of MAILS.slice(5)) inbox.deliver(one);
    await shelf.update([inbox.folder]);
    // its own order of mails is that of their delivery
    expect(shelf.series()).toEqual(EXPECTED);
    const [found] = await mailsAt(shelf.index.mailsCalled("<a1@x>"));
    expect(found?.bytes).toEqual(MAILS[1]);
  });
});

describe("what is known of keys changes, and with it what is said", () => {
  const CAROL = "carol@example.org";

  /** Of mails that nobody signed, and that are there already. */
  async function known(shelf: Shelf, mbox: string): Promise<string> {
    expect(await shelf.update([mbox])).toEqual({ mails: 0, unread: 0, lost: 0 });
    const [row] = shelf.index.mailsCalled("<u1@x>");
    return `${row!.verdict}, ${shelf.series()[2]!.replace(/.*u2 /, "")}`;
  }

  test("of an unsigned patch: by whom it is has a key, and then none; and the policy", async () => {
    const shelf = newShelf(newFolder());
    const mbox = writeMbox(join(shelf.folder, "mbox"), MAILS);
    await shelf.update([mbox]);
    expect(await known(shelf, mbox)).toBe("none, warn R0");
    shelf.trust.accept(CAROL, PUBLIC, 1);
    expect(await known(shelf, mbox)).toBe("fail, fail R0");
    shelf.trust.drop(CAROL, PUBLIC, 2);
    expect(await known(shelf, mbox)).toBe("none, warn R0");
    shelf.options.policies = {
      general: { ...DEFAULT_POLICY, require: "signature" },
      overrides: [],
    };
    expect(await known(shelf, mbox)).toBe("none, fail R0");
  });

  test("of a signed one: its key is revoked", async () => {
    const shelf = newShelf(newFolder());
    const mbox = writeMbox(join(shelf.folder, "mbox"), MAILS);
    await shelf.update([mbox]);
    expect(await shelf.find("trust:first-use kind:cover")).toEqual(["b0", "a0"]);
    const [key] = shelf.trust.lookup("alice@example.org");
    shelf.trust.drop("alice@example.org", key!.publicKey, 1);
    await shelf.update([mbox]);
    expect(await shelf.find("trust:revoked kind:cover")).toEqual(["b0", "a0"]);
    expect(shelf.series().slice(0, 2)).toEqual([
      "A a0 v1/2: a0 a1 a2 fail R1",
      "A b0 v2/2: b0 b1 b2 fail R0",
    ]);
  });
});

test("a mail that came through two lists is in one series", async () => {
  const shelf = newShelf(newFolder());
  const first = writeMbox(join(shelf.folder, "one"), MAILS);
  const other = writeMbox(join(shelf.folder, "two"), MAILS.slice(0, 3));
  await shelf.update([first]);
  await shelf.update([other]);
  expect(shelf.series()[0]).toBe("A a0 v1/2: a0 a0 a1 a1 a2 a2 warn R1");
});
