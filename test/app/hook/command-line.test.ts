import { expect, test } from "vitest";
import {
  annotateOption,
  fromOption,
  identityOption,
  isBaseless,
} from "../../../src/app/hook/command-line.ts";

// as git send-email takes them: tried with 2.39
test.each<[string, boolean | null]>([
  ["", null],
  ["--annotate", true],
  ["-a", true],
  ["--an HEAD~2", true],
  ["-Annotate", true],
  ["--no-annotate", false],
  ["--noann", false],
  ["--no-a", false],
  ["--annotate --no-annotate", false],
  ["--no-annotate -annotate", true],
  ["--attach --annotated --add-header=a", null],
  ["-- --annotate", null],
])("%s", (words, expected) => {
  expect(annotateOption(words.split(" "))).toBe(expected);
});

test.each<[string, string | null]>([
  ["", null],
  ["--identity=work", "work"],
  ["--identity work", "work"],
  ["--id work -identity=home HEAD", "home"],
  ["--identity=", ""],
  ["--identity", null],
  ["-- --identity=work", null],
  ["--in-reply-to=x", null],
])("%s", (words, expected) => {
  expect(identityOption(words.split(" "))).toBe(expected);
});

test.each<[string, boolean]>([
  ["--no-base HEAD", true],
  ["-- --no-base", false],
  ["HEAD", false],
])("%s", (words, expected) => {
  expect(isBaseless(words.split(" "))).toBe(expected);
});

test.each<[string, string | null]>([
  ["--from=a@example.org HEAD", "a@example.org"],
  ["--sender a@example.org", "a@example.org"],
  ["-fro=a@example.org --from b@example.org", "b@example.org"],
  ["--force --format-patch", null],
  ["-- --from=a@example.org", null],
])("%s", (words, expected) => {
  expect(fromOption(words.split(" "))).toBe(expected);
});
