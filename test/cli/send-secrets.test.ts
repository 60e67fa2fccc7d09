/**
 * Where the secrets of `send` are, and are not: the password or access token of the mail server, the password of
 * the key, and the key. Searched for in every place that outlives the program, or that others see.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { PROGRAM } from "../support/cli.ts";
import { LONG, some } from "../support/long.ts";
import { newFolder } from "../support/folders.ts";
import { type RawClient, rawSmtp } from "../support/raw-smtp.ts";
import { commit, git, newRepository } from "../support/repo.ts";

const USER = "alice";
const SMTP_SECRET = "Sm7p-p4ssw0rd-0f-alice";
const KEY_PASSWORD = "k3y-passw0rd-of-alice";
const SEED = Buffer.from("the s33d of the secret key: 32 B");

/** At libsodium's least cost. */
function lockedKey(): string {
  const lock = {
    password: Buffer.from(KEY_PASSWORD),
    salt: Buffer.alloc(32, 1),
    cost: { opslimit: 32768n, memlimit: 2n ** 20n },
  };
  return formatSecretKeyFile(generateSecretKey(SEED), "test", lock);
}

/** Is a secret in there: as it is, in UTF-16, in hexadecimal, in a URL, or in anything in base64? */
function holds(bytes: Buffer, secret: Buffer): boolean {
  const forms = [
    secret,
    Buffer.from(secret.toString("latin1"), "utf16le"),
    Buffer.from(secret.toString("hex")),
    Buffer.from(encodeURIComponent(secret.toString("latin1"))),
  ];
  if (forms.some((form) => bytes.includes(form))) return true;
  // at each of the places where it may begin within base64
  return [0, 1, 2].some((at) => {
    const coded = Buffer.concat([Buffer.alloc(at), secret]).toString("base64");
    const middle = coded.slice(at === 0 ? 0 : 4, -4);
    return (
      bytes.includes(middle) || bytes.includes(middle.replaceAll("+", "-").replaceAll("/", "_"))
    );
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** How the program gets the secret of the mail server, and how it logs in. */
const WAYS = {
  "a helper, PLAIN": { helper: true, auth: "PLAIN" },
  "a helper, LOGIN": { helper: true, auth: "LOGIN" },
  "a helper, OAUTHBEARER": { helper: true, auth: "OAUTHBEARER" },
  "a helper, XOAUTH2": { helper: true, auth: "XOAUTH2" },
  "smtpPass, PLAIN": { helper: false, auth: "PLAIN" },
} as const;
type Way = (typeof WAYS)[keyof typeof WAYS];

/** The replies of a server, and what it is asked at each. */
const STEPS = ["greeting", "ehlo", "auth", "from", "to", "data", "letter"] as const;
type Step = (typeof STEPS)[number];

interface Plan {
  readonly way: Way;
  /** Here the server repeats all that it was ever told, in a reply that refuses. */
  readonly refuses?: Step;
  /** Called before each reply. */
  readonly before?: (step: Step) => unknown;
}

/** A server that asks for a login by one mechanism. */
async function serve(client: RawClient, { way, refuses, before }: Plan): Promise<void> {
  const told: string[] = [];
  const hear = async (): Promise<string> => {
    const line = (await client.line()) ?? "";
    told.push(line);
    return line;
  };
  const reply = async (step: Step, yes: string): Promise<void> => {
    await before?.(step);
    const no = ["greeting", "ehlo"].includes(step) ? "554" : step === "auth" ? "535" : "550";
    const plain = told.map((line) => Buffer.from(line.split(" ").at(-1)!, "base64").toString());
    const echo = `${no} ${told.join(" ")} ${plain.join(" ")}`.replaceAll("\n", "");
    await client.say(`${refuses === step ? echo : yes}\r\n`);
    if (refuses === step) throw new Error("hangs up");
  };
  await reply("greeting", "220 x");
  await hear();
  await reply("ehlo", `250-x\r\n250 AUTH ${way.auth}`);
  await hear();
  if (way.auth === "LOGIN") {
    await client.say("334 VXNlcm5hbWU6\r\n");
    await hear();
    await client.say("334 UGFzc3dvcmQ6\r\n");
    await hear();
  }
  await reply("auth", "235 yes");
  for (const [step, yes] of [
    ["from", "250 a"],
    ["to", "250 b"],
    ["data", "354 c"],
  ] as const) {
    await hear();
    await reply(step, yes);
  }
  await client.letter();
  await reply("letter", "250 taken");
  await hear();
}

/** A submitter; everything that the program can write is below one folder. */
async function submitter(plan: Plan) {
  const folder = newFolder();
  // what the user keeps secrets in themselves
  const vault = newFolder();
  const [home, work, temp, bin] = ["home", "work", "temp", "bin"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  for (const name of [home, temp, bin]) mkdirSync(name);
  const server = await rawSmtp((client) => serve(client, plan));
  onTestFinished(server.stop);
  const origin = newRepository(join(folder, "origin"));
  commit(origin, "first", { a: "1\n" });
  git(folder, ["clone", "-q", origin, work]);
  git(work, ["switch", "-q", "-c", "topic", "origin/main"]);
  commit(work, "a: two", { a: "2\n" });
  const passwords = join(vault, "password");
  writeFileSync(passwords, `${KEY_PASSWORD}\n`, { mode: 0o600 });
  mkdirSync(join(home, "patchsig"), { mode: 0o700 });
  writeFileSync(join(home, "patchsig", "minisign.key"), lockedKey(), { mode: 0o600 });
  const helper = join(vault, "helper");
  // keeps what it sees of all processes, and what it is told, while others wait for it
  writeFileSync(
    helper,
    `#!/bin/sh
cat >>'${vault}/told'
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ >>'${folder}/processes' 2>/dev/null
[ "$1" = get ] && printf 'username=%s\\npassword=%s\\n' '${USER}' "$(cat '${vault}/secret')"
exit 0
`,
    { mode: 0o700 },
  );
  writeFileSync(join(vault, "secret"), SMTP_SECRET);
  // each git says with which arguments and variables it was started
  const realGit = (process.env["PATH"] ?? "")
    .split(":")
    .map((one) => join(one, "git"))
    .find(existsSync)!;
  writeFileSync(
    join(bin, "git"),
    `#!/bin/sh
{ printf '%s\\n' "$@"; env; } >>'${folder}/gits'
exec '${realGit}' "$@"
`,
  );
  chmodSync(join(bin, "git"), 0o755);
  const config = join(vault, "config");
  writeFileSync(
    config,
    `[sendemail]
	smtpServer = localhost
	smtpServerPort = ${server.port}
	smtpUser = ${USER}
	smtpAuth = ${plan.way.auth}
${plan.way.helper ? `[credential]\n\thelper = ${helper}\n` : `\tsmtpPass = ${SMTP_SECRET}\n`}`,
  );
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${bin}:${process.env["PATH"]}`,
    HOME: home,
    XDG_DATA_HOME: home,
    TMPDIR: temp,
    GIT_CONFIG_GLOBAL: config,
    // all that somebody might turn on who looks for a fault
    PATCHSIG_DEBUG: "1",
    GIT_TRACE: join(folder, "trace"),
    GIT_TRACE_SETUP: join(folder, "trace"),
    GIT_TRACE_PACKET: join(folder, "trace"),
    GIT_TRACE2_EVENT: join(folder, "trace2"),
    GIT_TRACE2_CONFIG_PARAMS: "user.*",
  };
  const words = "send --to l@example.org --suppress-cc all --no-cover --yes --password-file";
  const args = [...words.split(" "), passwords];
  const start = (shell = "") =>
    spawn("sh", ["-c", `${shell} exec "$@"`, "-", process.execPath, PROGRAM, ...args], {
      cwd: work,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  const run = async (): Promise<Buffer> => {
    const child = start();
    const output: Buffer[] = [];
    for (const pipe of [child.stdout, child.stderr])
      pipe.on("data", (bytes: Buffer) => output.push(bytes));
    await once(child, "close");
    return Buffer.concat(output);
  };
  return { folder, vault, home, work, start, run };
}

/** Arguments and variables of all processes. */
function processes(): Buffer {
  const files = readdirSync("/proc").flatMap((name) =>
    /^\d+$/.test(name) ? [`/proc/${name}/cmdline`, `/proc/${name}/environ`] : [],
  );
  return Buffer.concat(
    files.map((file) => {
      try {
        return readFileSync(file);
      } catch {
        return Buffer.alloc(0);
      }
    }),
  );
}

const SECRETS = [SMTP_SECRET, KEY_PASSWORD, SEED].map((secret) => Buffer.from(secret));

function expectNone(bytes: Buffer, where: string): void {
  for (const secret of SECRETS)
    expect(holds(bytes, secret), `${secret.toString()} is in ${where}`).toBe(false);
}

type Case = readonly [string, Way, Step | "nothing"];
const CASES: readonly Case[] = Object.entries(WAYS).flatMap(([name, way]) =>
  (["auth", "nothing", ...STEPS.filter((step) => step !== "auth")] as const).map(
    (refuses): Case => [name, way, refuses],
  ),
);

test.each(some(CASES, 9))("%s; refused: $2", async (_, way, refuses) => {
  const seen: Buffer[] = [];
  const plan = { way, before: () => seen.push(processes()) };
  const { folder, run } = await submitter(refuses === "nothing" ? plan : { ...plan, refuses });
  const output = await run();
  expect(output.toString()).toContain(refuses === "nothing" ? "1 of 1 mail sent" : "0 of 1 mail");
  expectNone(output, "the output");
  expectNone(Buffer.concat(seen), "a process");
  const files = filesBelow(folder);
  expect(files.map((file) => file.slice(folder.length + 1))).toEqual(
    expect.arrayContaining(["home/patchsig/outbox.db", "trace", "trace2", "gits"]),
  );
  for (const file of files) expectNone(readFileSync(file), file.slice(folder.length + 1));
});
const CORE_HERE = /^core(?:$|\.%p$)/.test(
  readFileSync("/proc/sys/kernel/core_pattern", "utf8").trim(),
);

describe.runIf(LONG && CORE_HERE)("a core", () => {
  async function coreAt(path: string | undefined): Promise<Buffer | null> {
    let reached = (): void => undefined;
    const there = new Promise<void>((resolve) => (reached = resolve));
    const silent = new Promise(() => undefined);
    const before = (step: Step): unknown => (step === "letter" ? (reached(), silent) : undefined);
    const { start, work } = await submitter({ way: WAYS["a helper, PLAIN"], before });
    const child = start(`ulimit -c unlimited;${path === undefined ? "" : `PATH=${path}:$PATH;`}`);
    await there;
    child.kill("SIGABRT");
    await once(child, "close");
    const [core] = readdirSync(work).filter((name) => name.startsWith("core"));
    return core === undefined ? null : readFileSync(join(work, core));
  }

  test("is not written", async () => {
    expect(await coreAt(undefined)).toBe(null);
  });

  test("would have what logs in, and not what signs, without prlimit", async () => {
    const bin = newFolder();
    writeFileSync(join(bin, "prlimit"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const bytes = (await coreAt(bin))!;
    expect(SECRETS.map((secret) => bytes.includes(secret))).toEqual([true, false, false]);
  });
});
