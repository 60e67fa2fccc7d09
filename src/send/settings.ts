/**
 * Where to hand mail over: the settings of git send-email (git-send-email(1), `sendemail.*`).
 * `sendemail.identity` names a section whose settings override the common ones.
 */

import { isAbsolute } from "node:path";
import { PatchsigError } from "../errors.ts";
import { type Mechanism, MECHANISMS, PASSWORD_MECHANISMS } from "./sasl.ts";

/** Reads git's settings; keys in any case. */
export interface Lookup {
  readonly all: (key: string) => readonly string[];
  readonly string: (key: string) => string | null;
  /** `~/` expanded. */
  readonly path: (key: string) => string | null;
  readonly paths: (key: string) => readonly string[];
}

/** The same settings with another `sendemail.identity`; null: the one that is set. */
export function withIdentity(config: Lookup, identity: string | null): Lookup {
  if (identity === null) return config;
  const named = (key: string): boolean => key.toLowerCase() === "sendemail.identity";
  return { ...config, string: (key) => (named(key) ? identity : config.string(key)) };
}

export interface SmtpServer {
  readonly kind: "smtp";
  readonly host: string;
  readonly port: number;
  /** `tls`: STARTTLS is required; `ssl`: TLS from the first byte. */
  readonly encryption: Encryption;
  readonly login: SmtpLogin | null;
  /** The name for EHLO; null for this machine's own. */
  readonly domain: string | null;
  /** A file or folder of certificates to trust instead of the usual ones; "" to trust anybody. */
  readonly certPath: string | null;
  /** Files that say who we are, if the server asks; null for none. `key` is null if `cert` has it. */
  readonly client: { readonly cert: string; readonly key: string | null } | null;
  /** Letters per connection; 0: any number. */
  readonly batchSize: number;
  /** Seconds to wait between two connections. */
  readonly reloginDelay: number;
}

interface SmtpLogin {
  readonly user: string;
  /** null if it must be asked for. */
  readonly password: string | null;
  /** The SASL mechanisms to use: the first that the server offers. */
  readonly mechanisms: readonly Mechanism[];
}

/** A program like sendmail: the mail on stdin, the envelope as arguments. */
export interface ProgramServer {
  readonly kind: "program";
  /** The program, and its arguments before those of each letter. */
  readonly file: string;
  readonly args: readonly string[];
}

export type MailServer = SmtpServer | ProgramServer;

const ENCRYPTIONS = ["none", "tls", "ssl"] as const;
type Encryption = (typeof ENCRYPTIONS)[number];

const DEFAULT_PORTS: Readonly<Record<Encryption, number>> = { none: 25, tls: 25, ssl: 465 };
const NAMED_PORTS = new Map([
  ["smtp", 25],
  ["submission", 587],
  ["smtps", 465],
  ["submissions", 465],
]);
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/i;
const HOST = /^(?:[\w-]+(?:\.[\w-]+)*\.?|[0-9a-f:]*:[0-9a-f:.]*)$/i;
/** As git appends arguments to a command that has its own. */
const shellArgs = (command: string): string[] => ["-c", `${command} "$@"`, "-"];

/**
 * The server that the settings name.
 *
 * @param sendmail finds the program to use if they name none; null if there is none: then use this
 *   machine's SMTP server
 * @throws PatchsigError "usage" for a bad setting, and for a password in plain text
 */
export function mailServerOf(config: Lookup, sendmail: () => string | null): MailServer {
  const setting = settingsOf(config);
  refuseOthers(setting);
  const options = setting.all("smtpServerOption");
  const command = setting.string("sendmailCmd");
  if (command !== null) return program("sh", [...shellArgs(command), ...options]);
  const server = setting.string("smtpServer");
  const path = server === null ? sendmail() : isAbsolute(server) ? server : null;
  return path === null ? smtpServer(setting, server ?? "localhost") : program(path, options);
}

/**
 * Who sends.
 *
 * @returns `from`: `sendemail.from` verbatim, null if unset. `envelopeSender`: an address; null,
 *   the default, for the one in From
 */
export function configuredSender(config: Lookup): {
  readonly from: string | null;
  readonly envelopeSender: string | null;
} {
  const setting = settingsOf(config);
  const envelope = setting.string("envelopeSender");
  return {
    from: setting.string("from"),
    envelopeSender: envelope === "auto" ? null : envelope,
  };
}

/** For people, where mails go by these settings: `smtp.example.org:587, STARTTLS`. */
export function serverName(server: MailServer): string {
  if (server.kind === "program") return server.args.at(1) ?? server.file;
  const tls = { none: "not encrypted", tls: "STARTTLS", ssl: "TLS" }[server.encryption];
  return `${server.host}:${server.port}, ${tls}`;
}

