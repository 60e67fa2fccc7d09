/** Where redirects of a feed's server may lead. */

import { expect, test } from "vitest";
import { redirected } from "../../src/feed/url.ts";

test.each([
  ["https://a.example/x", "https://b.example/y", "https://b.example/y"],
  ["https://a.example/x", "y?z", "https://a.example/y?z"],
  ["https://a.example/x", "//b.example", "https://b.example/"],
  ["http://a.example/x", "/y", "http://a.example/y"],
  ["http://a.example/x", "https://b.example/", "https://b.example/"],
  // also on the way to https again
  ["https://a.example/x", "http://a.example/x", null],
  ["HTTPS://a.example/x", "http://a.example/x", null],
  ["http://a.example/x", "file:///etc/passwd", null],
  ["https://a.example/x", "data:text/plain,x", null],
  ["https://a.example/x", "ftp://b.example/", null],
  ["https://a.example/x", "https://[", null],
])("%s, told %s, goes to %s", (from, location, place) => {
  expect(redirected(from, location)).toBe(place);
});
