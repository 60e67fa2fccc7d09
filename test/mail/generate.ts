/** Random mails, mostly odd ones. The same seed gives the same mail. */

export type Random = () => number;

/** A small generator of numbers in [0, 1) (mulberry32). */
function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export class Generator {
  readonly #random: Random;
  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  below(n: number): number {
    return Math.floor(this.#random() * n);
  }
  chance(p: number): boolean {
    return this.#random() < p;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
  many<T>(max: number, make: () => T): T[] {
    return Array.from({ length: this.below(max + 1) }, make);
  }

  /** One mail, as latin1 text. */
  mail(): string {
    const body = this.body();
    let mail = this.chance(0.25) ? this.multipart(0) : this.single(body);
    if (this.chance(0.03)) mail = `From x@y Mon Sep 17 00:00:00 2001\n${mail}`;
    if (this.chance(0.08)) mail = mail.replaceAll("\n", "\r\n");
    if (this.chance(0.35)) mail = this.mutate(mail, 1 + this.below(4));
    return mail;
  }

  single(body: string): string {
    return `${this.headers()}${this.contentHeaders(body)}`;
  }

  headers(): string {
    const lines = [`From: ${this.from()}`, `Subject: ${this.subject()}`, `Date: ${this.date()}`];
    if (this.chance(0.03)) lines.splice(this.below(3), 1);
    if (this.chance(0.06)) lines.push(this.pick(lines));
    if (this.chance(0.04)) lines.push(`${this.pick(["From", "subject", "DATE"])}: ${this.text()}`);
    lines.push(...this.many(3, () => this.pick(OTHER_HEADERS)));
    if (this.chance(0.02))
      lines.push(this.pick([":", "From : x", "Subject : x", ">From x", "a b: c"]));
    if (this.chance(0.5)) lines.reverse();
    return lines.map((line) => `${this.chance(0.15) ? this.fold(line) : line}\n`).join("");
  }

  fold(line: string): string {
    return line.replace(/ /g, (blank) =>
      this.chance(0.4) ? this.pick(["\n ", "\n\t", " \n  ", "\n \t "]) : blank,
    );
  }

  from(): string {
    return this.chance(0.25)
      ? this.many(5, () => this.pick(FROM_PIECES)).join("")
      : this.pick(FROMS);
  }
  subject(): string {
    return `${this.many(3, () => this.pick(SUBJECT_STARTS)).join("")}${this.text()}`;
  }
  date(): string {
    return this.pick(["Tue, 02 Jan 2024 10:00:00 +0000", "now", " x  y ", "", "=?utf-8?q?a=20b?="]);
  }
  text(): string {
    if (this.chance(0.01)) return this.pick(BROKEN_WORDS);
    return this.many(4, () => this.pick(WORDS)).join(this.pick([" ", "", "  "]));
  }

  contentType(): string {
    const charset = this.pick(CHARSETS);
    const parameters = this.chance(0.2) ? this.many(2, () => this.pick(PARAMETERS)) : [];
    if (this.chance(0.8)) parameters.push(`charset=${charset}`);
    if (this.chance(0.1)) parameters.push("format=flowed");
    if (this.chance(0.05)) parameters.push("delsp=yes");
    return ["Content-Type: " + this.pick(TYPES), ...parameters].join(
      this.pick(["; ", ";", ";\n "]),
    );
  }

  /** Content headers, the empty line and the body in the encoding that they name. */
  contentHeaders(body: string): string {
    const lines = this.chance(0.7) ? [this.contentType()] : [];
    const encoding = this.pick(ENCODINGS);
    if (encoding !== "") lines.push(`Content-Transfer-Encoding: ${encoding}`);
    if (this.chance(0.1)) lines.push("MIME-Version: 1.0");
    if (this.chance(0.03)) lines.push(this.pick(lines) ?? "X: y");
    if (this.chance(0.03))
      lines.push(this.pick(["From: part <p@part>", "Subject: part", "Date: p"]));
    const end = this.chance(0.97) ? "\n" : this.pick([" \n", "\t\n", "", "\n\n", "no header\n"]);
    return `${lines.map((line) => `${line}\n`).join("")}${end}${this.encode(body, encoding)}`;
  }

  encode(body: string, encoding: string): string {
    const name = encoding.toLowerCase();
    if (name === "base64") {
      const width = this.pick([76, 76, 76, 64, 60, 4]);
      const text = Buffer.from(body, "latin1").toString("base64");
      return text.replace(new RegExp(`.{1,${width}}`, "g"), "$&\n");
    }
    if (name !== "quoted-printable" || this.chance(0.05)) return body;
    const escaped = body.replace(/[^\n -<>-~\t]/g, (char) => this.escape(char));
    return escaped.replace(/[^\n]/g, (char) => {
      if (this.chance(0.02)) return this.escape(char);
      return this.chance(0.02) ? `${char}=\n` : char;
    });
  }
  escape(char: string): string {
    const code = char.charCodeAt(0).toString(16).padStart(2, "0");
    return `=${this.chance(0.8) ? code.toUpperCase() : code}`;
  }

  body(): string {
    const lines: string[] = [];
    if (this.chance(0.4)) lines.push(...this.many(4, () => this.inBodyLine()));
    if (this.chance(0.5)) lines.push("");
    lines.push(...this.many(6, () => this.pick(MESSAGE_LINES)));
    if (this.chance(0.85)) lines.push(this.pick(BREAKS));
    lines.push(...this.many(5, () => this.pick(PATCH_LINES)));
    const end = this.chance(0.1) ? "" : "\n";
    return lines.join(this.chance(0.05) ? "\r\n" : "\n") + end;
  }
  inBodyLine(): string {
    const line = this.pick([
      () => `From: ${this.from()}`,
      () => `Subject: ${this.subject()}`,
      () => `${this.pick(["date", "DATE", "Date", "from", "Date "])}: ${this.date()}`,
      () => `[PATCH] ${this.text()}`,
      () => ">From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001",
      () =>
        this.pick([">From x", ">From\t", "", " folded", "\tfolded", "[PATCH]x", "From:", "X: y"]),
    ])();
    return this.chance(0.2) ? this.fold(line) : line;
  }

  multipart(depth: number): string {
    const boundary = this.pick(["aa", "bb", "aab", "=_x", "b b"]) + depth;
    const type = this.pick(["mixed", "alternative", "signed; micalg=x"]);
    const flowed = this.chance(0.08) ? "; format=flowed" : "";
    const head = `Content-Type: multipart/${type}; boundary="${boundary}"${flowed}\n`;
    const parts = Array.from({ length: 1 + this.below(3) }, () => {
      const part =
        depth < 5 && this.chance(0.2)
          ? this.multipart(depth + 1)
          : this.contentHeaders(this.body());
      const end = part.endsWith("\n") || this.chance(0.1) ? "" : "\n";
      return `--${boundary}${this.chance(0.02) ? this.pick([" ", "x", "\t"]) : ""}\n${part}${end}`;
    });
    const close = this.chance(0.93) ? `--${boundary}--\n` : "";
    const inside = `${this.pick(["", "", "preamble\n"])}${parts.join("")}${close}${this.pick(["", "\n", "epilogue\n"])}`;
    return depth === 0 ? `${this.headers()}${head}\n${inside}` : `${head}\n${inside}`;
  }

  mutate(mail: string, times: number): string {
    for (let i = 0; i < times; i++) {
      const at = this.below(mail.length + 1);
      const to = Math.min(mail.length, at + this.below(this.pick([2, 2, 2, 40])));
      mail = mail.slice(0, at) + this.pick(["", "", this.pick(NOISE)]) + mail.slice(to);
    }
    return mail;
  }
}

const FROMS = [
  "Ann Example <ann@example.org>",
  '"Example, Ann" <ann@example.org>',
  "ann@example.org (Ann Example)",
  "Ann (at work) Example <ann@example.org> (really)",
  '"Ann \\"A\\" <x@y>" <ann@example.org>',
  "=?UTF-8?q?J=C3=B6rg?= <j@x>",
  "=?iso-8859-1?Q?J=F6rg_M=FCller?= <j@x>",
  "=?utf-8?B?SsO2cmc=?= =?utf-8?Q?_M?= <j@x>",
  "<ann@example.org>",
  "ann@example.org",
  "Ann <ann>",
  "Ann",
  "A <a@x>",
  `${"long ".repeat(13)}<a@x>`,
  "",
];
const FROM_PIECES = [
  ...Array.from('<>@"() \\.,:;a\t'),
  "Ann ",
  " <a@b>",
  "a@b.c",
  "(c) ",
  '"q" ',
  "=?utf-8?q?x=40y?=",
  "\xe9",
  "\x0b",
];
const SUBJECT_STARTS = [
  "[PATCH] ",
  "[PATCH v2 1/3] ",
  "Re: ",
  "re:",
  "Re",
  "[list]",
  "[",
  ": ",
  "RE:  ",
  " ",
];
const WORDS = [
  "fix",
  "the",
  "bug:",
  "a]b",
  "Re:",
  "\t",
  "caf\xc3\xa9",
  "caf\xe9",
  "=?utf-8?q?w=C3=A9?=",
  "=?UTF-8?Q?a_b?=",
  "=?utf-8?b?eMOk?=",
  "=?utf-8?b?eMOkCg==?=",
  "=?iso-8859-1?q?=E9=?=",
  "=?iso-8859-2?q?=B1?=",
  "=?gb2312?B?1tDOxA==?=",
  "=?utf-8?q?=0A?=",
  "=?utf-8?q?=zz=4?=",
  "=??q?x?=",
  "?=",
  "\x0c",
  ..."a b c d e f g h i j k l m n o p".split(" "),
];
/** git and the reader refuse these. */
const BROKEN_WORDS = ["=?us-ascii?Q?x=E9?=", "=?utf-8?x?y?=", "=?utf-8?q?open", "=?"];
const OTHER_HEADERS = [
  "Message-ID: <1@x>",
  "X-Odd:",
  "To: list@example.org",
  "Received: from a\n by b",
  "X-Report: a\n \n\t\n b",
  "Content-Language: en",
  "Content-Types: x; boundary=q",
  "Fromage: brie",
  "x-original-from: Z <z@z>",
];
const CHARSETS = [
  ...Array<string>(12).fill("utf-8"),
  ...Array<string>(8).fill("iso-8859-1"),
  "UTF-8",
  '"utf-8"',
  "us-ascii",
  "iso-8859-1",
  "ISO-8859-2",
  "iso-8859-15",
  "windows-1252",
  "windows-1251",
  "koi8-r",
  "gb2312",
  "big5",
  "y",
  '""',
  "utf8",
  "UTF_8",
  "utf-16",
];
const PARAMETERS = [
  'name="a; b"',
  "x=y",
  "format=fixed",
  "delsp=no",
  'name="=?utf-8?q?a?="',
  "xcharset=y",
  "charset*=utf-8''x",
  "boundary=zz",
];
const TYPES = [
  ...Array<string>(12).fill("text/plain"),
  "text/plain",
  "text/plain",
  "Text/HTML",
  "text/x-patch",
  "application/octet-stream",
  "text",
];
const ENCODINGS = [
  ...Array<string>(10).fill(""),
  ..."quoted-printable base64 8bit quoted-printable base64".split(" "),
  "",
  "7bit",
  "8bit",
  "binary",
  "quoted-printable",
  "Quoted-Printable",
  "base64",
  "BASE64",
  "base64",
  "x-uuencode",
];
const MESSAGE_LINES = [
  "Some text.",
  "caf\xc3\xa9",
  "caf\xe9",
  "\xd6\xd0\xce\xc4",
  "",
  "",
  "From: nobody <n@n>",
  "Subject: late",
  "----",
  "-- ",
  "---x",
  "ends in a blank ",
  "two  ",
  " stuffed",
  "  twice",
  " ",
  "\t",
  ">From here",
  "-- >8 -- cut --",
  "x = y = z",
  "\x0b",
  "index: no",
  "diff: no",
  "--aa0",
  "Signed-off-by: A <a@x>",
];
const BREAKS = [
  "---",
  "---",
  "---",
  "--- ",
  "---\t ",
  "diff --git a/f b/f",
  "diff -u",
  "Index: f",
  "--- a/f",
  "---  x",
  "---\r",
  "--- \xe9",
  "diff -\xe9",
];
const PATCH_LINES = [
  " f | 2 +-",
  "diff --git a/f b/f",
  "--- a/f",
  "+++ b/f",
  "@@ -1 +1 @@",
  "-caf\xe9",
  "+caf\xc3\xa9",
  " context ",
  "-- ",
  "2.39.5",
  "",
  "---",
  "From: x <y@z>",
  "+tail\r",
];
const NOISE = [
  "\n",
  "\n\n",
  "\r",
  "\r\n",
  " ",
  "\t",
  "=",
  "?",
  ":",
  "\x00",
  "-",
  "--aa0",
  "\xe9",
  "\x0b",
  ";",
  '"',
  "=\n",
  "= \n",
  "boundary=x",
  "charset=",
  "A",
  "=41",
];
