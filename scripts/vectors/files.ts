/** The vectors as files. */

import { messages } from "../../src/mail/mbox.ts";
import { readRawMail } from "../../src/mail/mailinfo.ts";
import { attestMail } from "../../src/patch/attestation.ts";
import { readDiff } from "../../src/diff/diff.ts";
import type { Result } from "../../src/types.ts";
import { CANONICAL } from "./canonical.ts";
import type { MailVector, RefusedVector } from "./mail.ts";
import { descriptionFiles, DESCRIPTIONS, type DescriptionVector } from "./descriptions.ts";
import { resultFiles, RESULTS, type ResultVector } from "./results.ts";
import { type ReviewVector, reviewFiles, REVIEWS } from "./reviews.ts";
import { seriesFiles } from "./series.ts";
import { MARKS } from "./marks.ts";
import { SETS, type SetVector } from "./sets.ts";
import { type SignedVector, VARIANTS } from "./signed.ts";

/** Every single signed mail. */
export const SIGNED_MAILS: readonly SignedVector[] = [...VARIANTS, ...MARKS];

/** All files that the vectors consist of: path below fixtures/, and content. */
export function vectorFiles(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const vector of [...CANONICAL.attested, ...CANONICAL.refused]) {
    const read = attestationOf(vector.mail);
    files.set(`canonical/${vector.name}.eml`, vector.mail);
    if (read.ok) files.set(`canonical/${vector.name}.attestation`, read.value);
    else files.set(`canonical/${vector.name}.refused`, Buffer.from(`${read.refusal.reason}\n`));
  }
  for (const vector of SIGNED_MAILS) {
    files.set(`signed/${vector.name}.eml`, vector.mail);
    files.set(`signed/${vector.name}.verdict`, verdictText(vector));
  }
  for (const vector of SETS) {
    files.set(`sets/${vector.name}.mbox`, vector.mail);
    files.set(`sets/${vector.name}.verdict`, setVerdict(vector));
  }
  files.set("sets/README.md", setsReadme());
  for (const [name, content] of seriesFiles()) files.set(`series/${name}`, content);
  for (const [name, content] of reviewFiles()) files.set(`review/${name}`, content);
  files.set("review/README.md", reviewReadme());
  for (const [name, content] of resultFiles()) files.set(`result/${name}`, content);
  files.set("result/README.md", resultReadme());
  for (const [name, content] of descriptionFiles()) files.set(`feed/${name}`, content);
  files.set("feed/README.md", descriptionReadme());
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

const line = (name: string, words: readonly string[]): string =>
  `${[`${name}:`, ...words].join(" ")}\n`;

function setVerdict({ missing, findings }: SetVector): Buffer {
  return Buffer.from(line("missing", missing.map(String)) + line("findings", findings));
}

function verdictText({ verdict }: SignedVector): Buffer {
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

function refusedTable(): string {
  const row = ({ name, reason, shows }: RefusedVector) =>
    `| \`${name}\` | ${reason === name ? "" : `\`${reason}\` `}| ${shows} |\n`;
  const head = "| mail | reason, if not its name | shows |\n|---|---|---|\n";
  return head + CANONICAL.refused.map(row).join("");
}

function canonicalReadme(): Buffer {
  return Buffer.from(`# Canonical form

Unsigned mails, written for this project by \`npm run vectors\`. \`NAME.attestation\` is the text that a
signature of \`NAME.eml\` would be made over (docs/spec/patch-signature.md). A mail that has none has
\`NAME.refused\` instead: the reason, as docs/findings.md lists them. Some mails have CRLF line ends or bytes that
are not UTF-8, on purpose.

## With an attestation

"as plain": the attestation is that of \`plain\`, and so for others.

${table(CANONICAL.attested)}
## Refused

${refusedTable()}`);
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

${table(SIGNED_MAILS)}`);
}

function setsReadme(): Buffer {
  return Buffer.from(`# The signed series as it is found

Patches of fixtures/series, several in one mbox; written for this project by \`npm run vectors\`. Every signature in them
is good. \`NAME.verdict\` is what a verifier says of the series:

    missing:   the numbers of the patches that are not there
    findings:  what is wrong with it (docs/findings.md)

\`series-conflict\` and \`series-unsigned\` are failures, the others are warnings.

${table(SETS)}`);
}

function reviewReadme(): Buffer {
  const vectors: readonly ReviewVector[] = REVIEWS;
  return Buffer.from(`# Signed reviews

Replies to the mails of fixtures/series, written for this project by \`npm run vectors\`; docs/spec/review.md is the specification.
\`bob.key\` is their key, made without a password, for these vectors only. \`NAME.attestation\` are the patches to which they
are held: those of fixtures/series, and two of a version 3, one with another title, one with another diff.
\`NAME.verdict\` is what a verifier says before it asks whom the key belongs to, of each review in its order:

    good by <address> series=<id> v=<version>
    <a trailer>
    proven: <a patch>
    diff: <a patch that has the reviewed diff under another title or message>

or the reason why it does not count: \`changed\` (the text is not what was signed), \`signature\` (it does not verify), \`malformed\`,
\`version\`, \`diff\` (the mail has a diff of its own), \`too-many\`. It is empty where there is no review.

The signed text of one of them is checked by stock minisign alone:

    minisign -VHm reviewed.text -p bob.pub

${table(vectors)}`);
}

function resultReadme(): Buffer {
  const vectors: readonly ResultVector[] = RESULTS;
  return Buffer.from(`# Signed test results

Mails with test results, written for this project by \`npm run vectors\`; docs/spec/result.md is the specification.
\`ci.key\` is their key, made without a password, for these vectors only. \`NAME.verdict\` is what a verifier says before
it asks whom the key belongs to, of each result in its order:

    good by <address> t=<time>
    <result> <test> of <tree>

or the reason why it does not count: \`changed\` (the text is not what was signed), \`signature\` (it does not verify), \`malformed\`,
\`version\`, \`diff\` (the mail has a diff of its own), \`too-many\`. It is empty where there is no result.

The signed text of one of them is checked by stock minisign alone:

    minisign -VHm passed.text -p ci.pub

${table(vectors)}`);
}

function descriptionReadme(): Buffer {
  const vectors: readonly DescriptionVector[] = DESCRIPTIONS;
  return Buffer.from(`# What a feed's owner signs

Mails in which a feed is described, written for this project by \`npm run vectors\`; docs/spec/feed.md is the specification.
\`owner.key\` is their key, made without a password, for these vectors only. \`NAME.verdict\` is what a follower says before
it asks whether the key is the owner's, of each description in its order:

    good by <address> t=<time>
    <name>
    <epoch> <newest commit> <how many commits>

or the reason why it does not count: \`changed\` (the text is not what was signed), \`signature\` (it does not verify), \`malformed\`,
\`version\`, \`too-many\`. It is empty where there is no description.

The signed text of one of them is checked by stock minisign alone:

    minisign -VHm described.text -p owner.pub

${table(vectors)}`);
}
