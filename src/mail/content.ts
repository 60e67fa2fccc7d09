import { trim, latin1 } from "../primitives/bytes.ts";
import { type Header, field } from "./header.ts";
import { refuse } from "../refused.ts";
import { decodeWords } from "./rfc2047.ts";
import type { Encoding } from "./transfer.ts";

/** What a header block says about the body below it. */
export interface Content {
  /** Lower-case `type/subtype`; "text/plain" by default. */
  readonly type: string;
  /** Null if the block has no Content-Type: the settings of the part before apply. */
  readonly flow: Flow | null;
  readonly charset: string;
  /** "" if the body is no multipart. */
  readonly boundary: string;
  readonly encoding: Encoding;
}

/** RFC 3676: `delsp` drops the blank of a soft line break. */
export interface Flow {
  readonly flowed: boolean;
  readonly delsp: boolean;
}

const PARAMETERS = ["charset", "boundary", "format", "delsp"] as const;
type Parameter = (typeof PARAMETERS)[number];

const TOKEN = "[!#$%&'*+\\-.^_`{|}~0-9A-Za-z]+";
const TYPE = new RegExp(`^\\s*(${TOKEN}/${TOKEN})\\s*(?=;|$)`);
/**
 * Values may hold more than RFC 2045's tokens, and a lone word is skipped: mailers write file names
 * without quotes, and forget `charset=`.
 */
const PARAMETER = new RegExp(`^;\\s*(?:(${TOKEN})(?:=(?:"([^"\\\\]*)"|([^\\s;"]*)))?\\s*(?=;|$))?`);
/** RFC 2046: 1 to 70 characters, no blank at the end. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

/** The parameters by RFC 2045, or null if the value does not follow it. */
function parseParameters(value: string): { type: string; parameters: Map<string, string> } | null {
  const type = TYPE.exec(value);
  if (type === null) return null;
  const parameters = new Map<string, string>();
  let rest = value.slice(type[0].length);
  while (rest !== "") {
    const match = PARAMETER.exec(rest);
    if (match === null) return null;
    const name = match[1]?.toLowerCase();
    const text = match[2] ?? match[3];
    if (name !== undefined && text !== undefined) {
      if (parameters.has(name)) return null;
      parameters.set(name, text);
    }
    rest = rest.slice(match[0].length);
  }
  return { type: type[1]!.toLowerCase(), parameters };
}

/**
 * What git finds for a parameter: the text after the first `name=` anywhere in the value, up to the
 * closing quote or to `;`, blank or tab. Undefined if there is none.
 */
function gitParameter(value: string, name: Parameter): string | undefined {
  const at = value.toLowerCase().indexOf(`${name}=`);
  if (at < 0) return undefined;
  const text = value.slice(at + name.length + 1);
  return text.startsWith('"') ? text.slice(1).split('"', 1)[0]! : text.split(/[; \t]/, 1)[0]!;
}

/**
 * Reads a Content-Type. git searches the decoded text for `boundary=` and the like; it is refused
 * unless a parser by RFC 2045 finds the same in the undecoded text. RFC 2231's `charset*=` is a
 * parameter to others and nothing to git.
 */
function readContentType(value: Buffer): Omit<Content, "encoding"> {
  const decoded = latin1(decodeWords(value));
  const parsed = parseParameters(latin1(value));
  if (parsed === null) return refuse("content-type-ambiguous", "a content-type that is malformed");
  const found = (name: Parameter): string => {
    const seen = gitParameter(decoded, name);
    const meant = parsed.parameters.get(name);
    // git accepts an empty boundary: every line that begins with -- matches it
    if (seen !== meant || (name === "boundary" && seen === "")) {
      refuse("content-type-ambiguous", `${name} in the content-type`);
    }
    return seen ?? "";
  };
  const [charset, boundary, format, delsp] = PARAMETERS.map(found) as [
    string,
    string,
    string,
    string,
  ];
  for (const name of parsed.parameters.keys()) {
    if (PARAMETERS.some((parameter) => name.startsWith(`${parameter}*`))) {
      refuse("content-type-ambiguous", `${name} in the content-type`);
    }
  }
  const { type } = parsed;
  if (type.startsWith("multipart/") !== (boundary !== "")) {
    refuse("content-type-ambiguous", `${type} with boundary "${boundary}"`);
  }
  if (boundary !== "" && !BOUNDARY.test(boundary)) {
    refuse("content-type-ambiguous", "a boundary that RFC 2046 does not allow");
  }
  const flow = { flowed: format.toLowerCase() === "flowed", delsp: delsp.toLowerCase() === "yes" };
  return { type, flow, charset, boundary };
}

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map<string, Encoding>([
  ["", "identity"],
  ["7bit", "identity"],
  ["8bit", "identity"],
  ["binary", "identity"],
  ["quoted-printable", "quoted-printable"],
  ["base64", "base64"],
]);

/** git finds `base64` and `quoted-printable` anywhere in the value; here it must be the value. */
function readEncoding(value: Buffer): Encoding {
  const name = latin1(trim(value)).toLowerCase();
  const encoding = ENCODINGS.get(name);
  if (encoding === undefined) return refuse("transfer-encoding-unknown", `encoding ${name}`);
  return encoding;
}

/** Reads what a header block says about its body. */
export function readContent(header: Header): Content {
  const encoding = readEncoding(field(header, "content-transfer-encoding"));
  const contentType = header.fields.get("content-type");
  if (contentType === undefined) {
    return { type: "text/plain", flow: null, charset: "", boundary: "", encoding };
  }
  const content = readContentType(contentType);
  // git would open the same multipart twice
  if (content.boundary !== "" && header.repeated.includes("content-type")) {
    refuse("conflicting-header", "two headers that open a multipart");
  }
  return { ...content, encoding };
}
