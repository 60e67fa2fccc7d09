import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { signData, formatSignature } from "../../src/minisign/signature.ts";
import { sha256 } from "../../src/patch/attestation.ts";
import { findMarkers, readBlock } from "../../src/patch/block.ts";
import { formatReview, type SignedReview } from "../../src/review/review.ts";
import { formatReviewTrailer } from "../../src/review/text.ts";
import { findStatements, signStatement } from "../../src/trust/statement.ts";
import { temporaryFolder } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import { BOB, keyOf, TIME } from "../trust/support.ts";
import { findReviews, KEY_OF_BOB, patch, reviewed, SAID } from "./support.ts";

const review = reviewed();
const written = formatReview(review);
const good = [{ ok: true, review }];
const why = (flaw: string): object[] => [{ ok: false, why: flaw }];

test("the lines are those of the spec", () => {
  expect(review.trailers.map(formatReviewTrailer)).toEqual([written.split("\n")[1]]);
  expect(written.split("\n")).toEqual([
    "patchsig-review-v1",
    "Reviewed-by: Bob Builder <bob@example.org>",
    `patch: 1/3 ${SAID.patches[0]!.message} ${SAID.patches[0]!.diff}`,
    `patch: 3/3 ${SAID.patches[1]!.message} ${SAID.patches[1]!.diff}`,
    "",
    `untrusted comment: patchsig-review ${KEY_OF_BOB.text}`,
    expect.stringMatching(/^RU[A-Za-z0-9+/]{97}=$/),
    expect.stringMatching(
      /^trusted comment: patchsig-review-v1 t=1794000000 by=bob@example.org series=2af43b7f53e40d1727ef86934a745fba v=2 text=[0-9a-f]{64}$/,
    ),
    expect.stringMatching(/^[A-Za-z0-9+/]{86}==$/),
    "",
  ]);
});

test.runIf(requireTool("minisign"))("stock minisign checks it", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "text"), review.text);
  writeFileSync(join(folder, "text.minisig"), review.minisig);
  const said = execFileSync("minisign", ["-VHm", "text", "-P", KEY_OF_BOB.text], { cwd: folder });
  expect(said.toString()).toContain("Signature and comment signature verified");
});

test("behind a CR in a line that is quoted, it is quoted", () => {
  expect(findReviews(`> He wrote:\r${written.replaceAll("\n", "\r")}\n`)).toEqual([]);
  expect(findReviews(`> He wrote:\r\n${written.replaceAll("\n", "\r\n")}`)).toEqual(good);
});

describe("says", () => {
  const says = (changes: Parameters<typeof reviewed>[0]): void => {
    const one = reviewed(changes);
    expect(findReviews(formatReview(one))).toEqual([{ ok: true, review: one }]);
  };
  const trailer = { name: "Reviewed-by", person: "Bob", address: BOB } as const;

  test("several trailers", () => says({ trailers: [trailer, { ...trailer, name: "Tested-by" }] }));
  test("names beyond ASCII", () =>
    says({ trailers: [{ ...trailer, person: "Bøb Бобр 建築師 à" }] }));
  test("an address in another spelling", () =>
    says({ trailers: [{ ...trailer, address: "Bob@Example.ORG" }] }));
  test("an address beyond ASCII", () =>
    says({
      by: "bob@xn--bcher-kva.example",
      trailers: [{ ...trailer, address: "bob@bücher.example" }],
    }));
  test("patches without a series, and without a version that can be signed", () =>
    says({ series: null, version: null }));
  test("1000 patches", () =>
    says({ patches: Array.from({ length: 1000 }, (_, i) => patch(i + 1, 1000)) }));
  test("a name that looks like a field", () =>
    says({ trailers: [{ ...trailer, person: "patch: 1/3 untrusted comment: x" }] }));
});

test.each<[string, Parameters<typeof reviewed>[0]]>([
  ["another's trailer", { by: "alice@example.org" }],
  ["no trailer", { trailers: [] }],
  ["no patch", { patches: [] }],
  [
    "more than 1000 patches",
    { patches: Array.from({ length: 1001 }, (_, i) => patch(i + 1, 1001)) },
  ],
  ["a patch twice", { patches: [patch(1), patch(1)] }],
  ["patches in no order", { patches: [patch(3), patch(1)] }],
  ["two totals", { patches: [patch(1), patch(2, 4)] }],
  ["a number above its total", { patches: [patch(4)] }],
  ["a trailer twice", { trailers: [SAID.trailers[0]!, SAID.trailers[0]!] }],
  ["two names", { trailers: [SAID.trailers[0]!, { name: "Acked-by", person: "B", address: BOB }] }],
  ...[
    "",
    " B",
    "B ",
    "B  C",
    "B\nC",
    "B\u2028C",
    "B\u202eC",
    "B\0",
    "B<",
    "B\ud800",
    "x".repeat(257),
  ].map((person): [string, Parameters<typeof reviewed>[0]] => [
    `the name ${JSON.stringify(person)}`,
    { trailers: [{ name: "Reviewed-by", person, address: BOB }] },
  ]),
])("is not signed: %s", (_, changes) => {
  expect(() => reviewed(changes)).toThrow(RangeError);
});

