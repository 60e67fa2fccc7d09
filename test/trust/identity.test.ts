import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normaliseIdentity } from "../../src/trust/identity.ts";

const CYRILLIC_A = "\u0430";

describe("spellings of one identity", () => {
  test.each([
    ["alice@example.org", "alice@example.org"],
    ["  Alice@Example.ORG\r\n", "alice@example.org"],
    ["a.b-c_d+git@sub.example.org", "a.b-c_d+git@sub.example.org"],
    ["o'neil@example.org", "o'neil@example.org"],
    ["root@localhost", "root@localhost"],
    ["alice@b\u00fccher.example", "alice@xn--bcher-kva.example"],
    ["alice@B\u00dcCHER.example", "alice@xn--bcher-kva.example"],
    ["alice@xn--bcher-kva.example", "alice@xn--bcher-kva.example"],
    ["alice@example\u3002org", "alice@example.org"],
    ["alice@\uff45xample.org", "alice@example.org"],
    ["j\u00f6rg@example.org", "j\u00f6rg@example.org"],
    ["J\u00f6rg@example.org", "j\u00f6rg@example.org"],
  ])("%j is %j", (address, identity) => {
    expect(normaliseIdentity(address)).toBe(identity);
  });
});

describe("different identities", () => {
  test.each([
    ["a plus tag", "alice+x@example.org"],
    ["a homoglyph in the local part", `${CYRILLIC_A}lice@example.org`],
    ["a homoglyph in the domain", `alice@ex${CYRILLIC_A}mple.org`],
    ["a subdomain", "alice@mail.example.org"],
  ])("%s", (_, address) => {
    const identity = normaliseIdentity(address);
    expect(identity).not.toBeNull();
    expect(identity).not.toBe("alice@example.org");
  });
});

describe("not an identity", () => {
  test.each([
    ["nothing", ""],
    ["no @", "alice"],
    ["two @", "alice@example.org@example.net"],
    ["no local part", "@example.org"],
    ["no domain", "alice@"],
    ["a quoted local part", '"alice"@example.org'],
    ["a quoted @", '"alice@example.org"@example.net'],
    ["a backslash", "al\\ice@example.org"],
    ["a display name", "Alice <alice@example.org>"],
    ["angle brackets", "<alice@example.org>"],
    ["a comment", "alice(x)@example.org"],
    ["a blank", "al ice@example.org"],
    ["a no-break space", "alice\u00a0@example.org"],
    ["a newline", "alice@example.org\nbob@example.org"],
    ["NUL", "alice\0@example.org"],
    ["a C1 control", "alice\u009b@example.org"],
    ["a bidi control", "alice\u202e@example.org"],
    ["a zero-width space", "alice\u200b@example.org"],
    ["a soft hyphen in the domain", "alice@exam\u00adple.org"],
    ["a variation selector", "alice\ufe0f@example.org"],
    ["a tag character", "alice\u{e0041}@example.org"],
    ["a lone surrogate", "alice\ud800@example.org"],
    ["full-width letters", "\uff41lice@example.org"],
    ["the Kelvin sign", "\u212aevin@example.org"],
    ["decomposed letters", "jo\u0308rg@example.org"],
    ["a percent sign in the domain", "alice@ex%61mple.org"],
    ["a path", "alice@example.org/x"],
    ["a query", "alice@example.org?x"],
    ["a port", "alice@example.org:25"],
    ["a trailing dot", "alice@example.org."],
    ["an empty label", "alice@example..org"],
    ["a label that begins with -", "alice@-example.org"],
    ["an address literal", "alice@[192.0.2.1]"],
    ["an IPv4 address", "alice@192.0.2.1"],
    ["an IPv4 address in hex", "alice@0xc0.2"],
    ["an IPv4 address in full-width digits", "alice@\uff11\uff12\uff17.1"],
    ["broken punycode", "alice@xn--a.example"],
    ["a long local part", `${"a".repeat(65)}@example.org`],
    ["a long domain", `alice@${"a.".repeat(130)}org`],
    ["a megabyte", `${"a".repeat(1 << 20)}@example.org`],
  ])("%s", (_, address) => {
    expect(normaliseIdentity(address)).toBeNull();
  });
});

describe("of the greatest length", () => {
  const [local, labels] = ["a".repeat(64), `${"b".repeat(63)}.`.repeat(3)];

  test.each<[string, string, boolean]>([
    ["a local part of 64 characters", `${local}@example.org`, true],
    ["of 65", `a${local}@example.org`, false],
    ["a domain of 253", `a@${labels}${"c".repeat(61)}`, true],
    ["of 254", `a@${labels}${"c".repeat(62)}`, false],
    ["both", `${local}@${labels}${"c".repeat(61)}`, true],
    ["with a blank at each end", ` ${local}@${labels}${"c".repeat(61)} `, true],
    ["with one more", `  ${local}@${labels}${"c".repeat(61)} `, false],
    ["a label of 63", `a@${"b".repeat(63)}.org`, true],
    ["of 64", `a@${"b".repeat(64)}.org`, false],
  ])("%s", (_, address, isIdentity) => {
    expect(normaliseIdentity(address)).toBe(isIdentity ? address.trim() : null);
  });
});

test.each(["alice@1.example.org", "alice@example.1.org", "alice@1a"])(
  "a number within a domain is no IPv4 address: %s",
  (address) => expect(normaliseIdentity(address)).toBe(address),
);

test("normalising twice changes nothing, and gives one line of visible text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.emailAddress(), fc.string({ unit: "binary" })), (text) => {
      const identity = normaliseIdentity(text);
      if (identity === null) return;
      expect(normaliseIdentity(identity)).toBe(identity);
      expect(identity).toMatch(/^[^\p{C}\p{Z}@]+@[a-z0-9_.-]+$/u);
    }),
  );
});

test("no non-ASCII local part becomes an ASCII one", () => {
  const folded: string[] = [];
  for (let code = 0x80; code <= 0x1ffff; code++) {
    const identity = normaliseIdentity(`${String.fromCodePoint(code)}@example.org`);
    if (identity !== null && /^[\0-\x7f]*$/.test(identity)) folded.push(code.toString(16));
  }
  expect(folded).toEqual([]);
});

test("an address that is taken as it is has no other spelling", () => {
  const label = fc.oneof(
    fc.constantFrom(
      "xn--",
      "xn--b",
      "xn--bcher-kva",
      "axn--b",
      "0x1f",
      "127",
      "1",
      "a-",
      "-a",
      "a--b",
      "ab--c",
    ),
    fc.constantFrom(
      "_x",
      "org",
      "localhost",
      "",
      "x".repeat(63),
      "x".repeat(64),
      "B",
      "b\u00fccher",
    ),
    fc.stringMatching(/^[a-z0-9-]{1,6}$/),
  );
  const local = fc.oneof(fc.stringMatching(/^[a-z0-9.+_'-]{0,5}$/), fc.constant("l".repeat(64)));
  const address = fc
    .tuple(local, fc.array(label, { minLength: 1, maxLength: 5 }))
    .map(([name, labels]) => `${name}@${labels.join(".")}`);
  fc.assert(
    fc.property(address, (text) => {
      // with a blank in front, which is dropped, every step is taken
      expect(normaliseIdentity(text)).toBe(normaliseIdentity(` ${text}`));
    }),
    { numRuns: 2000 },
  );
});
