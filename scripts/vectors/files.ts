/** The vectors as files. */

import { messages } from "../../src/mail/mbox.ts";
import { readRawMail } from "../../src/mail/mailinfo.ts";
import { attestMail } from "../../src/patch/attestation.ts";
import { readDiff } from "../../src/patch/diff.ts";
import type { Result } from "../../src/types.ts";
import { CANONICAL } from "./canonical.ts";
import type { MailVector } from "./mail.ts";
import { seriesFiles } from "./series.ts";
import { type SignedVector, VARIANTS } from "./signed.ts";

/** All files that the vectors consist of: path below fixtures/, and content. */
export function vectorFiles(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const vector of [...CANONICAL.attested, ...CANONICAL.refused]) {
    const read = attestationOf(vector.mail);
    files.set(`canonical/${vector.name}.eml`, vector.mail);
    if (read.ok) files.set(`canonical/${vector.name}.attestation`, read.value);
    else files.set(`canonical/${vector.name}.refused`, Buffer.from(`${read.refusal.reason}\n`));
  }
  for (const vector of VARIANTS) {
    files.set(`signed/${vector.name}.eml`, vector.mail);
    files.set(`signed/${vector.name}.verdict`, verdictText(vector));
  }
  for (const [name, content] of seriesFiles()) files.set(`series/${name}`, content);
  files.set("canonical/README.md", canonicalReadme());
  files.set("signed/README.md", signedReadme());
  return files;
}

function attestationOf(bytes: Buffer): Result<Buffer> {
  const view = readRawMail(messages(bytes, { keepCr: true })[0]!.bytes!);
  if (!view.ok) return view;
  const diff = readDiff(view.value.patch, view.value.crs);
  if (!diff.ok) return diff;
  const made = attestMail(view.value, diff.value);
  return made.ok ? { ok: true, value: made.value.text } : made;
}

function verdictText({ verdict }: SignedVector): Buffer {
  const line = (name: string, words: readonly string[]) => `${[`${name}:`, ...words].join(" ")}\n`;
  return Buffer.from(
    line("signature", [verdict.signature]) +
      line("changed", verdict.changed) +
      line("findings", verdict.findings),
  );
}

function table(vectors: readonly MailVector[]): string {
  const rows = vectors.map(({ name, shows }) => `| \`${name}\` | ${shows.replace("|", "\\|")} |\n`);
  return `| mail | shows |\n|---|---|\n${rows.join("")}`;
}

function canonicalReadme(): Buffer {
  return Buffer.from(`# Canonical form

Unsigned mails, written for this project by \`npm run vectors\`. \`NAME.attestation\` is the text that a
signature of \`NAME.eml\` would be made over (docs/spec/patch-signature.md). A mail that has none has
\`NAME.refused\` instead: the reason, as docs/findings.md lists them. Some mails have CRLF line ends or bytes that
are not UTF-8, on purpose.

## With an attestation

"as plain": the attestation is that of \`plain\`.

${table(CANONICAL.attested)}
## Refused

Each is named after the reason.

${table(CANONICAL.refused)}`);
}

function signedReadme(): Buffer {
  return Buffer.from(`# A signed patch on its way

Patch 1 of fixtures/series, as transports and attackers leave it; written for this project by \`npm run vectors\`.
\`NAME.verdict\` is what a verifier says before it asks whom the key belongs to:

    signature: good | bad | none | malformed
    changed:   which parts differ from what was signed
    findings:  why it fails, or what to look at (docs/findings.md)

A mail is to be accepted only if the signature is good and none of its findings is a failure: \`other-signer\` and
\`upper-case-signer\` are not.

${table(VARIANTS)}`);
}
