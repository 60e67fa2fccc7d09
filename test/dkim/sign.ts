/** Signs mails with DKIM, in ways that no honest signer would. */

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  canonicalBody,
  canonicalField,
  signedFields,
  wireBytes,
} from "../../src/dkim/canonical.ts";
import { readFields } from "../../src/mail/fields.ts";
import { dropCr } from "../../src/mail/line-ends.ts";

type Form = "simple" | "relaxed";

export interface SignOptions {
  readonly header?: Form;
  readonly body?: Form;
  readonly domain?: string;
  readonly selector?: string;
  /** `h=`. */
  readonly names?: readonly string[];
  /** Further tags, and others in the place of the usual ones: `{ x: "1" }`. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Signs this much of the body; `l=` is a tag. */
  readonly length?: number;
  readonly key?: KeyObject;
}

const NAMES = "from:subject:date:mime-version:content-type:content-transfer-encoding".split(":");
const pair = generateKeyPairSync("ed25519");
const SECRET = pair.privateKey;
/** The record of that key. */
export const RECORD = `v=DKIM1; k=ed25519; p=${raw(pair.publicKey)}`;
export const ZONE = { "main._domainkey.example.org": RECORD };

function raw(key: KeyObject): string {
  return key.export({ format: "der", type: "spki" }).subarray(-32).toString("base64");
}

/** The mail (a character a byte) with a signature on top. */
export function signed(mail: string, options: SignOptions = {}): string {
  const { header = "relaxed", body = "relaxed", names = NAMES, length, key = SECRET } = options;
  const plain = dropCr(Buffer.from(mail, "latin1"));
  const fields = readFields(plain);
  const at = plain.indexOf("\n\n", 0, "latin1") + 2;
  const wire = wireBytes(canonicalBody(plain.toString("latin1", at), body)).subarray(0, length);
  const tags = Object.entries({
    v: "1",
    a: "ed25519-sha256",
    c: `${header}/${body}`,
    d: options.domain ?? "example.org",
    s: options.selector ?? "main",
    t: "1704189600",
    h: names.join(":"),
    bh: createHash("sha256").update(wire).digest("base64"),
    ...options.tags,
  });
  const value = ` ${tags.map(([name, text]) => `${name}=${text}`).join("; ")}; b=`;
  const self = { name: "dkim-signature", label: "DKIM-Signature:", value };
  const texts = signedFields(
    fields,
    names.map((name) => name.toLowerCase()),
  ).map((field) => canonicalField(field, header));
  const text = wireBytes(texts.join("") + canonicalField(self, header).replace(/\n$/, ""));
  const isRsa = key.asymmetricKeyType === "rsa";
  const bytes = isRsa
    ? sign("sha256", text, key)
    : sign(null, createHash("sha256").update(text).digest(), key);
  return `DKIM-Signature:${value}${bytes.toString("base64")}\n${mail}`;
}
