/** What names a test run, in a result that is signed and in a question about one. */

import { PatchsigError } from "../../errors.ts";
import { ENV_ENTRY, MAX_ENV, TEST_NAME, type TestResult } from "../../result/text.ts";

/**
 * Checks what the user says of a run. What cannot stand in a result is refused, since no result could match it.
 *
 * @param words `env` has entries `key=value`
 * @returns the environment by ascending keys; `rev` null for none
 * @throws PatchsigError "usage"
 */
export function namedRun({
  test,
  rev,
  env,
}: {
  readonly test: string;
  readonly rev: string | undefined;
  readonly env: readonly string[];
}): Pick<TestResult, "test" | "rev" | "env"> {
  if (!TEST_NAME.test(test))
    throw new PatchsigError("usage", `a test cannot be called "${test}"`, {
      hint: "words of letters, digits, _ and -, with dots between them: kselftest.net",
    });
  if (rev !== undefined && (rev === "-" || !/^[!-~]{1,128}$/.test(rev)))
    throw new PatchsigError("usage", `--rev takes a word: not "${rev}"`);
  return { test, rev: rev ?? null, env: sortedEnv(env) };
}

function sortedEnv(given: readonly string[]): readonly string[] {
  for (const entry of given)
    if (!ENV_ENTRY.test(entry))
      throw new PatchsigError("usage", `--env takes key=value without blanks: not "${entry}"`);
  const keyOf = (entry: string): string => entry.slice(0, entry.indexOf("="));
  const env = given.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const twice = env.find((entry, i) => i > 0 && keyOf(entry) === keyOf(env[i - 1]!));
  if (twice !== undefined) throw new PatchsigError("usage", `--env ${keyOf(twice)} is given twice`);
  if (env.length > MAX_ENV)
    throw new PatchsigError("usage", `--env can be given ${MAX_ENV} times at most`);
  return env;
}
