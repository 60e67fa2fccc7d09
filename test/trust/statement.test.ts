import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { signData, formatSignature } from "../../src/minisign/signature.ts";
import { findMarkers, readBlock } from "../../src/patch/block.ts";
import { signedText } from "../../src/trust/statement.ts";
import { signMails } from "../support/signing.ts";
import { temporaryFolder } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import { ALICE, BOB, find, keyOf, says } from "./support.ts";

const [OLD, NEW] = [keyOf(1), keyOf(2)];
const rotation = says(OLD, "rotate", NEW);
const good = [{ ok: true, statement: rotation }];

test("the four lines are those of the spec", () => {
  expect(rotation.text.split("\n")).toEqual([
    `untrusted comment: patchsig-statement ${OLD.text}`,
    expect.stringMatching(/^RU[A-Za-z0-9+/]{97}=$/),
    `trusted comment: patchsig-statement-v1 rotate t=1794000000 by=${ALICE} of=${ALICE} key=${NEW.text}`,
    expect.stringMatching(/^[A-Za-z0-9+/]{86}==$/),
    "",
  ]);
});

test.runIf(requireTool("minisign"))("stock minisign checks it", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "text"), signedText(rotation));
  writeFileSync(join(folder, "text.minisig"), rotation.text);
  const said = execFileSync("minisign", ["-VHm", "text", "-P", OLD.text], { cwd: folder });
  expect(said.toString()).toContain("Signature and comment signature verified");
});

describe("read although it was wrapped", () => {
  test.each<[string, string]>([
    ["as it is", rotation.text],
    ["among other text", `hello\n\n${rotation.text}\nmore\n`],
    ["CRLF", rotation.text.replaceAll("\n", "\r\n")],
    ["wrapped at blanks", rotation.text.replaceAll(/(?<!^untrusted|trusted comment:) /g, "\n ")],
    ["wrapped in the middle", rotation.text.replaceAll(/(.{60})/g, "$1\n")],
    ["without its last line end", rotation.text.trimEnd()],
  ])("%s", (_, text) => {
    expect(find(text)).toEqual(good);
  });

  test("text not at the start of a line is not a statement", () => {
    expect(find(`> ${rotation.text}`)).toEqual([]);
    expect(find(` ${rotation.text}`)).toEqual([]);
  });

  test("addresses that look like fields are read in one way only", () => {
    const odd = says(OLD, "endorse", NEW, { by: "of=key=t@by.of", of: "by=a@of.key" });
    expect(find(odd.text)).toEqual([{ ok: true, statement: odd }]);
    expect(find(odd.text.replaceAll(" ", "\n"))).toEqual([]);
  });
});

describe("refused", () => {
  const edit = (from: string | RegExp, to: string): string => rotation.text.replace(from, to);
  test.each<[string, string, string]>([
    ["another version", edit("statement-v1", "statement-v2"), "version"],
    ["another kind", edit("v1 rotate", "v1 replace"), "malformed"],
    ["a field more", edit(" by=", " x=1 by="), "malformed"],
    ["a field less", edit(/ of=\S+/, ""), "malformed"],
    ["fields swapped", edit(/(by=\S+) (of=\S+)/, "$2 $1"), "malformed"],
    ["a number with a zero in front", edit("t=17", "t=017"), "malformed"],
    ["an address in another spelling", edit(`by=${ALICE}`, "by=Alice@example.org"), "malformed"],
    ["a quoted local part", edit(`by=${ALICE}`, 'by="alice"@example.org'), "malformed"],
    ["cut short", rotation.text.slice(0, -20), "malformed"],
    ["text behind it", `${rotation.text.trimEnd()} and so on\n`, "malformed"],
    ["another time", edit("t=17", "t=18"), "signature"],
    ["another by", edit(`by=${ALICE}`, `by=${BOB}`), "signature"],
    ["another of", edit(`of=${ALICE}`, `of=${BOB}`), "signature"],
    ["another kind than was signed", edit("v1 rotate", "v1 endorse"), "signature"],
    ["another key named", edit(`key=${NEW.text}`, `key=${keyOf(3).text}`), "signature"],
    ["another signer", edit(OLD.text, NEW.text), "signature"],
    ["a legacy signature", edit(/^RU/m, "RW"), "malformed"],
    ["a signer that is no minisign key", edit(/ RW[Q-T]/, " RWA"), "malformed"],
    ["a key named that is none", edit(/key=RW[Q-T]/, "key=RWA"), "malformed"],
  ])("%s", (_, text, why) => {
    expect(find(text)).toEqual([{ ok: false, why }]);
  });

  test("more than eight", () => {
    const nine = find(rotation.text.repeat(20));
    expect(nine).toHaveLength(9);
    expect(nine.slice(0, 8).every((found) => found.ok)).toBe(true);
    expect(nine[8]).toEqual({ ok: false, why: "too-many" });
  });

  test("a signature over the comment's text only, as from a signing oracle", () => {
    const comment = /^trusted comment: (.*)$/m.exec(rotation.text)![1]!;
    for (const data of [comment, `${comment}\n`, ""]) {
      const made = signData(
        OLD.signer,
        Buffer.from(data),
        comment,
        `patchsig-statement ${OLD.text}`,
      );
      expect(find(formatSignature(made))).toEqual([{ ok: false, why: "signature" }]);
    }
  });
});

