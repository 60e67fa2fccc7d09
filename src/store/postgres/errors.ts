/** What PostgreSQL and the way to it say, in words for people. */

import { PatchsigError, type ErrorCode } from "../../errors.ts";
import { PostgresError } from "./link.ts";

/** Codes of PostgreSQL (its appendix A), of node and of TLS, and our errors for them. */
type Meaning = readonly [RegExp, ErrorCode, text: string, hint: string];
const SAME_AGAIN = "what was reported is recorded; run the command again for the rest";
const MEANINGS: readonly Meaning[] = [
  [
    /^NO_PASSWORD$/,
    "no-password",
    "wants a password",
    "put a line HOST:PORT:DATABASE:USER:PASSWORD into ~/.pgpass (chmod 600)",
  ],
  [/^28P01$/, "bad-password", "does not accept this password", "see ~/.pgpass"],
  [/^28/, "refused", "does not let this user in", "see the user in the URL, and pg_hba.conf there"],
  [/^3D000$/, "not-found", "does not exist on that server", "its owner makes it: createdb"],
  [/^(55P03|40001|40P01|57014)$/, "database-busy", "is in use by others", "try again"],
  [/^(53300|57P03)$/, "database-busy", "takes no connections now", "try again"],
  [/^25P03$/, "database-busy", "was kept waiting for too long, and undid the work", SAME_AGAIN],
  [
    /^(42501|25006)$/,
    "unwritable",
    "cannot be written by this user",
    "add --dry-run to record nothing; its owner gives rights (docs/team-database.md)",
  ],
  [/^(53100|53200)$/, "disk-full", "cannot grow", "make room on the server"],
  [/^54000$/, "too-large", "does not take a text of that length", "see what was to be recorded"],
  [
    /^(42P01|42703|3F000)$/,
    "bad-database",
    "lacks tables of a trust database",
    "see which database the URL names",
  ],
  [/^(XX|58)/, "bad-database", "is damaged", "see the server's log"],
  [
    /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO)/,
    "refused",
    "does not prove that it is that server",
    "a certificate of your own: ?sslrootcert=FILE in the URL",
  ],
  [/^(57P0|08)/, "unreadable", "ended the connection", SAME_AGAIN],
  [
    /^(E[A-Z]+|)$/,
    "unreadable",
    "cannot be reached",
    "see whether the server runs; git config --global patchsig.database names it",
  ],
  [/^LOST$/, "unreadable", "ended the connection", SAME_AGAIN],
];
const OTHERWISE: Meaning = [/^/, "unreadable", "cannot be used", "see the server's log"];

/** Runs `work`; what PostgreSQL says becomes a PatchsigError. */
export function explainingPostgres<T>(shown: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    throw explain(shown, error);
  }
}

function explain(shown: string, error: PostgresError): PatchsigError {
  const { code, message } = error;
  const found = MEANINGS.find(([pattern]) => pattern.test(code)) ?? OTHERWISE;
  const [, errorCode, text, hint] = found;
  // the server's own words name a rule that is missing, or the text that it does not understand
  const why = code === "" ? message : /^(E|LOST|NO_)/.test(code) ? code : `${code}: ${message}`;
  return new PatchsigError(errorCode, `the trust database ${shown} ${text} (${why})`, {
    hint,
    cause: error,
  });
}
