import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { serverAbilities } from "../../src/feed/capabilities.ts";
import { formatManifest, readManifest } from "../../src/feed/manifest.ts";

const EPOCHS = [
  { epoch: 0, fingerprint: "a".repeat(40), modified: 5 },
  { epoch: 12, fingerprint: "b".repeat(40), modified: 7 },
];

describe("a manifest", () => {
  test.each([
    ["", ["/", "/feeds/ci"]],
    ["/ci", ["/ci", "/feeds/ci", "/feeds/ci/"]],
    ["/feeds/ci", ["/feeds/ci", "/mirror/feeds/ci"]],
  ])("of %j is read as it was written, wherever it is served", (written, paths) => {
    const bytes = formatManifest("ci", written, EPOCHS);
    for (const path of paths) expect(readManifest(bytes, path)).toEqual(EPOCHS);
  });

  test("of a server names its inboxes from the root: the nearest one is meant", () => {
    const names = ["/a/git/0.git", "/lists/b/git/1.git", "/b/git/2.git", "/c.git", "/git/x.git"];
    const bytes = gzipSync(JSON.stringify(Object.fromEntries(names.map((name) => [name, {}]))));
    const numbers = (path: string): number[] => readManifest(bytes, path)!.map((e) => e.epoch);
    expect(numbers("/lists/b")).toEqual([1]);
    expect(numbers("/x/b")).toEqual([2]);
    expect(numbers("/lists/other")).toEqual([]);
  });

  test.each([
    ["half of one", gzipSync("{}").subarray(0, 12)],
    ["a page", Buffer.from("<html>")],
    ["no JSON", gzipSync("x")],
    ["a list", gzipSync("[]")],
    ["null", gzipSync("null")],
    ["a bomb of 100 MB", gzipSync(Buffer.alloc(100 << 20, " "))],
  ])("%s is none", (_, bytes) => {
    expect(readManifest(bytes, "/")).toBeNull();
  });

  test("may have been unpacked on the way", () => {
    const bytes = gunzipSync(formatManifest("ci", "/ci", EPOCHS));
    expect(readManifest(bytes, "/ci")).toEqual(EPOCHS);
  });

  test("may have anything in its entries", () => {
    const bytes = gzipSync(
      '{"/git/0.git": null, "/git/1.git": {"fingerprint": "x", "modified": "y"}}',
    );
    expect(readManifest(bytes, "/")).toEqual([
      { epoch: 0, fingerprint: null, modified: 0 },
      { epoch: 1, fingerprint: null, modified: 0 },
    ]);
  });
});

test.each([
  [
    "packet: ls-remote< version 2\npacket: ls-remote< fetch=shallow wait-for-done filter",
    [true, true, true, false],
  ],
  [
    "packet: ls-remote< version 2\npacket: ls-remote< fetch=shallow\npacket: ls-remote< object-format=sha256",
    [true, false, true, true],
  ],
  [
    `packet: fetch< ${"a".repeat(40)} HEAD\\0multi_ack shallow filter object-format=sha1 agent=x`,
    [true, true, true, false],
  ],
  [
    `packet: fetch< ${"a".repeat(64)} HEAD\\0multi_ack object-format=sha256 agent=x`,
    [true, false, false, true],
  ],
  ["", [false, false, false, false]],
])("what a server says: %j", (trace, [smart, filter, shallow, sha256]) => {
  expect(serverAbilities(trace)).toEqual({ smart, filter, shallow, sha256 });
});