describe("read although a transport has been at it", () => {
  test.each<[string, string]>([
    ["as it is", written],
    ["among other text", `hello\n\n${written}\nmore\n`],
    ["CRLF", written.replaceAll("\n", "\r\n")],
    ["blanks at the ends of lines", written.replaceAll("\n", " \t\n")],
    ["no empty line", written.replace("\n\n", "\n")],
    ["more empty lines", written.replaceAll("\n", "\n\n")],
    ["wrapped at blanks", written.replaceAll(/(?<=[0-9a-f/:]) (?=[^ ]{8})/g, "\n")],
    [
      "the block wrapped anywhere",
      written.replace(/untrusted[^]*/, (b) => b.replaceAll(/(.{60})/g, "$1\n")),
    ],
    ["all on one line", written.replaceAll("\n", " ").replace("v1 ", "v1\n")],
    ["without its last line end", written.trimEnd()],
    ["below a mail signature", `Thanks!\n-- \n${written}`],
    ["a list's footer", `${written}_______________\nlist mailing list\n`],
  ])("%s", (_, text) => {
    expect(findReviews(text)).toEqual(good);
  });

  test("quoted, or not at the start of a line, it is none", () => {
    expect(findReviews(written.replaceAll(/^/gm, "> "))).toEqual([]);
    expect(findReviews(` ${written}`)).toEqual([]);
    expect(findReviews(`${written.replaceAll(/^/gm, ">")}\n${written}`)).toEqual(good);
  });

  test("each of several counts, the ninth does not", () => {
    expect(findReviews(written.repeat(8))).toEqual(Array(8).fill(good[0]));
    expect(findReviews(written.repeat(10))).toEqual([
      ...Array<unknown>(8).fill(good[0]),
      ...why("too-many"),
    ]);
    const other = reviewed({ time: TIME + 1 });
    expect(findReviews(`${written}\n${formatReview(other)}`)).toEqual([
      good[0],
      { ok: true, review: other },
    ]);
  });
});

describe("refused", () => {
  const edit = (from: string | RegExp, to: string): string => {
    const text = written.replace(from, to);
    expect(text).not.toBe(written);
    return text;
  };
  const other = keyOf(3);
  test.each<[string, string, string]>([
    ["another version", edit("patchsig-review-v1", "patchsig-review-v2"), "version"],
    ["another version in the comment", edit("v1 t=", "v2 t="), "malformed"],
    ["a field more", edit("patch: 1", "x: y\npatch: 1"), "malformed"],
    ["a field more below", edit("\n\n", "\nx: y\n\n"), "malformed"],
    ["a field more in the comment", edit(" by=", " x=1 by="), "malformed"],
    ["fields swapped", edit(/(Rev.*\n)(patch.*\n)/, "$2$1"), "malformed"],
    ["another trailer name", edit("Reviewed-by", "Signed-off-by"), "malformed"],
    ["a name in lower case", edit("Reviewed-by", "reviewed-by"), "malformed"],
    ["no name", edit("Bob Builder <", "<"), "malformed"],
    ["no trailer", edit(/Rev.*\n/, ""), "malformed"],
    ["no patch", edit(/(patch:.*\n)+/, ""), "malformed"],
    ["a cover letter", edit("patch: 1/3", "patch: 0/3"), "malformed"],
    ["a zero in front", edit("patch: 1/3", "patch: 01/3"), "malformed"],
    ["hex in upper case", edit(/patch: 1\/3 \S/, "patch: 1/3 A"), "malformed"],
    ["a digest cut in two", edit(/(patch: 1\/3 \S{20})/, "$1\n"), "malformed"],
    ["bytes that are not UTF-8", written.replace("Builder", "B\xfcilder"), "malformed"],
    ["text between text and block", edit("\n\n", "\nhello\n\n"), "malformed"],
    ["no block", written.slice(0, written.indexOf("untrusted")), "malformed"],
    ["a patch's block", edit("patchsig-review RW", "patchsig RW"), "malformed"],
    ["cut short", written.slice(0, -20), "malformed"],
    ["text behind it", `${written.trimEnd()} and so on\n`, "malformed"],
    ["an address in another spelling", edit("by=bob", "by=Bob"), "malformed"],
    ["a legacy signature", edit(/^RU/m, "RW"), "malformed"],
    ["a trailer's name changed", edit("Bob Builder", "Linus"), "changed"],
    ["another trailer", edit("Reviewed-by", "Acked-by"), "changed"],
    ["another address", edit("<bob@", "<alice@"), "changed"],
    ["a digest changed", edit(/(patch: 1\/3 ).{64}/, `$1${"0".repeat(64)}`), "changed"],
    [
      "a patch more",
      edit(/(patch: 3.*\n)/, `patch: 2/3 ${"1".repeat(64)} ${"2".repeat(64)}\n$1`),
      "changed",
    ],
    ["a patch less", edit(/patch: 1.*\n/, ""), "changed"],
    ["another number", edit("patch: 1/3", "patch: 2/3"), "changed"],
    ["another time", edit("t=17", "t=18"), "signature"],
    ["another signer's address", edit("by=bob", "by=alice"), "signature"],
    ["another series", edit("series=2", "series=3"), "signature"],
    ["another version of it", edit("v=2 ", "v=3 "), "signature"],
    ["another text named", edit(/text=\S+/, `text=${"0".repeat(64)}`), "signature"],
    ["another key", edit(KEY_OF_BOB.text, other.text), "signature"],
  ])("%s", (_, text, flaw) => {
    const bytes = text.includes("\xfc") ? Buffer.from(text, "latin1") : text;
    expect(findReviews(bytes)).toEqual(why(flaw));
  });

  test("a signed text of one key under the comment of another review", () => {
    const later = reviewed({ patches: [patch(2)] });
    const mixed = `${review.text}\n${later.minisig}`;
    expect(findReviews(mixed)).toEqual(why("changed"));
  });

  test("a trailer that is not the signer's, though properly signed", () => {
    const text = review.text.replace("<bob@", "<alice@");
    const comment = review.minisig.split("\n")[2]!.slice("trusted comment: ".length);
    const digest = sha256(text);
    const forged = signData(
      KEY_OF_BOB.signer,
      Buffer.from(text),
      comment.replace(/text=\S+/, `text=${digest}`),
      `patchsig-review ${KEY_OF_BOB.text}`,
    );
    expect(findReviews(`${text}\n${formatSignature(forged)}`)).toEqual(why("malformed"));
  });
});

