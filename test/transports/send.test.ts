/**
 * A branch, its second version and a pull request, by `send` through real mail servers with TLS and a
 * login, into maildirs: as they came they verify, and `am` makes the branch's commits of them.
 */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patchsig, type Run } from "../support/cli.ts";
import { git } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import { EXIM } from "./exim.ts";
import { POSTFIX } from "./postfix.ts";
import {
  type Box,
  type Certificate,
  newCertificate,
  PASSWORD,
  type SubmissionServer,
  submissionToExim,
  submissionToPostfix,
} from "./submission.ts";
import {
  expectBranch,
  newProject,
  newSubmitter,
  PATCHES,
  type Project,
  type Submitter,
} from "./submitter.ts";
import { LONG, mailsIn, newFolder, PATIENCE, until } from "./support.ts";

type Settings = Readonly<Record<string, string>>;

/** A server of which one thing is not as usual, and what the submitter sets for it. */
interface Way {
  readonly port?: string;
  readonly settings?: (server: SubmissionServer, certificate: Certificate) => Settings;
  /** The server takes seven bits only. */
  readonly sevenBits?: true;
}

type Wrong = { readonly port?: string; readonly set: Settings; readonly says: RegExp }[];

/** By these nothing leaves. */
const WRONG: Wrong = [
  { set: { smtpAuth: "OAUTHBEARER" }, says: /the server offers login by PLAIN/ },
  { set: { smtpSSLCertPath: "/nowhere/cert.pem" }, says: /cannot read/ },
  // it has those of well-known authorities
  {
    set: { smtpSSLCertPath: "/etc/ssl/certs/ca-certificates.crt" },
    says: /is signed by nobody whom you trust/,
  },
  { set: { smtpServer: "127.0.0.1" }, says: /is for another name/ },
  { set: { smtpEncryption: "ssl" }, says: /does not speak TLS on this port/ },
  { set: { smtpEncryption: "none" }, says: /the server offers no login/ },
];
const WRONG_AT_POSTFIX: Wrong = [
  ...WRONG,
  { port: "plain", set: {}, says: /offers no STARTTLS/ },
  { port: "login over TLS", set: { smtpEncryption: "none" }, says: /the server offers no login/ },
  { port: "asks for a certificate", set: {}, says: /No client certificate presented/ },
];

const SERVERS: readonly {
  readonly name: string;
  readonly ready: boolean;
  readonly start: (folder: string, certificate: Certificate) => Promise<SubmissionServer>;
  readonly ways: Readonly<Record<string, Way>>;
  readonly wrong: Wrong;
}[] = [
  {
    name: "postfix",
    ready: LONG && requireTool(POSTFIX) && requireTool("/usr/lib/dovecot/auth"),
    start: submissionToPostfix,
    ways: {
      STARTTLS: {},
      TLS: { port: "tls", settings: () => ({ smtpEncryption: "ssl" }) },
      "login by LOGIN": { settings: () => ({ smtpAuth: "LOGIN" }) },
      "login by CRAM-MD5": { settings: () => ({ smtpAuth: "XOAUTH2 CRAM-MD5" }) },
      "a client's certificate": {
        port: "asks for a certificate",
        settings: (_, { cert, key }) => ({ smtpSSLClientCert: cert, smtpSSLClientKey: key }),
      },
      IPv6: { port: "ipv6", settings: () => ({ smtpServer: "[::1]" }) },
      "two mails a connection": { settings: () => ({ smtpBatchSize: "2" }) },
      "no extensions": { port: "bare", sevenBits: true },
      "no 8BITMIME": { port: "no 8BITMIME", sevenBits: true },
      "a slow greeting": { port: "slow" },
      sendmailCmd: { settings: ({ sendmail }) => ({ sendmailCmd: sendmail.join(" ") }) },
      "smtpServer = /usr/sbin/sendmail": {
        settings: ({ sendmail: [smtpServer, smtpServerOption] }) => ({
          smtpServer,
          smtpServerOption,
        }),
      },
    },
    wrong: WRONG_AT_POSTFIX,
  },
  {
    name: "exim, which ends a connection after two mails",
    ready: LONG && requireTool(EXIM),
    start: submissionToExim,
    ways: {
      STARTTLS: {},
      TLS: { port: "tls", settings: () => ({ smtpEncryption: "ssl" }) },
      "login by LOGIN": { settings: () => ({ smtpAuth: "LOGIN" }) },
      sendmailCmd: { settings: ({ sendmail }) => ({ sendmailCmd: sendmail.join(" ") }) },
    },
    wrong: WRONG,
  },
];

