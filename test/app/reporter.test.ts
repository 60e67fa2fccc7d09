/** What a log says of a longer work. */

import { expect, test, vi } from "vitest";
import { sayingMinutes } from "../../src/app/reporter.ts";

test("a log has a line for each minute, and none for what takes less", () => {
  vi.useFakeTimers({ now: 0 });
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const { progress } = sayingMinutes({ say, sayError: () => {}, progress: null });
  for (let second = 0; second < 150; second++) {
    vi.setSystemTime(second * 1000);
    progress!(`${second} files`, second, 0, 0);
  }
  expect(lines).toEqual(["60 files so far", "120 files so far"]);
  const shown = (): void => {};
  expect(sayingMinutes({ say, sayError: () => {}, progress: shown }).progress).toBe(shown);
});
