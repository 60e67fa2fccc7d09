/** Ways to reshape a mail, as text with one character per byte, and a random generator for it. */

export type Random = (below: number) => number;

/** mulberry32: small, fast, and the same everywhere. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)]!;
}

/** Where headers end and the body begins. */
export function bodyStart(text: string): number {
  const at = text.search(/\r?\n\r?\n/);
  return at < 0 ? text.length : at + /\r?\n\r?\n/.exec(text.slice(at))![0].length;
}

export function base64(text: string, width: number): string {
  const all = Buffer.from(text, "latin1").toString("base64");
  return all.replace(new RegExp(`.{1,${width}}`, "g"), "$&\n");
}

export function quotedPrintable(text: string): string {
  return text
    .replace(
      /[^\n\t !-<>-~]/g,
      (c) => `=${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .replace(/[ \t]$/gm, (c) => `=${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/** The mail with another body. */
export function withBody(mail: string, change: (body: string) => string): string {
  const at = bodyStart(mail);
  return mail.slice(0, at) + change(mail.slice(at));
}

/** The mail with more header lines at the end of its header. */
export function withHeaders(mail: string, lines: string): string {
  const at = bodyStart(mail) - 1;
  return mail.slice(0, at) + lines + mail.slice(at);
}

export function withEncoding(
  text: string,
  encoding: string,
  encode: (body: string) => string,
): string {
  if (/^content-(?:type|transfer-encoding):/im.test(text)) return text;
  const headers = `MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${encoding}\n`;
  return withBody(withHeaders(text, headers), encode);
}

/** A change below the transfer encoding, where there is one. */
export function withinEncoding(text: string, change: (body: string) => string): string {
  const encoding = /^content-transfer-encoding: *(\S+)/im.exec(text)?.[1]?.toLowerCase();
  if (encoding === "base64") {
    return withBody(text, (body) =>
      base64(change(Buffer.from(body, "base64").toString("latin1")), 76),
    );
  }
  if (encoding !== "quoted-printable") return withBody(text, change);
  const decode = (body: string): string =>
    body
      .replace(/=\n/g, "")
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return withBody(text, (body) => quotedPrintable(change(decode(body))));
}

/** The block of a mail, if it is in plain text. */
export const BLOCK = /^untrusted comment: patchsig(?:.*\n){4}/m;

export function blockOf(text: string): string {
  return BLOCK.exec(text)?.[0] ?? "";
}

export function withPart(text: string, type: string, extra: string, before: boolean): string {
  if (/^content-type: multipart/im.test(text)) return text;
  const at = bodyStart(text);
  const own = text
    .slice(0, at)
    .split("\n")
    .filter((line) => /^content-/i.test(line))
    .join("\n");
  const rest = text
    .slice(0, at - 1)
    .split("\n")
    .filter((line) => !/^(?:content-|mime-version)/i.test(line))
    .join("\n");
  const parts = [
    `--xx\n${own}${own === "" ? "" : "\n"}\n${text.slice(at)}`,
    `--xx\n${type}\n\n${extra}\n`,
  ];
  if (before) parts.reverse();
  return `${rest}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="xx"\n\n${parts.join("")}--xx--\n`;
}

/** `pool` has all mails, to take pieces from. */
export type Mutation = (text: string, random: Random, pool: readonly string[]) => string;

export function atLine(
  text: string,
  random: Random,
  change: (lines: string[], at: number) => void,
): string {
  const lines = text.split("\n");
  change(lines, random(lines.length));
  return lines.join("\n");
}
