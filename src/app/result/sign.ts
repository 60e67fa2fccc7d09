/** Signs the result of a test run, and writes the mail that carries it. */

import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PatchsigError, systemWords } from "../../errors.ts";
import { openHere } from "../settings.ts";
import { testedTree, untrackedFiles } from "../../git/tested.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { type MinisignSigner, signWith } from "../../minisign/signature.ts";
import { sha256 } from "../../patch/attestation.ts";
import { textSigning } from "../../patch/signed-text.ts";
import { count } from "../../primitives/words.ts";
import { kcidbDetails } from "../../result/details.ts";
import { outcomeOf, worse } from "../../result/from/report.ts";
import { resultMail, resultsIn } from "../../result/mail.ts";
import {
  RESULT_TEXT,
  TEST_OUTCOMES,
  type TestOutcome,
  type TestResult,
} from "../../result/text.ts";
import { reading } from "../../source/reading.ts";
import { now } from "../now.ts";
import { signerAddress, signerPerson } from "../sign/signing.ts";
import { namedRun } from "./named-run.ts";
import { readReports, type ReportFile } from "./reports.ts";
import { appliedPatches, patchesOfMails } from "./source.ts";

/** What the user, or a CI job, says of a run. File names are relative to the current folder. */
export interface RunWords {
  readonly test: string;
  /** The commit that was tested; undefined for HEAD, whose working tree must not have changed files. */
  readonly commit: string | undefined;
  /** `key=value` */
  readonly env: readonly string[];
  readonly rev: string | undefined;
  /** The file with the build's configuration. */
  readonly config: string | undefined;
  readonly reports: readonly ReportFile[];
  /** The outcome of the run as a whole, in any of `STATUS_WORDS`. */
  readonly status: string | undefined;
  /** At most one URL, and one file. */
  readonly log: readonly string[];
  readonly run: number;
  readonly via: string | undefined;
  readonly base: string | undefined;
  /** A source of mails with the patches that are in the tree; undefined to find them by the notes of `am`. */
  readonly patches: string | undefined;
  readonly say: (line: string) => void;
}

/** Outcomes, in our words and those of other systems (docs/results.md). */
const STATUS_WORDS: Readonly<Record<string, TestOutcome>> = {
  ...Object.fromEntries(TEST_OUTCOMES.map((outcome) => [outcome, outcome])),
  success: "pass",
  failure: "fail",
  failed: "fail",
  timed_out: "error",
  startup_failure: "error",
  cancelled: "miss",
  canceled: "miss",
  stale: "miss",
  neutral: "done",
  skipped: "skip",
};

/** The result to sign, and the KCIDB JSON to attach; null for none. */
export interface PlannedResult {
  readonly said: TestResult;
  readonly details: Buffer | null;
}

/**
 * Checks all that can be wrong before the user is asked for a password.
 *
 * @throws PatchsigError "usage"; "refused" for changed files in the working tree, and for a report that is not valid;
 *   "no-repository"
 */
export async function planResult(words: RunWords): Promise<PlannedResult> {
  const plain = plainFields(words);
  const outcome = outcomeAndTime(words);
  const by = signerAddress();
  const source = await sourceOf(words);
  const config = words.config === undefined ? null : sha256(fileBytes(words.config));
  const { log, logSha256 } = await logOf(words.log);
  const { report, ...measured } = outcome;
  const result = { ...plain, ...measured, ...source, by, config, log, logSha256, details: null };
  if (report === null) return { said: result, details: null };
  const details = kcidbDetails(result, report);
  return { said: { ...result, details: sha256(details) }, details };
}

/** The fields that are taken as they are given. */
function plainFields(words: RunWords): Pick<TestResult, "test" | "rev" | "env" | "run" | "via"> {
  const { run, via } = words;
  const named = namedRun(words);
  if (!Number.isInteger(run) || run < 1 || run > 999_999_999)
    throw new PatchsigError("usage", "--run takes a number from 1 on");
  if (via !== undefined) checkUrl("--via", via);
  return { ...named, run, via: via ?? null };
}

function checkUrl(option: string, url: string): void {
  if (!/^https?:\/\/[!-~]{1,900}$/.test(url))
    throw new PatchsigError(
      "usage",
      `${option} takes a URL that begins with https://: not "${url}"`,
    );
}

