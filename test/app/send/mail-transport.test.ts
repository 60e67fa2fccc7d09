/** The password comes from git's credential helpers, and they hear whether it was right. */

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { openTransport } from "../../../src/app/send/mail-transport.ts";
import { parseConfig } from "../../../src/git/config.ts";
import { letterOf } from "../../send/support.ts";
import { newFolder } from "../../support/folders.ts";
import { refusal, startSmtp, type TestServer } from "../../support/smtp.ts";

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const end of ended.splice(0).reverse()) await end();
});

async function mailServer(): Promise<TestServer> {
  const server = await startSmtp({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === "alice" && password === "secret"
        ? done(null, { user: username })
        : done(refusal(535, "wrong")),
  });
  ended.push(server.stop);
  return server;
}

/** A credential helper that knows one password and writes down what it is told. */
function helper(password: string, more = ""): () => string {
  const folder = newFolder();
  const file = join(folder, "helper");
  writeFileSync(
    file,
    `#!/bin/sh\n{ echo "$1"; cat; } >> "${folder}/log"\n[ "$1" != get ] || printf "password=%s\\n%s\\n" "${password}" "${more}"\n`,
  );
  chmodSync(file, 0o755);
  vi.stubEnv("GIT_CONFIG_COUNT", "1");
  vi.stubEnv("GIT_CONFIG_KEY_0", "credential.helper");
  vi.stubEnv("GIT_CONFIG_VALUE_0", file);
  const log = join(folder, "log");
  return () => (existsSync(log) ? readFileSync(log, "utf8") : "");
}

async function send(port: number, ...settings: string[]): Promise<string> {
  const all = ["smtpserver\n127.0.0.1", `smtpserverport\n${port}`, ...settings];
  const transport = await openTransport(
    parseConfig(all.map((line) => `file:config\0sendemail.${line}\0`).join("")),
  );
  ended.push(transport.close);
  return (await transport.send(letterOf(), () => undefined)).kind;
}

test.each([
  ["secret", "sent", "store"],
  ["wrong", "outage", "erase"],
])("a credential helper that answers %s", async (password, kind, told) => {
  const { port } = await mailServer();
  const log = helper(password);
  expect(await send(port, "smtpuser\nalice")).toBe(kind);
  const asked = `protocol=smtp\nhost=127.0.0.1:${port}\nusername=alice\n`;
  expect(log()).toBe(`get\n${asked}${told}\n${asked}password=${password}\n`);
});

test("what a helper says besides, such as how to get another token, it gets back", async () => {
  const { port } = await mailServer();
  const log = helper("secret", "password_expiry_utc=4000000000\noauth_refresh_token=r3fresh");
  // as much of it as this git knows
  const asked = `protocol=smtp\nhost=127.0.0.1:${port}\nusername=alice\n`;
  const known = execFileSync("git", ["credential", "fill"], { input: asked }).toString();
  expect(await send(port, "smtpuser\nalice")).toBe("sent");
  const [, back = ""] = log().split("store\n");
  expect(back.split("\n").toSorted()).toEqual(known.split("\n").toSorted());
});

test("a helper that writes without end is not read to it", async () => {
  const { port } = await mailServer();
  helper("x".repeat(70_000));
  const all = ["smtpserver\n127.0.0.1", `smtpserverport\n${port}`, "smtpuser\nalice"];
  const config = parseConfig(all.map((line) => `file:config\0sendemail.${line}\0`).join(""));
  await expect(openTransport(config)).rejects.toMatchObject({
    code: "too-large",
  });
});

test("no helper is asked for a password that is configured, or not needed", async () => {
  const { port } = await mailServer();
  const log = helper("other");
  expect(await send(port, "smtpuser\nalice", "smtppass\nsecret")).toBe("sent");
  const open = await startSmtp();
  ended.push(open.stop);
  expect(await send(open.port)).toBe("sent");
  expect(log()).toBe("");
});

test("a sendmail program needs no password", async () => {
  const file = join(newFolder(), "sendmail");
  writeFileSync(file, `#!/bin/sh\ncat > "${file}.got"\n`, { mode: 0o755 });
  const config = parseConfig(`file:config\0sendemail.sendmailcmd\n'${file}'\0`);
  const transport = await openTransport(config);
  expect(await transport.send(letterOf(), () => undefined)).toMatchObject({ kind: "sent" });
  expect(readFileSync(`${file}.got`)).toEqual(letterOf().bytes);
});
