import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkProgram, findSendmail, programTransport } from "../../src/send/program.ts";
import type { SendOutcome } from "../../src/send/transport.ts";
import { newFolder } from "../support/folders.ts";
import { BODY, letterOf } from "./support.ts";

/** A program in a folder of its own, which is also where it runs. */
function script(...lines: string[]): { readonly file: string; readonly folder: string } {
  const folder = newFolder();
  const file = join(folder, "sendmail");
  writeFileSync(file, ["#!/bin/sh", `cd "${folder}"`, ...lines, ""].join("\n"), { mode: 0o755 });
  return { file, folder };
}

function send(file: string, args: readonly string[] = [], patience?: number): Promise<SendOutcome> {
  return programTransport({ kind: "program", file, args }, patience).send(
    letterOf(),
    () => undefined,
  );
}

test("the letter comes on stdin, the envelope as arguments", async () => {
  const { file, folder } = script('printf "<%s>\\n" "$@" > args', "cat > mail");
  const transport = programTransport({ kind: "program", file, args: ["-C", "my rc"] });
  const recipients = ["a@example.org", "$(x)@example.org"];
  const letter = letterOf({ recipients, bytes: Buffer.from(BODY.replaceAll("\n", "\r\n")) });
  expect(await transport.send(letter, () => undefined)).toEqual({
    kind: "sent",
    said: "exit status 0",
  });
  expect(readFileSync(join(folder, "mail"), "utf8")).toBe(BODY);
  const args = (): string => readFileSync(join(folder, "args"), "utf8");
  expect(args()).toBe(
    "<-C>\n<my rc>\n<-i>\n<-f>\n<bot@example.org>\n<a@example.org>\n<$(x)@example.org>\n",
  );
  await transport.send(letterOf({ sender: "" }), () => undefined);
  expect(args()).toContain("<-f>\n<<>>\n<alice@example.org>\n");
});

test("the shell reads the command, but not the envelope", async () => {
  const { file, folder } = script('printf "<%s>\\n" "$@" > args', "cat > /dev/null");
  const command = [`X=one; '${file}' $X "two three"`, '"$@"'].join(" ");
  const transport = programTransport({ kind: "program", file: "sh", args: ["-c", command, "-"] });
  const letter = letterOf({ recipients: ["`id`@example.org"] });
  expect((await transport.send(letter, () => undefined)).kind).toBe("sent");
  expect(readFileSync(join(folder, "args"), "utf8")).toBe(
    "<one>\n<two three>\n<-i>\n<-f>\n<bot@example.org>\n<`id`@example.org>\n",
  );
});

describe("the exit status", () => {
  test.each([
    [0, "sent"],
    [65, "refused"],
    [67, "refused"],
    [68, "refused"],
    [75, "later"],
    [1, "outage"],
    [78, "outage"],
  ] as const)("%i: %s", async (status, kind) => {
    const { file } = script("cat > /dev/null", "echo 'no such user' >&2", `exit ${status}`);
    expect(await send(file)).toEqual({ kind, said: "no such user" });
  });

  test("of a killed program says nothing: the letter may have been sent", async () => {
    const { file } = script("kill -9 $$");
    expect(await send(file)).toEqual({ kind: "unknown", said: "ended by SIGKILL" });
  });

  test("of a program that hangs: it is killed", async () => {
    const { file } = script("exec sleep 60");
    expect(await send(file, [], 200)).toMatchObject({ kind: "unknown" });
  });

  test("of a program that leaves a process behind counts", async () => {
    const { file } = script("cat > /dev/null", "sleep 60 & echo $! > pid");
    expect(await send(file)).toMatchObject({ kind: "sent" });
    process.kill(Number(readFileSync(join(file, "..", "pid"), "utf8")));
  });

  test("of a missing program", async () => {
    const { folder } = script();
    const outcome = await send(join(folder, "none"));
    expect(outcome).toMatchObject({
      kind: "outage",
      said: expect.stringContaining(": there is none ("),
    });
  });

  test("of a program that reads nothing", async () => {
    const { file } = script("exit 75");
    const transport = programTransport({ kind: "program", file, args: [] });
    const letter = letterOf({ bytes: Buffer.alloc(1 << 20, "x") });
    expect(await transport.send(letter, () => undefined)).toMatchObject({ kind: "later" });
  });
});

test("onCommit is called before the program starts, and can prevent that", async () => {
  const { file, folder } = script("touch started", "cat > /dev/null");
  const transport = programTransport({ kind: "program", file, args: [] });
  const error = new Error("disk full");
  const stopped = transport.send(letterOf(), () => {
    throw error;
  });
  await expect(stopped).rejects.toBe(error);
  expect(existsSync(join(folder, "started"))).toBe(false);
});

test("an invalid envelope starts no program", async () => {
  const { file, folder } = script("touch started");
  const transport = programTransport({ kind: "program", file, args: [] });
  const letter = letterOf({ recipients: ["-Ofoo@example.org"] });
  expect(await transport.send(letter, () => expect.fail())).toMatchObject({ kind: "refused" });
  expect(existsSync(join(folder, "started"))).toBe(false);
});

test("sendmail is also searched for in PATH, if it is executable", () => {
  const [first, second, third] = [newFolder(), newFolder(), newFolder()];
  mkdirSync(join(first, "bin"));
  writeFileSync(join(second, "sendmail"), "", { mode: 0o644 });
  writeFileSync(join(third, "sendmail"), "", { mode: 0o755 });
  const usual = ["/usr/sbin/sendmail", "/usr/lib/sendmail"].find(existsSync);
  expect(findSendmail(`${first}:${second}::${third}`)).toBe(usual ?? join(third, "sendmail"));
});

test("a program that cannot be started is said before anything is sent", () => {
  const check = (file: string) => (): void => checkProgram({ kind: "program", file, args: [] });
  expect(check("/nowhere/msmtp")).toThrow("cannot start /nowhere/msmtp: there is none (");
  expect(check(import.meta.filename)).toThrow("it is no program (sendemail.smtpServer)");
  expect(check("sh")).not.toThrow();
  expect(check(script("exit 0").file)).not.toThrow();
});
