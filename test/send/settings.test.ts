import { describe, expect, test } from "vitest";
import { PatchsigError } from "../../src/errors.ts";
import { parseConfig } from "../../src/git/config.ts";
import { mailServerOf, configuredSender } from "../../src/send/settings.ts";

/** As git lists them; a name without a dot is one of sendemail's. */
function config(...settings: (readonly [string, string])[]): ReturnType<typeof parseConfig> {
  const lines = settings.map(([name, value]) => {
    const key = name.includes(".") ? name : `sendemail.${name.toLowerCase()}`;
    return `file:config\0${key}\n${value}\0`;
  });
  return parseConfig(lines.join(""), () => "/home/alice");
}

const server = (...settings: (readonly [string, string])[]): object =>
  mailServerOf(config(...settings), () => null);
const HOST = ["smtpServer", "mail.example.org"] as const;
const TLS = ["smtpEncryption", "tls"] as const;
const PLAIN = {
  kind: "smtp",
  host: "mail.example.org",
  port: 25,
  encryption: "none",
  login: null,
  domain: null,
  certPath: null,
  client: null,
  batchSize: 0,
  reloginDelay: 0,
};

describe("where mail goes", () => {
  test("by default to sendmail, else to localhost", () => {
    expect(server()).toEqual({ ...PLAIN, host: "localhost" });
    expect(mailServerOf(config(), () => "/usr/sbin/sendmail")).toEqual({
      kind: "program",
      file: "/usr/sbin/sendmail",
      args: [],
    });
    const never = (): string => expect.fail("it is named");
    expect(mailServerOf(config(HOST), never)).toEqual(PLAIN);
  });

  test("an absolute path is a program with its options", () => {
    const options = ["-C", "/my rc"].map((value) => ["smtpServerOption", value] as const);
    expect(server(["smtpServer", "/opt/msmtp"], ...options)).toEqual({
      kind: "program",
      file: "/opt/msmtp",
      args: ["-C", "/my rc"],
    });
  });

  test("the shell reads sendmailCmd, which overrides smtpServer", () => {
    expect(server(HOST, ["sendmailCmd", "msmtp -a me"], ["smtpServerOption", "-v"])).toEqual({
      kind: "program",
      file: "sh",
      args: ["-c", 'msmtp -a me "$@"', "-", "-v"],
    });
  });

  test.each([
    [[HOST], { port: 25 }],
    [[HOST, TLS], { port: 25, encryption: "tls" }],
    [[HOST, ["smtpEncryption", "SSL"]], { port: 465, encryption: "ssl" }],
    [[HOST, ["smtpServerPort", "587"]], { port: 587 }],
    [[HOST, ["smtpServerPort", "submission"]], { port: 587 }],
    [[["smtpServer", "mail.example.org:2525"]], { port: 2525 }],
    [[["smtpServer", "[::1]:2525"]], { host: "::1", port: 2525 }],
    [[["smtpServer", "::1"]], { host: "::1" }],
    [[HOST, ["smtpDomain", "me.example.org"]], { domain: "me.example.org" }],
    [[HOST, ["smtpSSLCertPath", "~/ca.pem"]], { certPath: "/home/alice/ca.pem" }],
    [[HOST, ["smtpSSLCertPath", ""]], { certPath: "" }],
    [[HOST, ["smtpUser", "alice"], ["smtpAuth", "none"]], { login: null }],
    [
      [HOST, ["smtpSSLClientCert", "~/me.pem"]],
      { client: { cert: "/home/alice/me.pem", key: null } },
    ],
    [
      [HOST, ["smtpSSLClientCert", "/me.pem"], ["smtpSSLClientKey", "/me.key"]],
      { client: { cert: "/me.pem", key: "/me.key" } },
    ],
    [[HOST, ["smtpBatchSize", "10"]], { batchSize: 10 }],
    [[HOST, ["smtpReloginDelay", "3"]], { reloginDelay: 3 }],
  ] as const)("%j", (settings, expected) => {
    expect(server(...settings)).toEqual({ ...PLAIN, ...expected });
  });

  test.each([
    [[], { password: null, mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5"] }],
    [[["smtpPass", "secret"]], { password: "secret" }],
    [[["smtpAuth", "GSSAPI login"]], { password: null, mechanisms: ["LOGIN"] }],
    [[["smtpAuth", "XOAUTH2 plain"]], { mechanisms: ["XOAUTH2", "PLAIN"] }],
    [[["smtpAuth", "OAUTHBEARER"]], { mechanisms: ["OAUTHBEARER"] }],
  ] as const)("log in with %j", (settings, expected) => {
    expect(server(HOST, TLS, ["smtpUser", "alice"], ...settings)).toMatchObject({
      login: { user: "alice", ...expected },
    });
  });

  test("an identity's settings override the general ones, one by one", () => {
    const own = (name: string, value: string) => [`sendemail.Work.${name}`, value] as const;
    const all = [
      HOST,
      ["smtpServerPort", "587"],
      own("smtpserver", "work.example.org"),
      own("from", "Alice <a@work>"),
      ["from", "Alice <a@home>"],
      ["envelopeSender", "bounces@example.org"],
    ] as const;
    expect(server(...all)).toEqual({ ...PLAIN, port: 587 });
    const work = [...all, ["identity", "Work"]] as const;
    expect(server(...work)).toEqual({ ...PLAIN, host: "work.example.org", port: 587 });
    expect(configuredSender(config(...work))).toEqual({
      from: "Alice <a@work>",
      envelopeSender: "bounces@example.org",
    });
  });
});

test("the envelope sender is the From address unless it is set", () => {
  const nobody = { from: null, envelopeSender: null };
  expect(configuredSender(config())).toEqual(nobody);
  expect(configuredSender(config(["envelopeSender", "auto"]))).toEqual(nobody);
});

describe("refused", () => {
  test.each([
    [["smtpEncryption", "starttls"]],
    [["smtpServerPort", "0"]],
    [["smtpServerPort", "65536"]],
    [["smtpServerPort", "constructor"]],
    [["smtpServer", "~/bin/msmtp"]],
    [["smtpServer", "mail example"]],
    [["smtpDomain", "a b"]],
    [["smtpSSLClientKey", "/me.key"]],
    [["smtpBatchSize", "-1"]],
    [["smtpReloginDelay", "soon"]],
  ] as const)("%j", (setting) => {
    expect(usage(HOST, setting)).toContain(`sendemail.${setting[0]} is "${setting[1]}": `);
  });

  test("a copy for a folder of an IMAP server, which we do not make", () => {
    expect(usage(HOST, ["imapSentFolder", "Sent"])).toContain("imapSentFolder is not supported");
    expect(server(HOST, ["imapSentFolder", ""])).toEqual(PLAIN);
  });

  test.each(["useImapOnly", "smtpSSL"])("%s, which we do not have", (name) => {
    expect(() => server(HOST, [name, "true"])).toThrow(`sendemail.${name} is not supported`);
    expect(server(HOST, [name, "false"])).toEqual(PLAIN);
  });

  test("an unknown authentication method", () => {
    expect(usage(HOST, TLS, ["smtpUser", "alice"], ["smtpAuth", "GSSAPI"])).toContain("GSSAPI");
  });

  test("a password without encryption, except to this machine", () => {
    const user = ["smtpUser", "alice"] as const;
    expect(usage(HOST, user)).toContain("plain text");
    expect(usage(["smtpServer", "127.0.0.1.example.org"], user)).toContain("plain text");
    for (const host of ["localhost", "127.0.0.1", "[::1]"])
      expect(server(["smtpServer", host], user)).toMatchObject({ login: { user: "alice" } });
  });

  function usage(...settings: (readonly [string, string])[]): string {
    try {
      server(...settings);
    } catch (error) {
      expect(error).toBeInstanceOf(PatchsigError);
      const { code, hint, message } = error as PatchsigError;
      expect([code, typeof hint]).toEqual(["usage", "string"]);
      expect(message).not.toContain("\n");
      return message;
    }
    return expect.fail("not refused");
  }
});