/** Settings by which git sends other than by SMTP, or with other protection than here. */
const NOT_TAKEN: Readonly<Record<string, string>> = {
  useImapOnly: "git send-email knows it; or: git -c sendemail.useImapOnly=false patchsig send",
  imapSentFolder: "git send-email knows it; or: git -c sendemail.imapSentFolder= patchsig send",
  // git ignores it, and sends in plain text
  smtpSSL: "git config sendemail.smtpEncryption ssl, and unset it",
};

function refuseOthers(setting: Settings): void {
  for (const [name, instead] of Object.entries(NOT_TAKEN)) {
    const value = setting.string(name);
    if (value === null || /^(?:false|no|off|0)$/i.test(value)) continue;
    throw new PatchsigError("usage", `sendemail.${name} is not supported: nothing was sent`, {
      hint: instead,
    });
  }
}

interface Settings extends Lookup {
  /** A setting by its name in the manual; null if it is empty. */
  readonly string: (name: string) => string | null;
}

/** `sendemail.*` by its names in the manual, of the identity if that sets one. */
export function settingsOf(config: Lookup): Settings {
  const identity = config.string("sendemail.identity") ?? "";
  const keyOf = (name: string): string => {
    const own = `sendemail.${identity}.${name}`;
    return identity !== "" && config.all(own).length > 0 ? own : `sendemail.${name}`;
  };
  return {
    all: (name) => config.all(keyOf(name)),
    string: (name) => config.string(keyOf(name)) || null,
    path: (name) => config.path(keyOf(name)),
    paths: (name) => config.paths(keyOf(name)),
  };
}

function program(file: string, args: readonly string[]): ProgramServer {
  return { kind: "program", file, args };
}

function smtpServer(setting: Settings, name: string): SmtpServer {
  const [, bare = name, ownPort] = /^(\[.*\]|[^:]*):(\w+)$/.exec(name) ?? [];
  const host = bare.replace(/^\[(.*)\]$/, "$1");
  if (!HOST.test(host)) throw wrong("smtpServer", name, "neither a host nor an absolute path");
  const encryption = encryptionOf(setting);
  const port = portOf(ownPort ?? setting.string("smtpServerPort")) ?? DEFAULT_PORTS[encryption];
  const login = loginOf(setting);
  if (login !== null && encryption === "none" && !LOOPBACK.test(host))
    throw new PatchsigError(
      "usage",
      `the password for ${login.user} would go to ${host} in plain text`,
      {
        hint: "git config sendemail.smtpEncryption tls",
      },
    );
  const domain = setting.string("smtpDomain");
  if (domain !== null && !/^[\w.:[\]-]+$/.test(domain))
    throw wrong("smtpDomain", domain, "no domain");
  return {
    kind: "smtp",
    host,
    port,
    encryption,
    login,
    domain,
    certPath: setting.path("smtpSSLCertPath"),
    client: clientOf(setting),
    batchSize: numberOf(setting, "smtpBatchSize"),
    reloginDelay: numberOf(setting, "smtpReloginDelay"),
  };
}

function clientOf(setting: Settings): SmtpServer["client"] {
  const cert = setting.path("smtpSSLClientCert") || null;
  const key = setting.path("smtpSSLClientKey") || null;
  if (cert !== null) return { cert, key };
  if (key !== null) throw wrong("smtpSSLClientKey", key, "there is no smtpSSLClientCert for it");
  return null;
}

function numberOf(setting: Settings, name: string): number {
  const word = setting.string(name) ?? "0";
  if (!/^\d{1,5}$/.test(word)) throw wrong(name, word, "no number");
  return Number(word);
}

/** git takes any other word for `none`, but a typo must not send in plain text. */
function encryptionOf(setting: Settings): Encryption {
  const word = setting.string("smtpEncryption") ?? "none";
  const found = ENCRYPTIONS.find((known) => known === word.toLowerCase());
  if (found === undefined) throw wrong("smtpEncryption", word, `not one of ${ENCRYPTIONS.join()}`);
  return found;
}

function portOf(word: string | null): number | null {
  if (word === null) return null;
  const port = /^\d{1,5}$/.test(word) ? Number(word) : NAMED_PORTS.get(word);
  if (port === undefined || port < 1 || port > 65_535)
    throw wrong("smtpServerPort", word, "no port");
  return port;
}

function loginOf(setting: Settings): SmtpLogin | null {
  const user = setting.string("smtpUser");
  const words = setting.string("smtpAuth");
  if (user === null || words === "none") return null;
  const wanted = words?.toUpperCase().split(/[\s,]+/) ?? PASSWORD_MECHANISMS;
  const mechanisms = wanted.flatMap((word) => MECHANISMS.find((known) => known === word) ?? []);
  if (mechanisms.length === 0)
    throw wrong("smtpAuth", words ?? "", `none of ${MECHANISMS.join(", ")}`);
  return { user, password: setting.string("smtpPass"), mechanisms };
}

function wrong(name: string, value: string, why: string): PatchsigError {
  return new PatchsigError("usage", `sendemail.${name} is "${value}": ${why}`, {
    hint: "see git-send-email(1), under Sending",
  });
}
