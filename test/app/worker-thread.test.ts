/** Threads: each job has its answer, or the reason why there is none. */

import { expect, test } from "vitest";
import { answerTo, startWorker, type WorkerThread } from "../../src/app/worker-thread.ts";
import { PatchsigError } from "../../src/errors.ts";

/** A thread that runs this, with the job in `job`. */
const thread = (code: string): WorkerThread<string, string> =>
  startWorker(
    new URL(
      `data:text/javascript,${encodeURIComponent(
        `import { parentPort, workerData } from "node:worker_threads"; parentPort.on("message", (job) => { ${code} });`,
      )}`,
    ),
    "data",
  );

const say = (answer: string): string => `parentPort.postMessage(${answer});`;

test("answers come in the order of the jobs", async () => {
  const one = thread(say("{ ok: true, answer: `${workerData} ${job}` }"));
  try {
    const asked = ["a", "b", "c"].map((job) => one.ask(job));
    expect(one.waiting).toBe(3);
    expect(await Promise.all(asked)).toEqual(["data a", "data b", "data c"]);
    expect(one.waiting).toBe(0);
  } finally {
    one.close();
  }
});

test("a failure of the program keeps its code and its hint", async () => {
  const failure = new PatchsigError("git-failed", "git cat-file: no", { hint: "git fsck" });
  const answer = await answerTo(() => Promise.reject(failure));
  const one = thread(
    say(JSON.stringify({ ...answer, error: "E" }).replace('"E"', "new Error('git cat-file: no')")),
  );
  await expect(one.ask("")).rejects.toMatchObject({
    name: "PatchsigError",
    code: "git-failed",
    message: "git cat-file: no",
    hint: "git fsck",
  });
  one.close();
  expect(await answerTo(() => Promise.reject(new TypeError("x")))).toMatchObject({
    known: null,
  });
});

test("nobody waits for a thread that fails, or has ended", async () => {
  const failing = thread(say(`{ ok: false, error: "x", known: null }`));
  await expect(failing.ask("")).rejects.toBe("x");
  failing.close();
  const ending = thread("process.exit(0)");
  for (const one of await Promise.allSettled([ending.ask(""), ending.ask(""), ending.ask("")]))
    expect(one).toMatchObject({ reason: { message: "a thread of the program has ended" } });
  // and whoever comes later
  await expect(ending.ask("")).rejects.toThrow("a thread of the program has ended");
});