/** The outcome by the reports, or by `--status` if that is worse. */
function outcomeAndTime(words: RunWords): Pick<TestResult, "result" | "counts" | "time"> & {
  readonly report: NonNullable<ReturnType<typeof readReports>>["report"] | null;
} {
  const { status, reports } = words;
  const word = status?.toLowerCase() ?? "";
  const said = Object.hasOwn(STATUS_WORDS, word) ? STATUS_WORDS[word] : undefined;
  if (status !== undefined && said === undefined)
    throw new PatchsigError("usage", `--status does not know "${status}"`, {
      hint: TEST_OUTCOMES.join(", "),
    });
  const isBad = said === "fail" || said === "error" || said === "miss";
  const read = isBad ? readWhatIsThere(words) : readReports(reports, words.test);
  if (read === null) {
    if (said === undefined)
      throw new PatchsigError("usage", "what was the outcome of the run?", {
        hint: "--junit, --tap, --kcidb or --nipa with its report, or --status",
      });
    return { result: said, counts: null, time: now(), report: null };
  }
  const { result, counts } = outcomeOf(read.report);
  return {
    result: isBad ? worse(said, result) : result,
    counts,
    time: timeOf(read.writtenAt),
    report: read.report,
  };
}

/**
 * For a failed run: a job that was killed leaves half a report, or none. That must not keep the failure from being
 * signed.
 */
function readWhatIsThere({ reports, test, say }: RunWords): ReturnType<typeof readReports> {
  try {
    return readReports(reports, test);
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
    say(`note: ${error.message}: --status alone is signed`);
    return null;
  }
}

/** The time when the report was written, so that signing it again gives the same result; but never in the future. */
function timeOf(writtenAt: number | null): number {
  const clock = now();
  return writtenAt === null || writtenAt > clock || writtenAt < 1e9 ? clock : writtenAt;
}

type Source = Pick<TestResult, "tree" | "base" | "commit" | "patches" | "series" | "message">;

async function sourceOf(words: RunWords): Promise<Source> {
  const repository = await openHere();
  if (words.commit === undefined) {
    const own = new Set(
      [...words.reports.map(({ name }) => name), ...words.log].map((name) => resolve(name)),
    );
    const unknown = (await untrackedFiles(repository)).filter((name) => !own.has(name)).length;
    if (unknown > 0)
      words.say(`note: ${count(unknown, "untracked file")} may have been tested, too`);
  }
  const tested = await testedTree(repository, words.commit ?? "HEAD");
  const found =
    words.patches === undefined
      ? await appliedPatches(repository, tested)
      : { base: null, ...(await patchesOfMails(words.patches)) };
  const named = words.base === undefined ? null : await testedTree(repository, words.base);
  return {
    ...found,
    tree: tested.tree,
    commit: tested.isPublic ? tested.commit : null,
    base: named?.commit ?? found.base,
  };
}

async function logOf(given: readonly string[]): Promise<Pick<TestResult, "log" | "logSha256">> {
  const isUrl = (name: string): boolean => /^[a-z]+:\/\//i.test(name);
  const [urls, files] = [given.filter(isUrl), given.filter((name) => !isUrl(name))];
  if (urls.length > 1 || files.length > 1)
    throw new PatchsigError("usage", "--log takes one URL and one file");
  for (const url of urls) checkUrl("--log", url);
  const [file] = files;
  return { log: urls[0] ?? null, logSha256: file === undefined ? null : await fileDigest(file) };
}

/** Reads in pieces: a log can have any size. */
async function fileDigest(name: string): Promise<string> {
  const digest = createHash("sha256");
  try {
    for await (const chunk of createReadStream(name)) digest.update(chunk as Buffer);
  } catch (error) {
    throw new PatchsigError("unreadable", `--log: cannot read ${name}: ${systemWords(error)}`, {
      hint: "a log is an address (https://…), a file, or both",
      cause: error,
    });
  }
  return digest.digest("hex");
}

function fileBytes(name: string): Buffer {
  return reading(name, () => readFileSync(name));
}

/**
 * Signs a result, writes its mail, and reads that back: only a mail that readers take for this result is handed out.
 *
 * @throws PatchsigError "refused" if a value cannot stand in a result; others of the signer
 */
export async function signedResultMail(
  { said, details }: PlannedResult,
  signer: MinisignSigner,
): Promise<Buffer> {
  if (said.time < 1e9)
    throw new PatchsigError("refused", "no result is signed before 2001: is the clock right?");
  try {
    const signed = await signWith(signer, textSigning(RESULT_TEXT, signer.publicKey, said));
    const mail = resultMail(signed, signerPerson().name, details);
    const [one, ...more] = resultsIn(mail, createVerifier());
    if (one?.ok === true && more.length === 0 && one.signed.minisig === signed.minisig) return mail;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new PatchsigError("refused", "a value cannot stand in a result", { cause: error });
  }
  throw new PatchsigError("fault", "the mail that was written does not carry the result");
}
