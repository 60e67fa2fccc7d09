import { expect, test } from "vitest";
import { attest, sha256 } from "../../src/patch/attestation.ts";
import { proofFor, proofOf } from "../../src/review/proof.ts";
import { reviewDigests } from "../../src/review/text.ts";
import { patch, reviewed } from "./support.ts";

const review = reviewed();
const signed = { name: "Reviewed-by", value: "Bob Builder <bob@example.org>" };
const other = sha256("other");

test.each<[string, { message: string; diff: string }, string | null]>([
  ["this patch", patch(1), "proven"],
  ["with another number", patch(3, 7), "proven"],
  ["another message", { ...patch(1), message: other }, "diff"],
  ["the message of another reviewed patch", { ...patch(1), message: patch(3).message }, "diff"],
  ["another diff", { ...patch(1), diff: other }, null],
  ["the diff for the message", { message: patch(1).diff, diff: patch(1).message }, null],
  ["one that was not reviewed", patch(2), null],
])("proves of %s", (_, digests, proof) => {
  expect(proofOf(review, digests)).toBe(proof);
  expect(proofFor(review, signed, digests)).toBe(proof);
});

test("of two reviewed patches with one diff, each is proven", () => {
  const twice = reviewed({ patches: [patch(1), { ...patch(2), diff: patch(1).diff }] });
  expect(proofOf(twice, patch(1))).toBe("proven");
  expect(proofOf(twice, { ...patch(2), diff: patch(1).diff })).toBe("proven");
});

test.each<[string, string, string | null]>([
  ["reviewed-BY", " Bob  Builder <Bob@Example.org> ", "proven"],
  ["Reviewed-by", "Bob\u00a0Builder <bob@example.org>", null],
  ["Reviewed-by", "Bob Builder\u200b <bob@example.org>", null],
  ["Reviewed-by", "Bob Builder<bob@example.org>", null],
  ["Acked-by", signed.value, null],
  ["Reviewed-by", "Bob <bob@example.org>", null],
  ["Reviewed-by", "Bob Builder <alice@example.org>", null],
  ["Reviewed-by", "Bob Builder <b\u043eb@example.org>", null],
  ["Reviewed-by", "Bob Builder bob@example.org", null],
  ["Reviewed-by", `${signed.value} # on arm64`, null],
  ["Reviewed-by", `${signed.value} <x@example.org>`, null],
])("the trailer %s: %s", (name, value, proof) => {
  expect(proofFor(review, { name, value }, patch(1))).toBe(proof);
});

test("the digests cover title, message and diff, and not the author", () => {
  const of = (author: string, subject: string, message: string, diff: string) => {
    const [name = "", email = ""] = author.split(" ");
    const [a, e, s, m, d] = [name, email, subject, message, diff].map((text) => Buffer.from(text));
    const made = attest({ author: a!, email: e!, subject: s!, date: Buffer.alloc(0) }, m!, d!);
    if (!made.ok) throw new Error(made.refusal.detail);
    return reviewDigests(made.value.text);
  };
  const base = of("Alice a@x", "title", "text", "diff");
  expect(base.diff).toBe(sha256("diff"));
  expect(base.message).toBe(sha256(`subject: title\nmessage: ${sha256("text\n")}\n`));
  expect(of("List l@x", "ti tle", "text \n\n", "diff")).toEqual(base);
  expect(of("Alice a@x", "Title", "text", "diff")).toEqual({ ...base, message: expect.anything() });
  expect(of("Alice a@x", "Title", "text", "diff").message).not.toBe(base.message);
  expect(of("Alice a@x", "title", "texts", "diff").message).not.toBe(base.message);
  expect(of("Alice a@x", "title", "text", "diff2").diff).not.toBe(base.diff);
});
