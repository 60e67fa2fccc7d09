import { describe, expect, test } from "vitest";
import { linkMaskSetting } from "../../../src/app/trailers/settings.ts";
import { type ConfigSetting, configOf } from "../../../src/git/config.ts";

const OURS = ["patchsig.linkMask", "https://ours.example.org/%s"] as const;
const TRAILER = ["b4.linktrailermask", "Message-ID: <%s>"] as const;
const MASK = ["b4.linkmask", "https://b4.example.org/%s"] as const;

function maskOf(...settings: (readonly [string, string])[]): string {
  return linkMaskSetting(
    configOf(
      settings.map(([key, value]): ConfigSetting => ({
        key: key.toLowerCase(),
        value,
        origin: "",
        scope: "global",
      })),
    ),
  );
}

describe("the mask of a Link", () => {
  test.each([
    [[OURS, TRAILER, MASK], OURS[1]],
    [[TRAILER, MASK], TRAILER[1]],
    [[MASK], MASK[1]],
    [[], "https://lore.kernel.org/r/%s"],
  ])("%j: %s", (settings, mask) => {
    expect(maskOf(...settings)).toBe(mask);
  });

  test.each(["https://example.org/", "%s%s", "a\n%s"])("%j is none", (mask) => {
    expect(() => maskOf(["patchsig.linkMask", mask])).toThrow(/no place for a Message-ID/);
  });
});
