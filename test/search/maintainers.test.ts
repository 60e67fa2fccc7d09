/**
 * Sections of MAINTAINERS and what is theirs. Which files a pattern has is what get_maintainer.pl 0.26 says of the
 * same patterns and files (`--nogit -f FILE`).
 */

import { describe, expect, test } from "vitest";
import {
  filePattern,
  keywordsIn,
  namePattern,
  parseMaintainers,
  sectionNamed,
} from "../../src/search/maintainers.ts";

const FILES = [
  "drivers/net/a.c",
  "drivers/net/sub/b.c",
  "drivers/net2/c.c",
  "net/core/d.c",
  "drivers/net.c",
  "fs/a/xfoo1.c",
  "fs/a/b/foo.c",
  "include/linux/i2c.h",
  "include/linux/i2c-mux.h",
  "drivers/tegra.c",
  "drivers/xtegra.c",
  "drivers/-tegra-2.c",
  "arch/x/net/e.c",
  "drivers/foo",
  "drivers/foobar.c",
];
const FOLDERS = new Set(["drivers/net", "net/core", "fs/a"]);

describe("files", () => {
  test.each([
    ["drivers/net/", ["drivers/net/a.c", "drivers/net/sub/b.c"]],
    ["drivers/net/*", ["drivers/net/a.c"]],
    ["*/net/*", ["drivers/net/a.c"]],
    ["drivers/net", ["drivers/net/a.c", "drivers/net/sub/b.c"]],
    ["include/linux/i2c.h", ["include/linux/i2c.h"]],
    ["include/linux/i2c", ["include/linux/i2c.h", "include/linux/i2c-mux.h"]],
    ["include/linux/i2c*.h", ["include/linux/i2c.h", "include/linux/i2c-mux.h"]],
    ["drivers/foo?", ["drivers/foobar.c"]],
    ["drivers/foo", ["drivers/foo", "drivers/foobar.c"]],
    ["fs/*/*foo*.c", ["fs/a/xfoo1.c"]],
    ["fs/**/*foo*.c", ["fs/a/xfoo1.c", "fs/a/b/foo.c"]],
    ["*/net/", ["drivers/net/a.c", "drivers/net/sub/b.c", "arch/x/net/e.c"]],
  ])("%s", (pattern, expected) => {
    const { prefix, matches } = filePattern(pattern, FOLDERS.has(pattern));
    const found = FILES.filter(matches);
    expect(found).toEqual(expected);
    expect(found.every((path) => path.startsWith(prefix))).toBe(true);
  });

  test("a hostile pattern takes no time", () => {
    const { matches } = filePattern("*a".repeat(140), false);
    expect(matches("a".repeat(139) + "/".repeat(3_000))).toBe(false);
  });
});

describe("names", () => {
  test.each([
    ["[^a-z]tegra", ["drivers/tegra.c", "drivers/-tegra-2.c"]],
    ["i2c", ["include/linux/i2c.h", "include/linux/i2c-mux.h"]],
    ["^drivers/foo$", ["drivers/foo"]],
    ["o\\.c$", ["fs/a/b/foo.c"]],
    ["fo.bar", ["drivers/foobar.c"]],
  ])("%s", (pattern, expected) => {
    expect(FILES.filter(namePattern(pattern)!.matches)).toEqual(expected);
  });

  test.each(["(a+)+$", "a*b", "a{2}", "\\w", "(?=x)", "[[:alpha:]]", "a|b", "[]x]", "x+"])(
    "%s is not read",
    (pattern) => {
      expect(namePattern(pattern)).toBeNull();
    },
  );
});

test.each([
  ["of_get_profile", ["of_get_profile"]],
  ["\\b(printk|pr_(info|err))\\b", ["printk", "pr_info", "pr_err"]],
  ["(?:foo|bar)_baz", ["foo_baz", "bar_baz"]],
  ["a*", null],
  ["(a", null],
  ["a)", null],
  ["((((((((((((a))))))))))))", null],
  ["(a|b)".repeat(12), null],
  ["|", null],
])("keywords of %s", (pattern, expected) => {
  expect(keywordsIn(pattern)).toEqual(expected);
});

test("sections", () => {
  const text = `
Descriptions of section entries:

	F: Files and directories

Maintainers List
----------------

I2C SUBSYSTEM
M:	Wolfram Sang <wsa@example.org>
L:	linux-i2c@vger.kernel.org
F:	drivers/i2c/
F:	include/linux/i2c*.h
X:	drivers/i2c/busses/

I2C SUBSYSTEM HOST DRIVERS
M:	Andi Shyti <andi@example.org>
F:	drivers/i2c/busses/
N:	i2c-host
K:	of_i2c

ORPHAN
S:	Orphan
`;
  const sections = parseMaintainers(text);
  expect(sections.map(({ title }) => title)).toEqual([
    "I2C SUBSYSTEM",
    "I2C SUBSYSTEM HOST DRIVERS",
  ]);
  expect(sectionNamed(sections, "i2c subsystem")).toEqual({
    title: "I2C SUBSYSTEM",
    files: ["drivers/i2c/", "include/linux/i2c*.h"],
    excluded: ["drivers/i2c/busses/"],
    names: [],
    keywords: [],
  });
  expect(sectionNamed(sections, "host drivers")?.keywords).toEqual(["of_i2c"]);
  expect(sectionNamed(sections, "i2c")).toBeNull();
});
