/** Why a server was not reached, or a connection broke, in words that say which setting to look at. */

import type { SmtpServer } from "./settings.ts";

/** What nodemailer reports: `responseCode` and `response` only if the server said something. */
export interface SmtpError extends Error {
  readonly code?: string;
  /** The system's or OpenSSL's error, where nodemailer has its own in `code`. */
  readonly originalCode?: string;
  /** OpenSSL's text. */
  readonly reason?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
  readonly recipient?: string;
}

const WHERE = "(sendemail.smtpServer)";
const TRUST = "(sendemail.smtpSSLCertPath)";

/** By code; `$` is the server. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: `cannot reach $: connection refused ${WHERE}`,
  ENOTFOUND: "cannot reach $: no such host (sendemail.smtpServer)",
  ENODATA: "cannot reach $: no such host (sendemail.smtpServer)",
  EDNS: "cannot reach $: no such host (sendemail.smtpServer)",
  EAI_AGAIN: "cannot reach $: no name server answers; is there a network?",
  ENETUNREACH: "cannot reach $: no way there; is there a network?",
  EHOSTUNREACH: "cannot reach $: no way there; is there a network?",
  ETIMEDOUT: `no answer from $ ${WHERE}`,
  ECONNRESET: "the connection to $ broke",
  EPIPE: "the connection to $ broke",
  ECONNECTION: "the connection to $ broke",
  CERT_HAS_EXPIRED: "the certificate of $ has expired",
  CERT_NOT_YET_VALID: "the certificate of $ is not valid yet; is the clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: `the certificate of $ is for another name (sendemail.smtpServer)`,
  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate of $ is signed by nobody whom you trust ${TRUST}`,
  SELF_SIGNED_CERT_IN_CHAIN: `the certificate of $ is signed by nobody whom you trust ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT: `the certificate of $ is signed by nobody whom you trust ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the certificate of $ is signed by nobody whom you trust ${TRUST}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `the certificate of $ is signed by nobody whom you trust ${TRUST}`,
};

/** By what OpenSSL says. */
const TLS_WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /wrong version number|packet length too long/,
    "$ does not speak TLS on this port (sendemail.smtpEncryption ssl: mostly 465; tls: 587)",
  ],
  [
    /certificate required|handshake failure|bad certificate|unknown ca/,
    "$ does not take your certificate (sendemail.smtpSSLClientCert)",
  ],
];

/** @returns null if the server said something, which is better than our words; or it is no such error */
export function whyUnreached(error: SmtpError, server: SmtpServer): string | null {
  const { host, port } = server;
  const name = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const words = error.response === undefined ? wordsFor(error, server) : wordsOfAnswer(error);
  return words?.replace("$", () => name) ?? null;
}

function wordsOfAnswer({ code, response, responseCode }: SmtpError): string | null {
  if (code === "ETLS") return `$ offers no STARTTLS (sendemail.smtpEncryption): ${response}`;
  if (code === "EPROTOCOL" && responseCode === undefined)
    return `$ is no mail server ${WHERE}: ${response}`;
  return null;
}

function wordsFor(
  { code, originalCode, reason, message }: SmtpError,
  server: SmtpServer,
): string | null {
  if (code === "ESLOW") return `$: ${message}${portNote(server)}`;
  for (const key of [originalCode ?? "", code ?? ""])
    if (Object.hasOwn(WORDS, key)) return WORDS[key]!;
  if (reason === undefined) return null;
  const [, known] = TLS_WORDS.find(([pattern]) => pattern.test(reason)) ?? [];
  return known ?? `TLS with $ failed: ${reason}`;
}

/** A server that expects TLS stays silent until the client begins it. */
function portNote({ port, encryption }: SmtpServer): string {
  return port === 465 && encryption !== "ssl" ? " (sendemail.smtpEncryption is ssl for 465)" : "";
}
