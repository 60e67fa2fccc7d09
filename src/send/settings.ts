/**
 * Who sends mail for us, as git send-email finds it in `sendemail.*` (git-send-email(1),
 * "CONFIGURATION"). Pure, but for looking whether a sendmail program is there.
 */

import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { CliError } from "../errors.ts";

export type MailServer =
  | {
      readonly kind: "smtp";
      readonly host: string;
      readonly port: number;
      /** starttls is required then, never only hoped for. */
      readonly security: "none" | "starttls" | "tls";
      readonly user: string | null;
      /** Null: git's credential helpers have it. */
      readonly password: string | null;
      /** What the program calls itself; null: the host's name. */
      readonly domain: string | null;
      /** File or folder with certificates; null: those of the system. */
      readonly certificates: string | null;
    }
  | { readonly kind: "program"; readonly file: string; readonly options: readonly string[] }
  /** Run by the shell, as git does it. */
  | { readonly kind: "command"; readonly line: string };

/** As `Config` of src/git has it. */
export interface Lookup {
  readonly string: (key: string) => string | null;
  readonly all: (key: string) => readonly string[];
  readonly path: (key: string) => string | null;
}

const SECURITY = { "": "none", none: "none", tls: "starttls", ssl: "tls" } as const;
const PORTS = { none: 25, starttls: 25, tls: 465 } as const;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;
const PROGRAMS = ["/usr/sbin/sendmail", "/usr/lib/sendmail"];

/**
 * @param places where settings are looked for, the first one that has one counts
 * @param path `$PATH`, to find a sendmail program in
 * @throws CliError "usage"
 */
export function mailServer(places: readonly Lookup[], path: string): MailServer {
  const identity = first(places, (place) => place.string("sendemail.identity"));
  const named = <T>(key: string, look: (place: Lookup, key: string) => T | null): T | null =>
    (identity === null
      ? null
      : first(places, (place) => look(place, `sendemail.${identity}.${key}`))) ??
    first(places, (place) => look(place, `sendemail.${key}`));
  const text = (key: string): string | null => named(key, (place, name) => place.string(name));

  const server = text("smtpServer");
  const command = text("sendmailCmd");
  if (command !== null) return { kind: "command", line: command };
  if (server !== null && isAbsolute(server)) return program(server, named);
  const found = server === null ? findProgram(path) : undefined;
  if (found !== undefined) return program(found, named);

  const word = (text("smtpEncryption") ?? "").toLowerCase();
  if (!Object.hasOwn(SECURITY, word))
    throw new CliError(
      "usage",
      `sendemail.smtpEncryption is "${word}", and should be tls, ssl or none`,
    );
  const security = SECURITY[word as keyof typeof SECURITY];
  const host = server ?? "localhost";
  const user = text("smtpUser");
  if (user !== null && security === "none" && !LOOPBACK.test(host))
    throw new CliError("usage", `${host} would get the password of ${user} unencrypted`, {
      hint: "git config sendemail.smtpEncryption tls",
    });
  return {
    kind: "smtp",
    host,
    port: portOf(text("smtpServerPort"), PORTS[security]),
    security,
    user,
    password: text("smtpPass"),
    domain: text("smtpDomain"),
    certificates: named("smtpSSLCertPath", (place, key) => place.path(key) || null),
  };
}

function first<T>(places: readonly Lookup[], look: (place: Lookup) => T | null): T | null {
  for (const place of places) {
    const value = look(place);
    if (value !== null) return value;
  }
  return null;
}

function program(
  file: string,
  named: <T>(key: string, look: (place: Lookup, key: string) => T | null) => T | null,
): MailServer {
  const options = named("smtpServerOption", (place, key) => {
    const values = place.all(key);
    return values.length === 0 ? null : values;
  });
  return { kind: "program", file, options: options ?? [] };
}

function portOf(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535)
    throw new CliError("usage", `sendemail.smtpServerPort is "${text}", and should be a number`);
  return port;
}

function findProgram(path: string): string | undefined {
  const inPath = path.split(delimiter).filter(isAbsolute);
  return [...PROGRAMS, ...inPath.map((folder) => join(folder, "sendmail"))].find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
