import { expect, test } from "vitest";
import { signedResultMail } from "../../../src/app/result/sign.ts";
import { SAID } from "../search/results.ts";

test("with a clock that was never set, nothing is signed", async () => {
  const planned = { said: { ...SAID, time: 999_999_999 }, details: null };
  await expect(signedResultMail(planned, null as never)).rejects.toMatchObject({
    code: "refused",
    message: "no result is signed before 2001: is the clock right?",
  });
});