for (const { name, ready, start, ways, wrong } of SERVERS)
  describe.runIf(ready)(name, () => {
    let server: SubmissionServer;
    let certificate: Certificate;
    let project: Project;

    beforeAll(async () => {
      project = newProject();
      certificate = newCertificate(newFolder());
      server = await start(newFolder(), certificate);
    }, PATIENCE);
    afterAll(() => server?.stop(), PATIENCE);

    const settingsOf = ({ port = "starttls", settings }: Way): Settings => ({
      smtpServer: "localhost",
      smtpServerPort: String(server.ports[port]),
      smtpEncryption: "tls",
      smtpUser: "alice",
      smtpDomain: "localhost",
      smtpSSLCertPath: certificate.cert,
      ...settings?.(server, certificate),
    });
    const submitter = (way: Way = {}): Submitter => {
      const settings = settingsOf(way);
      const made = newSubmitter(project, settings);
      keepPassword(made, settings, PASSWORD);
      return made;
    };
    const arrived = async ({ folder }: Box, count: number): Promise<Buffer[]> => {
      const mails = (): Buffer[] => mailsIn(join(folder, "new"));
      await until(
        () => mails().length === count,
        () => `${mails().length} of ${count}`,
      );
      return mails();
    };

    test.each(Object.entries(ways))("a branch: %s", { timeout: PATIENCE }, async (_, way) => {
      const box = server.newBox();
      const one = submitter(way);
      expectSent(one.send("--to", box.address, "--no-cover"));
      const mails = await arrived(box, PATCHES);
      const counts = way.sevenBits === true ? [0, 6] : [1, 5];
      expect(["8bit", "quoted-printable"].map((word) => countOf(mails, word))).toEqual(counts);
      expectBranch(one, box.folder);
    });

    test("its second version, in the first thread", { timeout: PATIENCE }, async () => {
      const box = server.newBox();
      const one = submitter();
      const { cwd, home } = one;
      expectSent(one.send("--to", box.address, "--no-cover"));
      await arrived(box, PATCHES);
      git(cwd, ["commit", "-q", "--amend", "-m", "song: Köln, ganz anders\n\nÜber Köln."]);
      expectSent(one.send("--thread", "first"), 2);
      const mails = await arrived(box, 2 * PATCHES);
      const first = mailOf(mails, `[PATCH 1/${PATCHES}]`);
      const parents = [...mails].filter((mail) => fieldOf(mail, "In-Reply-To") === null);
      expect(parents).toEqual([first]);
      expect(fieldOf(mailOf(mails, `[PATCH v2 1/${PATCHES}]`), "In-Reply-To")).toBe(
        fieldOf(first, "Message-ID"),
      );
      const { stdout } = patchsig(["series", "list", box.folder], { home });
      expect(stdout).toMatch(/^1 +v1 +9\/9 .*\n2 +v2 +9\/9 .*\n$/);
      expectBranch(one, box.folder, 2);
    });

    test("a pull request", { timeout: PATIENCE }, async () => {
      const box = server.newBox();
      const one = submitter();
      const { cwd } = one;
      git(cwd, ["push", "-q", "origin", "topic:refs/pull/7/head"]);
      git(cwd, ["switch", "-q", "-c", "elsewhere", "origin/main"]);
      const sent = one.send("--from-pr", "origin", "7", "--to", box.address, "--no-cover");
      expect(sent.stderr).toContain(`${PATCHES} of ${PATCHES} mails sent`);
      await arrived(box, PATCHES);
      git(cwd, ["switch", "-q", "topic"]);
      expectBranch(one, box.folder);
    });

    test("a wrong password is forgotten, and nothing sent", { timeout: PATIENCE }, async () => {
      const box = server.newBox();
      const one = submitter();
      const file = keepPassword(one, settingsOf({}), "wrong horse");
      const first = one.send("--to", box.address, "--no-cover");
      expectNothingSent(first, /^ +535 /m);
      expect(first.stdout + first.stderr).not.toContain("horse");
      expect(readFileSync(file, "utf8")).toBe("");
      // nobody can be asked
      const second = one.send("--continue");
      expectNothingSent(second, /no password for alice at localhost:/);
      keepPassword(one, settingsOf({}), PASSWORD);
      expect(mailsIn(join(box.folder, "new"))).toEqual([]);
      expectSent(one.send("--continue"));
      await arrived(box, PATCHES);
      expectBranch(one, box.folder);
    });

    test.runIf(name === "postfix")("too large a mail", { timeout: PATIENCE }, async () => {
      const box = server.newBox();
      const one = submitter({ port: "small" });
      const first = one.send("--to", box.address, "--no-cover");
      const quiet = settingsOf({ port: "small, and does not say so" });
      one.set(quiet);
      keepPassword(one, quiet, PASSWORD);
      const second = one.send("--continue");
      for (const { status, stderr } of [first, second]) {
        expect(stderr).toMatch(
          /^not sent: \[PATCH 4\/9\] .*\n {4}.*[Mm]essage (?:size|file too big)/m,
        );
        expect(stderr).toContain("v1 of topic: 3 of 9 mails sent\n");
        expect(stderr).not.toContain("--drop");
        expect(status).toBe(3);
      }
      one.set(settingsOf({}));
      keepPassword(one, settingsOf({}), PASSWORD);
      expectSent(one.send("--continue"));
      await arrived(box, PATCHES);
      expectBranch(one, box.folder);
    });

    test(
      "nothing leaves the wrong way, and all of it the right way",
      { timeout: PATIENCE },
      async () => {
        const box = server.newBox();
        const one = submitter();
        for (const [i, { port, set, says }] of wrong.entries()) {
          const way = port === undefined ? {} : { port };
          const settings = { ...settingsOf(way), ...set };
          one.set(settings);
          keepPassword(one, settings, PASSWORD);
          const args = i === 0 ? ["--to", box.address, "--no-cover"] : ["--continue"];
          expectNothingSent(one.send(...args), says);
        }
        one.set(settingsOf({}));
        expect(mailsIn(join(box.folder, "new"))).toEqual([]);
        expectSent(one.send("--continue"));
        await arrived(box, PATCHES);
        expectBranch(one, box.folder);
      },
    );
  });

