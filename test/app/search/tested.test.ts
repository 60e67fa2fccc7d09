/** Was this tree tested? Of signed results in mails, whose keys a person accepted, or did not. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { type TestedQuestion, testedAnswer } from "../../../src/app/search/tested.ts";
import { newFolder } from "../../support/folders.ts";
import { OTHER, PUBLIC, result, TIME, TREE } from "./results.ts";
import { newShelf, type Shelf, writeMbox } from "./index.ts";

const DAY = 86_400;

async function shelfWith(mails: readonly Buffer[], accepted = true): Promise<Shelf> {
  const shelf = newShelf(newFolder());
  if (accepted) shelf.trust.results.accept("ci@example.org", PUBLIC, TIME);
  await shelf.update([writeMbox(join(shelf.folder, "mbox"), mails)]);
  return shelf;
}

function ask({ index, trust }: Shelf, changes: Partial<TestedQuestion> = {}): string {
  const question = { tree: TREE, test: "net.all", env: [], rev: null, maxAge: null, by: [] };
  const { answer, results, others } = testedAnswer(index, trust, {
    ...question,
    now: TIME + 10 * DAY,
    ...changes,
  });
  return `${answer}: ${results.map((one) => `${one.result} ${one.worth}${one.flaky ? " flaky" : ""}${one.stale ? " stale" : ""}`).join(", ")}${others > 0 ? `; ${others} others` : ""}`;
}

const OTHER_SIGNER = { by: "eve@example.net" } as const;

test.each<[string, readonly Buffer[], string]>([
  ["nothing", [], "none: "],
  ["a pass", [result()], "pass: pass counts"],
  ["a fail", [result({ result: "fail" })], "fail: fail counts"],
  ["an error has no verdict", [result({ result: "error" })], "none: error counts"],
  [
    "a fail, then a pass",
    [result({ result: "fail" }), result({ run: 2 })],
    "pass: pass counts flaky, fail counts",
  ],
  [
    "another environment fails",
    [result(), result({ env: ["arch=arm64"], result: "fail" })],
    "disputed: pass counts, fail counts",
  ],
  [
    "a stranger fails",
    [result(), result({ ...OTHER_SIGNER, result: "fail" }, OTHER)],
    "pass: pass counts, fail claims",
  ],
  ["a stranger under the CI's address", [result({}, OTHER)], "claims: pass claims"],
  ["only a stranger", [result(OTHER_SIGNER, OTHER)], "claims: pass claims"],
  ["another tree", [result({ tree: "2".repeat(40) })], "none: "],
  ["another test", [result({ test: "net" })], "none: "],
  ["the same mail twice", [result(), result()], "pass: pass counts, pass counts"],
  [
    "changed on its way",
    [Buffer.from(result({ result: "fail" }).toString().replaceAll("result: fail", "result: pass"))],
    "none: ",
  ],
])("%s", async (_, mails, answer) => {
  expect(ask(await shelfWith(mails))).toBe(answer);
});

test("what is asked of it: environment, age, whose", async () => {
  const shelf = await shelfWith([result()]);
  expect(ask(shelf, { env: ["arch=x86_64"] })).toBe("pass: pass counts");
  expect(ask(shelf, { env: ["arch=x86_64", "os=debian"] })).toBe("none: ; 1 others");
  expect(ask(shelf, { env: ["arch=arm64"] })).toBe("none: ; 1 others");
  expect(ask(shelf, { rev: "v2" })).toBe("none: ; 1 others");
  expect(ask(shelf, { maxAge: 20 * DAY })).toBe("pass: pass counts");
  expect(ask(shelf, { maxAge: 5 * DAY })).toBe("stale: pass counts stale");
  // a clock that was years ahead
  expect(ask(shelf, { maxAge: 5 * DAY, now: TIME - 2 * DAY })).toBe("stale: pass counts stale");
  expect(ask(shelf, { maxAge: 5 * DAY, now: TIME - 100 })).toBe("pass: pass counts");
  expect(ask(shelf, { now: TIME - 2 * DAY })).toBe("pass: pass counts");
  expect(ask(shelf, { by: ["ci@example.org"] })).toBe("pass: pass counts");
  expect(ask(shelf, { by: ["other@example.org"] })).toBe("claims: pass claims");
});

test("what a key is worth is asked when somebody asks, not when the mail came", async () => {
  const shelf = await shelfWith([result()], false);
  expect(ask(shelf)).toBe("claims: pass claims");
  shelf.trust.results.accept("ci@example.org", PUBLIC, TIME);
  expect(ask(shelf)).toBe("pass: pass counts");
});

test("a thousand results of strangers hide none of a key that counts", async () => {
  const strangers = result({ ...OTHER_SIGNER }, OTHER);
  const shelf = await shelfWith([strangers, result({ result: "fail" })]);
  const { db } = shelf.index;
  const columns = "mail, tree, patches, test, outcome, public_key, said, text, minisig";
  // as if all of them had come before it
  db.exec(`with recursive n (i) as (select 1 union all select i + 1 from n where i < 1500)
    insert into results (id, ${columns}) select -i, ${columns} from results, n where outcome = 'pass'`);
  expect(ask(shelf)).toMatch(/^fail: fail counts, pass claims/);
});
