/**
 * What the reader's own mail server found (Authentication-Results, RFC 8601). Anybody can write such a
 * header: it counts only by the name that the reader's settings give, and only where the sender could
 * not have written it, above every line of the way that the mail took before it came there.
 */

import type { HeaderField } from "../mail/fields.ts";
import { isWithin, readDomain } from "./signature.ts";

/** That a signature is good. */
export interface ServerWord {
  /** Its authserv-id. */
  readonly server: string;
  readonly domain: string;
  /** `header.s`, and `header.b`, the beginning of its `b=` (RFC 6008); or "". */
  readonly selector: string;
  readonly b: string;
}

/** Fields and characters that are read: what a server adds is short. */
const MAX_FIELDS = 128;
const MAX_VALUE = 16 * 1024;
const MAX_RESULTS = 64;
/** RFC 6008: fewer characters of `b=` do not tell signatures apart. */
const MIN_B = 8;

/**
 * The good DKIM results in the topmost field by one of these servers.
 *
 * @param fields the mail's header, top to bottom
 * @param servers authserv-ids, in lower case
 */
export function serverWords(
  fields: readonly HeaderField[],
  servers: readonly string[],
): ServerWord[] {
  for (const { value } of ownFields(fields, servers)) {
    const parsed = parseResults(value);
    if (parsed !== null && servers.includes(parsed.server))
      return parsed.results.flatMap((result) => goodDkim(parsed.server, result));
  }
  return [];
}

/**
 * The Authentication-Results of the reader's own hops: down to the first Received that another host
 * wrote, or to the second one from outside. None if no Received is the server's own.
 */
function ownFields(fields: readonly HeaderField[], servers: readonly string[]): HeaderField[] {
  const found: HeaderField[] = [];
  let hops = 0;
  for (const field of fields.slice(0, MAX_FIELDS)) {
    if (field.name === "authentication-results") found.push(field);
    if (field.name !== "received") continue;
    const { from, by } = hopOf(field.value);
    if (!isOwn(by, servers) && !isAddress(by)) break;
    hops++;
    // servers write what they found above or below the line of the hop at which a mail came in
    if (from !== "" && !isOwn(from, servers)) {
      found.push(...below(fields, field));
      break;
    }
  }
  return hops === 0 ? [] : found;
}

/** The Authentication-Results between this Received and the next. */
function below(fields: readonly HeaderField[], hop: HeaderField): HeaderField[] {
  const rest = fields.slice(fields.indexOf(hop) + 1, MAX_FIELDS);
  const next = rest.findIndex(({ name }) => name === "received");
  const its = next < 0 ? rest : rest.slice(0, next);
  return its.filter(({ name }) => name === "authentication-results");
}

/** The hosts that a Received line names, or "". */
function hopOf(value: string): { from: string; by: string } {
  const text = withoutComments(value.slice(0, MAX_VALUE));
  const word = (pattern: RegExp): string => pattern.exec(text)?.[1]?.toLowerCase() ?? "";
  return { from: word(/^\s*from\s+([^\s;]+)/i), by: word(/(?:^|\s)by\s+([^\s;]+)/i) };
}

/** A host of the server's own domain, or the machine itself. */
function isOwn(host: string, servers: readonly string[]): boolean {
  if (["localhost", "127.0.0.1", "[127.0.0.1]", "::1", "[::1]", "[ipv6:::1]"].includes(host))
    return true;
  return servers.some((server) => {
    const [, ...parent] = server.split(".");
    return isWithin(host, server) || (parent.length >= 2 && isWithin(host, parent.join(".")));
  });
}

/** Machines within a large provider sign with their address, and so does nobody outside. */
function isAddress(host: string): boolean {
  return (
    host === "" ||
    /^\[?(?:ipv6:)?[0-9a-f]*:[0-9a-f:.]*\]?$|^\[?[0-9]+(?:\.[0-9]+){3}\]?$/.test(host)
  );
}

interface ResultsField {
  readonly server: string;
  readonly results: readonly MethodResult[];
}

/** `method=result`, and properties: `header.d` and so on. */
interface MethodResult {
  readonly method: string;
  readonly value: string;
  readonly properties: ReadonlyMap<string, string>;
}

/** `authserv-id; method=result ptype.property=value …; …`; null for anything else. */
function parseResults(field: string): ResultsField | null {
  if (field.length > MAX_VALUE) return null;
  const [head = "", ...rest] = splitOutsideQuotes(withoutComments(field));
  const [server = "", version = "1", more] = head.trim().split(/\s+/);
  if (more !== undefined || version !== "1") return null;
  const results = rest.slice(0, MAX_RESULTS).flatMap((text) => {
    const [first, ...others] = pairsIn(text);
    if (first === undefined) return [];
    const [method = ""] = first[0].split("/");
    return [{ method, value: first[1].toLowerCase(), properties: new Map(others) }];
  });
  return { server: server.replace(/^"(.*)"$/, "$1").toLowerCase(), results };
}

const PAIR = /([A-Za-z0-9_.\-/]+)[ \t\n]*=[ \t\n]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gs;

function pairsIn(text: string): (readonly [name: string, value: string])[] {
  return [...text.matchAll(PAIR)].map(([, name, quoted, plain]) => [
    name!.toLowerCase(),
    quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "",
  ]);
}

function goodDkim(server: string, { method, value, properties }: MethodResult): ServerWord[] {
  if (method !== "dkim" || value !== "pass") return [];
  const agent = properties.get("header.i") ?? "";
  const domain = readDomain(properties.get("header.d") ?? agent.slice(agent.lastIndexOf("@") + 1));
  if (domain === null) return [];
  const selector = properties.get("header.s")?.toLowerCase() ?? "";
  const b = properties.get("header.b") ?? "";
  return [{ server, domain, selector, b: b.length < MIN_B ? "" : b }];
}

/** RFC 5322's comments, which may be within each other, become a blank. */
function withoutComments(text: string): string {
  let out = "";
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === "\\") {
      if (depth === 0) out += text.slice(i, i + 2);
      i++;
    } else if (char === '"' && depth === 0) {
      quoted = !quoted;
      out += char;
    } else if (char === "(" && !quoted) {
      depth++;
      out += " ";
    } else if (char === ")" && !quoted && depth > 0) depth--;
    else if (depth === 0) out += char;
  }
  return out;
}

/** At each `;` that is not in a quoted string. */
function splitOutsideQuotes(text: string): string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|[^;"]|")+/gs) ?? [];
}
