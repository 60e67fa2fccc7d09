/** The text of a reply: what a person wrote, whatever mail programs put around it. */

import { expect, test } from "vitest";
import { replyText } from "../../src/mail/reply-text.ts";

const HEAD = "From: Bob <bob@example.org>\nSubject: Re: [PATCH] x\nMIME-Version: 1.0\n";
const PLAIN = "Content-Type: text/plain; charset=utf-8\n";

function text(mail: string): string | null {
  return replyText(Buffer.from(mail))?.toString() ?? null;
}

test("a plain mail, below a line of dashes too", () =>
  expect(text(`${HEAD}\nHello\n---\nmore\n`)).toBe("Hello\n---\nmore\n"));

test.each([
  ["quoted-printable", "Gr=C3=BC=\n=C3=9Fe\n"],
  ["base64", `${Buffer.from("Grüße\n").toString("base64")}\n`],
])("%s", (encoding, body) =>
  expect(text(`${HEAD}${PLAIN}Content-Transfer-Encoding: ${encoding}\n\n${body}`)).toBe("Grüße\n"),
);

test("another charset", () => {
  const head = Buffer.from(`${HEAD}Content-Type: text/plain; charset=iso-8859-1\n\n`);
  expect(replyText(Buffer.concat([head, Buffer.from("Grüße\n", "latin1")]))?.toString()).toBe(
    "Grüße\n",
  );
});

test.each([
  ["that is not known", "x-unknown", "caf\xe9\nAcked-by: x\n"],
  ["that has other bytes", "us-ascii", "> caf\xe9\nAcked-by: x\n"],
  ["that it is not in", "utf-8", "> caf\xe9\nAcked-by: x\n"],
  ["with shifts", "iso-2022-jp", "\x1b$B$3\x1b(B\nAcked-by: x\n"],
])("a text in a charset %s stays as it is", (_, charset, body) => {
  const mail = `${HEAD}Content-Type: text/plain; charset=${charset}\n\n${body}`;
  expect(replyText(Buffer.from(mail, "latin1"))?.toString("latin1")).toMatch(/\nAcked-by: x\n$/);
});

test("without a byte order mark", () =>
  expect(text(`${HEAD}${PLAIN}\n\ufeffAcked-by: x\n`)).toBe("Acked-by: x\n"));

test("format=flowed", () =>
  expect(text(`${HEAD}Content-Type: text/plain; format=flowed\n\none \ntwo\n`)).toBe("one two\n"));

test("a quote is not joined with the answer below it", () => {
  const head = `${HEAD}Content-Type: text/plain; format=flowed\n\n`;
  expect(text(`${head}> one \n>  \nAcked-by: Bob\n`)).toBe("> one \n>  \nAcked-by: Bob\n");
  expect(text(`${head}one \n> two\n`)).toBe("one \n> two\n");
  expect(text(`${head}one \n-- \nBob\n`)).toBe("one \n-- \nBob\n");
});

test("blanks of a soft line break that are to go", () =>
  expect(text(`${HEAD}Content-Type: text/plain; format=flowed; delsp=yes\n\n a \nb\n`)).toBe(
    "ab\n",
  ));

test("line ends within an encoded text", () => {
  const body = Buffer.from("one\r\n--\r\nBob\r\n").toString("base64");
  expect(text(`${HEAD}${PLAIN}Content-Transfer-Encoding: base64\n\n${body}\n`)).toBe(
    "one\n--\nBob\n",
  );
});

const multipart = (subtype: string, boundary: string, ...parts: string[]): string =>
  `Content-Type: multipart/${subtype}; boundary=${boundary}\n\n${parts.map((part) => `--${boundary}\n${part}`).join("")}--${boundary}--\n`;

const HTML = "Content-Type: text/html\n\n<p>Hello</p>\n\n";

test("the plain one of two forms, and no attachment", () => {
  const plain = `${PLAIN}\nHello\n\n`;
  expect(text(HEAD + multipart("alternative", "b", plain, HTML))).toBe("Hello\n\n");
  expect(text(HEAD + multipart("alternative", "b", HTML, plain))).toBe("Hello\n\n");
  expect(text(HEAD + multipart("mixed", "b", plain, plain.replace("Hello", "footer")))).toBe(
    "Hello\n\n",
  );
});

test("in a multipart within a multipart, as PGP/MIME has it", () => {
  const inner = multipart("mixed", "i", `${PLAIN}Content-Transfer-Encoding: base64\n\nSGVsbG8K\n`);
  const signature = "Content-Type: application/pgp-signature\n\nxxx\n\n";
  expect(text(HEAD + multipart("signed", "o", `${inner}\n`, signature))).toBe("Hello\n");
});

test("of HTML alone nothing is read", () => expect(text(`${HEAD}${HTML}`)).toBeNull());

test("nor of a mail whose header is ambiguous", () =>
  expect(text("From: a@x.org\nFrom: b@x.org\n\nHello\n")).toBeNull());
