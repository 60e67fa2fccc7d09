/** Statements about keys in a mail: where they may be, and findings about them. */

import type { Verifier } from "../minisign/ed25519.ts";
import type { Ruling } from "../trust/ruling.ts";
import { type StatementReading, findStatements, type Statement } from "../trust/statement.ts";
import type { Diff, MailView } from "../types.ts";
import { type Finding, finding } from "../findings.ts";

/** Below the break and before the first diff; in a mail without a diff, anywhere. */
export function statementsIn(
  view: MailView,
  diff: Diff | null,
  verifier: Verifier,
): StatementReading[] {
  if (diff === null) return [];
  const texts =
    diff.files.length > 0
      ? [view.patch.subarray(0, diff.start)]
      : [Buffer.concat([view.message, view.patch])];
  return texts.flatMap((text) => findStatements(text, verifier));
}

const WHY = {
  malformed: "it is damaged",
  version: "this patchsig does not know its version",
  signature: "its signature does not verify",
  "too-many": "there are more than 8 in this mail",
} as const;

/** The finding for a bad statement. */
export function unreadStatement(found: Extract<StatementReading, { ok: false }>): Finding {
  return finding("statement-malformed", `cannot read a statement about a key: ${WHY[found.why]}`);
}

/** The finding for a good statement, followed or not. */
export function statementFinding(statement: Statement, { outcome, why }: Ruling): Finding {
  const text = statementText(statement);
  return finding(`statement-${outcome}`, outcome === "applied" ? text : `${text}: ${why}`);
}

/** `alice@example.org rotates RW… to RW…` */
export function statementText({
  kind,
  by,
  of,
  key,
  signer,
}: Pick<Statement, "kind" | "by" | "of" | "key" | "signer">): string {
  switch (kind) {
    case "rotate":
      return `${by} rotates ${signer} to ${key}`;
    case "add":
      return `${by} uses ${key} beside ${signer}`;
    case "endorse":
      return `${by} endorses ${key} as the key of ${of}`;
    case "revoke":
      return signer === key ? `${of} revokes ${key}` : `${by} revokes ${key} of ${of}`;
  }
}
