import { describe, expect, test } from "vitest";
import { checkCertificates } from "../../src/send/smtp-connect.ts";
import type { SmtpServer } from "../../src/send/settings.ts";
import { type SmtpError, whyUnreached } from "../../src/send/unreached.ts";

const SERVER: SmtpServer = {
  kind: "smtp",
  host: "smtp.example.org",
  port: 587,
  encryption: "tls",
  login: null,
  domain: null,
  certPath: null,
  client: null,
  batchSize: 0,
  reloginDelay: 0,
};

const why = (error: Partial<SmtpError>, server: Partial<SmtpServer> = {}): string | null =>
  whyUnreached(Object.assign(new Error("raw"), error), { ...SERVER, ...server });

describe("no word of node's is left", () => {
  test.each([
    ["ECONNREFUSED", "cannot reach smtp.example.org:587: connection refused ("],
    ["ENOTFOUND", "cannot reach smtp.example.org:587: no such host (sendemail.smtpServer)"],
    ["EAI_AGAIN", "cannot reach smtp.example.org:587: no name server answers; is there"],
    ["ENETUNREACH", "cannot reach smtp.example.org:587: no way there; is there a network?"],
    ["ETIMEDOUT", "no answer from smtp.example.org:587 ("],
    ["ECONNRESET", "the connection to smtp.example.org:587 broke"],
    ["CERT_HAS_EXPIRED", "the certificate of smtp.example.org:587 has expired"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "the certificate of smtp.example.org:587 is signed by nobody"],
  ])("%s", (originalCode, words) => {
    expect(why({ code: "ESOCKET", originalCode })).toContain(words);
  });

  test("OpenSSL's, and waiting for who waits", () => {
    expect(why({ reason: "tlsv13 alert certificate required" })).toContain("your certificate");
    expect(why({ reason: "no suitable digest" })).toBe(
      "TLS with smtp.example.org:587 failed: no suitable digest",
    );
    const slow = why({ code: "ESLOW", message: "no end after 60 seconds" }, { port: 465 });
    expect(slow).toMatch(/^smtp.example.org:465: no end .* \(sendemail.smtpEncryption is ssl/);
    expect(why({ code: "ECONNRESET" }, { host: "::1" })).toBe("the connection to [::1]:587 broke");
  });

  test("the server's own words are better", () => {
    expect(why({ code: "EPROTOCOL", response: "554 go away", responseCode: 554 })).toBe(null);
    expect(why({ code: "EPROTOCOL", response: "SSH-2.0-x" })).toContain("is no mail server");
    expect(why({})).toBe(null);
  });
});

test("certificates are looked at before anything is sent", () => {
  const missing = { cert: "/nowhere/me.pem", key: null };
  const check = (server: Partial<SmtpServer>) => (): void =>
    checkCertificates({ ...SERVER, ...server });
  expect(check({ certPath: "/nowhere/ca.pem" })).toThrow(
    "cannot read the certificates in /nowhere/ca.pem",
  );
  expect(check({ client: missing })).toThrow("cannot read /nowhere/me.pem");
  const none = { cert: import.meta.filename, key: import.meta.filename };
  expect(check({ client: none })).toThrow("no certificate and key: ");
  expect(check({ certPath: import.meta.filename })).toThrow("no certificate in ");
  expect(check({ certPath: "/nowhere/ca.pem", encryption: "none" })).not.toThrow();
  expect(check({ certPath: "" })).not.toThrow();
});