function expectSent({ status, stderr }: Run, version = 1): void {
  expect(stderr).toContain(`v${version} of topic: ${PATCHES} of ${PATCHES} mails sent`);
  expect(status).toBe(0);
}

function expectNothingSent({ status, stderr }: Run, words: RegExp): void {
  expect(stderr).toMatch(words);
  expect(stderr).toContain(`v1 of topic: 0 of ${PATCHES} mails sent`);
  expect(status).toBe(3);
}

/** As people keep it: in a file that git-credential-store(1) reads. @returns the file */
function keepPassword({ cwd, home }: Submitter, settings: Settings, password: string): string {
  const file = join(home, "credentials");
  const host = `${settings["smtpServer"]!}:${settings["smtpServerPort"]!}`;
  const fields = { protocol: "smtp", host, username: settings["smtpUser"]!, password };
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}\n`);
  git(cwd, ["credential", "approve"], lines.join(""));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  return file;
}

function fieldOf(mail: Buffer, name: string): string | null {
  const [header] = mail.toString("latin1").split("\n\n", 1);
  return new RegExp(`^${name}: *(.*)$`, "im").exec(header!)?.[1] ?? null;
}

function mailOf(mails: readonly Buffer[], label: string): Buffer {
  return mails.find((mail) => fieldOf(mail, "Subject")?.startsWith(label))!;
}

function countOf(mails: readonly Buffer[], encoding: string): number {
  return mails.filter((mail) => fieldOf(mail, "Content-Transfer-Encoding") === encoding).length;
}