describe("is nothing else, and nothing else is one", () => {
  const text = Buffer.from(review.minisig);

  test("not a patch's signature", () => {
    expect(findMarkers(text)).toEqual([]);
    const posing = Buffer.from(review.minisig.replace("patchsig-review RW", "patchsig RW"));
    expect(readBlock(posing, 0)).toMatchObject({ ok: false });
  });

  test("not a statement", () => {
    expect(findStatements(text, createVerifier())).toEqual([]);
    const posing = Buffer.from(
      review.minisig.replace("patchsig-review RW", "patchsig-statement RW"),
    );
    expect(findStatements(posing, createVerifier())).toMatchObject([{ ok: false }]);
  });

  test("a statement or a patch's signature under a review's text", () => {
    const statement = signStatement(KEY_OF_BOB.signer, {
      kind: "revoke",
      time: TIME,
      by: BOB,
      of: BOB,
      key: KEY_OF_BOB.text,
    });
    const posing = statement.text.replace("patchsig-statement RW", "patchsig-review RW");
    expect(findReviews(`${review.text}\n${posing}`)).toEqual(why("malformed"));
    const signed = signData(
      KEY_OF_BOB.signer,
      Buffer.from(review.text),
      "patchsig-v1 t=1",
      `patchsig-review ${KEY_OF_BOB.text}`,
    );
    expect(findReviews(`${review.text}\n${formatSignature(signed)}`)).toEqual(why("malformed"));
  });
});

describe("any text", () => {
  const isKnown = (found: ReturnType<typeof findReviews>): boolean =>
    found.every((one) => !one.ok || isEqual(one.review, review));

  test("garbled, it is read as what was signed or not at all", () => {
    const bytes = Buffer.from(written);
    const at = fc.nat(bytes.length - 1);
    const change = fc.record({ at, cut: fc.nat(3), insert: fc.string({ maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let text = bytes;
        for (const { at, cut, insert } of changes)
          text = Buffer.concat([
            text.subarray(0, at),
            Buffer.from(insert),
            text.subarray(at + cut),
          ]);
        expect(isKnown(findReviews(text))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("words of it in any order", () => {
    const word = fc.constantFrom(...written.split(/(?<=\s)/), "\n", " ", "\r\n", "> ");
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        expect(isKnown(findReviews(words.join("")))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test("much that begins like one costs little", () => {
  const start = "patchsig-review-v1\nReviewed-by: ";
  expect(findReviews(`${start}\n`.repeat(50_000))).toHaveLength(9);
  expect(findReviews(`${start}${"a ".repeat(1 << 20)}`)).toEqual(why("malformed"));
  expect(
    findReviews(
      `${start}Bob <${BOB}>\n${`patch: 1/1 ${"0".repeat(64)} ${"0".repeat(64)}\n`.repeat(5000)}`,
    ),
  ).toEqual(why("malformed"));
});

function isEqual(a: SignedReview, b: SignedReview): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
