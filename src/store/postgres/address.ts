/**
 * Which server and database `patchsig.database` names: a URL in libpq's form,
 *
 *     postgres://alice@db.example.org/team
 *     postgres:///team                          a socket of this machine
 *     postgres:///team?host=/run/postgresql
 *
 * of which only what is said here is understood; anything else is an error, so that nothing that a URL asks
 * for is silently not done.
 */

import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { homeFolder } from "../../places.ts";
import { readPrivateFile } from "../key-file.ts";

export interface ServerAddress {
  /** A name, an address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Null: the connection is not encrypted. Certificates are PEM. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null;
  /** For messages. */
  readonly shown: string;
}

/** Debian's; there is no default that holds everywhere. */
const SOCKETS = "/var/run/postgresql";
const PORT = 5432;
const LOCAL = new Set(["localhost", "127.0.0.1", "::1"]);
/** User, password, host, port, database, parameters. */
const FORM =
  /^postgres(?:ql)?:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?(\[[0-9A-Fa-f:.]+\]|[^:/?#[\]@]*)(?::([0-9]{1,5}))?\/([^/?#]*)(?:\?([^#]*))?$/i;
const PARAMETERS = new Set(["host", "sslmode", "sslrootcert", "sslcert", "sslkey"]);

/**
 * Reads the files that the URL names.
 *
 * @throws PatchsigError "usage" for a URL that is not understood, or has a password in it
 */
export function serverAddress(url: string): ServerAddress {
  const bad = (why: string, hint = "postgres://USER@HOST/DATABASE"): PatchsigError =>
    new PatchsigError("usage", `patchsig.database: ${why}`, { hint });
  // the URL is not shown before this: it would show the password
  const found = FORM.exec(url);
  if (found === null) throw bad("this is not understood");
  const [, user = "", password, host = "", port, database = "", query = ""] = found;
  const parameters = new URLSearchParams(query);
  if (password !== undefined || parameters.has("password"))
    throw bad(
      "a password does not belong in settings",
      "take it out, change it, and put the new one into ~/.pgpass (chmod 600)",
    );
  if (database === "") throw bad("names no database");
  const unknown = [...parameters.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined)
    throw bad(
      `${unknown} is not understood`,
      `of parameters, it may have ${[...PARAMETERS].join(", ")}`,
    );
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw bad("this is not understood");
    }
  };
  const named = parameters.get("host") ?? decoded(host).replace(/^\[|\]$/g, "");
  if (/[,\s]/.test(named)) throw bad("names more than one host");
  const whole = {
    host: named === "" ? SOCKETS : named,
    port: port === undefined ? PORT : Number(port),
    user: user === "" ? userInfo().username : decoded(user),
    database: decoded(database),
  };
  const shown = url.replace(/\?.*$/s, "");
  return { ...whole, tls: tlsOf(whole.host, parameters, bad), shown };
}

/** Encrypted and verified, unless the server is this machine's, or the user says that it is not to be. */
function tlsOf(
  host: string,
  parameters: URLSearchParams,
  bad: (why: string, hint: string) => PatchsigError,
): ServerAddress["tls"] {
  const isLocal = LOCAL.has(host) || isAbsolute(host);
  const mode = parameters.get("sslmode") ?? (isLocal ? "disable" : "verify-full");
  if (mode === "disable") return null;
  if (mode !== "verify-full")
    throw bad(
      `sslmode=${mode} does not make sure who answers`,
      "sslmode=verify-full, the default: with sslrootcert=FILE for a certificate of your own; or sslmode=disable",
    );
  if (isAbsolute(host)) throw bad("a socket has no TLS", "leave sslmode out");
  const file = (name: string, read: (path: string) => string | Buffer): string | undefined => {
    const path = parameters.get(name);
    return path === null ? undefined : String(read(path));
  };
  const pem = (path: string): string => readPem(path);
  const [ca, cert, key] = [
    file("sslrootcert", pem),
    file("sslcert", pem),
    file("sslkey", readPrivateFile),
  ];
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    throw new PatchsigError("unreadable", `${path}: cannot be read`, { cause: error });
  }
}

/**
 * The password from ~/.pgpass, or the file that PGPASSFILE names; null if there is none for this database.
 * As libpq reads it: https://www.postgresql.org/docs/current/libpq-pgpass.html
 *
 * @throws PatchsigError "lax-mode" if others can read that file
 */
export function passwordFor(
  { host, port, user, database }: ServerAddress,
  environment: NodeJS.ProcessEnv,
): string | null {
  const named = environment["PGPASSFILE"] ?? "";
  const file = named === "" ? join(homeFolder(), ".pgpass") : named;
  if (!existsSync(file)) return null;
  const wanted = [isAbsolute(host) ? "localhost" : host, String(port), database, user];
  for (const line of readPrivateFile(file).toString("utf8").split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = fieldsOf(line);
    if (fields.length !== wanted.length + 1) continue;
    if (wanted.every((word, i) => fields[i] === "*" || fields[i] === word)) return fields.at(-1)!;
  }
  return null;
}

/** Separated by colons; a backslash keeps the character behind it. */
function fieldsOf(line: string): string[] {
  return (line.match(/(?:^|:)(?:\\.|[^\\:])*/g) ?? []).map((field) =>
    field.replace(/^:/, "").replace(/\\(.)/g, "$1"),
  );
}
