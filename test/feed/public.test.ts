import { describe, expect, test } from "vitest";
import { addressFlaw, harmless } from "../../src/feed/url.ts";
import { whyPrivate } from "../../src/feed/public.ts";

const LIST = "List@example.org";

function flawOf(fields: string): string | null {
  return whyPrivate(Buffer.from(`${fields}\n\nhello\n`), [LIST]);
}

describe("a mail went to a public list", () => {
  test.each([
    ["To", "To: list@example.org"],
    ["To with a name", 'To: "A list, of all" <LIST@example.org>'],
    ["Cc, behind others", "Cc: bob@example.org,\n Carol <carol@example.org>,\n <list@example.org>"],
    ["a second field", "To: bob@example.org\nTo: list@example.org"],
    ["a group", "To: people: list@example.org, bob@example.org;"],
    ["List-Id", "To: bob@example.org\nList-Id: The list <list.example.org>"],
    ["an empty Bcc", "To: list@example.org\nBcc:"],
  ])("%s", (_, fields) => {
    expect(flawOf(fields)).toBeNull();
  });
});

describe("a mail did not", () => {
  test.each([
    ["another one", "To: private@example.org"],
    ["the name of a group", "To: list@example.org: bob@example.org;"],
    ["a name in quotes", 'To: "list@example.org" <bob@example.org>'],
    ["a name in quotes within quotes", 'To: "x \\" list@example.org, \\"" <bob@example.org>'],
    ["a name without quotes", "To: list@example.org <bob@example.org>"],
    ["a comment", "To: bob@example.org (list@example.org)"],
    ["a comment with a comma", "To: bob@example.org (x, list@example.org)"],
    ["an address's beginning", "To: list@example.org.evil.example"],
    ["its From", "From: list@example.org\nTo: bob@example.org"],
    ["Bcc", "To: bob@example.org\nBcc: list@example.org"],
    ["with others in Bcc", "To: list@example.org\nBcc: bob@example.org"],
    ["List-Id of another", "To: bob@example.org\nList-Id: list.example.org <other.example.org>"],
    ["the body", "To: bob@example.org\n\nTo: list@example.org"],
    ["no header that ends", "To: list@example.org\nX"],
  ])("%s", (name, fields) => {
    const flaw =
      name === "no header that ends" ? whyPrivate(Buffer.from(fields), [LIST]) : flawOf(fields);
    expect(flaw).not.toBeNull();
  });
});

describe("an address for git", () => {
  test.each([
    "https://example.org/lists/x",
    "http://127.0.0.1:8080/x",
    "git://example.org/x",
    "ssh://git@example.org:22/x",
    "file:///srv/x",
    "/srv/x",
  ])("%s", (address) => {
    expect(addressFlaw(address)).toBeNull();
  });

  test.each([
    "ext::sh -c true",
    "ext::true",
    "fd::17",
    "HTTP::https://example.org/",
    "-x",
    "--upload-pack=touch",
    "host:path",
    "relative/path",
    "ftp://example.org/x",
    "https://alice:secret@example.org/x",
    "https://secret@example.org/x",
    "ssh://alice:secret@example.org/x",
    "ssh://-oProxyCommand=x/y",
    "ssh://git@-oProxyCommand=x/y",
    "https://example.org/x?key=secret",
    "https://example.org/\u0000",
    "https://[",
    "https://",
    "ssh://example.org:path",
    "",
  ])("not %s", (address) => {
    expect(addressFlaw(address)).not.toBeNull();
    expect(harmless(address)).not.toContain("secret");
  });
});
