/** Which results the index gives, where there are more than anybody reads. */

import { join } from "node:path";
import { expect, test } from "vitest";
import type { NewMail } from "../../src/store/index-sql.ts";
import { TEXT_FIELDS } from "../../src/search/query.ts";
import { IndexStore } from "../../src/store/index-store.ts";
import { newFolder } from "../support/folders.ts";

const BY = ["a", "b"].map((sign) => sign.repeat(56));
const TREE = "1".repeat(40);

/** Results in the order in which they came: `a:1` is what key a says, its first text. */
function indexOf(said: string): IndexStore {
  const index = new IndexStore(join(newFolder(), "index.db"));
  const mails = said.split(" ").map((one, i): NewMail => {
    const [key = "", text = ""] = one.split(":");
    const result = { tree: TREE, patches: "p", test: "t", outcome: "pass", said: "{}", env: [] };
    return {
      source: "x",
      place: `${i}`,
      messageId: `<${i}@x>`,
      date: 1,
      received: 1,
      kind: "result",
      subject: "",
      sender: "",
      signer: "",
      trust: "",
      verdict: "",
      names: [`mail ${i}`],
      lists: [],
      words: Object.fromEntries(TEXT_FIELDS.map((field) => [field, ""])) as NewMail["words"],
      results: [{ ...result, publicKey: key.repeat(56), text, minisig: text }],
    };
  });
  index.put(
    { gone: [], withdrawn: [], mails, again: [], threads: [], series: [], cursors: new Map() },
    () => [],
  );
  return index;
}

/** Each once. */
const shown = (rows: ReturnType<IndexStore["resultsOn"]>): string =>
  [...new Set(rows.map(({ publicKey, text }) => `${publicKey[0]!}:${text}`))].join(" ");

test.each([
  ["all, those by the keys first", "c:1 a:1 b:1", "a:1 b:1 c:1"],
  ["the last of each key", "a:1 a:2 a:3 b:1", "a:2 a:3 b:1"],
  ["the last of all others together", "c:1 d:1 c:2 d:2 a:1", "a:1 c:2 d:2"],
  ["what comes behind one that came again and again", `${"a:1 ".repeat(9)}a:2`, "a:1 a:2"],
  ["what came before it", `a:2 ${"a:1 ".repeat(9)}b:3`, "a:2 a:1 b:3"],
  ["what a stranger cannot hide", `a:1 ${"c:1 ".repeat(9)}${"d:1 ".repeat(9)}`, "a:1 c:1 d:1"],
])("two of each: %s", (_, said, expected) => {
  const index = indexOf(said.trim());
  expect(shown(index.resultsOf(TREE, "t", BY, 2))).toBe(expected);
  expect(shown(index.resultsOn(TREE, BY, 2))).toBe(expected);
  expect(shown(index.resultsOfPatches("p", BY, 2))).toBe(expected);
  const own = expected.replaceAll(/ ?[cd]:\d/g, "").trim();
  expect(shown(index.resultsByKeys(["p", "q"], BY, 2))).toBe(own);
});