describe("a statement is never a patch's signature, nor the reverse", () => {
  const renamed = rotation.text.replace("patchsig-statement ", "patchsig ");

  test("a statement under a block's first line", () => {
    expect(findMarkers(Buffer.from(rotation.text))).toEqual([]);
    expect(findMarkers(Buffer.from(renamed))).toEqual([0]);
    expect(readBlock(Buffer.from(renamed), 0)).toMatchObject({ ok: false });
  });

  test("a block under a statement's first line", () => {
    const mail = `From: Alice <${ALICE}>\nSubject: [PATCH] x\n\nx\n---\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n`;
    const [signed] = signMails([Buffer.from(mail)]);
    const text = signed!.toString("latin1");
    expect(find(text)).toEqual([]);
    const turned = text.replace("comment: patchsig ", "comment: patchsig-statement ");
    expect(find(turned)).toEqual([{ ok: false, why: "malformed" }]);
    const both = turned.replace("patchsig-v1 ", "patchsig-statement-v1 rotate ");
    expect(find(both)).toEqual([{ ok: false, why: "malformed" }]);
  });

  test("the signed texts differ in their first line", () => {
    expect(signedText(rotation).toString()).toBe(
      `patchsig-statement-v1\nrotate\nt: 1794000000\nby: ${ALICE}\nof: ${ALICE}\nkey: ${NEW.text}\n`,
    );
  });
});

test("changed lines never read as another statement", () => {
  const bytes = Buffer.from(rotation.text);
  fc.assert(
    fc.property(
      fc.nat(bytes.length - 1),
      fc.nat(3),
      fc.uint8Array({ maxLength: 4 }),
      (at, cut, more) => {
        const changed = Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at + cut)]);
        for (const found of find(changed.toString("latin1")))
          if (found.ok) expect(found).toEqual(good[0]);
      },
    ),
    { numRuns: 3000 },
  );
});

test("an address of 254 characters is read, a longer one refused", () => {
  const domain = `${"b".repeat(49)}.`.repeat(4);
  const long = (length: number): string => {
    const [start, end] = [`a@${domain}`, ".org"];
    return start + "c".repeat(length - start.length - end.length) + end;
  };
  const said = says(OLD, "endorse", NEW, { by: ALICE, of: long(254) });
  expect(find(said.text)).toEqual([{ ok: true, statement: said }]);
  expect(() => says(OLD, "endorse", NEW, { by: ALICE, of: long(255) })).toThrow(RangeError);
  expect(find(said.text.replace("of=a@", "of=aa@"))).toEqual([{ ok: false, why: "malformed" }]);
});

test("wrapped into 2000 bytes it is read, into more it is not", () => {
  const of = (bytes: number): string =>
    rotation.text.trimEnd().replace(" by=", " by=".padStart(bytes - rotation.text.length + 5));
  expect(of(2000)).toHaveLength(2000);
  expect(find(of(2000))).toEqual(good);
  expect(find(of(2001))).toEqual([{ ok: false, why: "malformed" }]);
});

test("an invalid address is not signed", () => {
  for (const of of ["Alice@example.org", "j\u00f6rg@example.org", "a b@example.org", ""])
    expect(() => says(OLD, "endorse", NEW, { of })).toThrow(RangeError);
});
