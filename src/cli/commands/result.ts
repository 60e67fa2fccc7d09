/** `patchsig result`: what a test run came to, signed, shown, and in the forms of other tools. */

import { resultsOfSource } from "../../app/result/read.ts";
import { isOwnKey } from "../../app/sign/own-key.ts";
import type { ReportFormat } from "../../app/result/reports.ts";
import { planResult, signedResultMail } from "../../app/result/sign.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { command, type CommandGroup } from "../../options/command.ts";
import {
  flawedResultRecord,
  renderFlawedResult,
  renderResult,
  resultRecord,
} from "../../report/results.ts";
import { EXPORT_NAMES, exported, frameOf } from "../../result/export.ts";
import { type FlawedResult, type FoundResult, isFlawed } from "../../result/found.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { passwordOptions } from "../../terminal/password.ts";
import { out, outFile, outputStyle, say, sayWaiting } from "../../terminal/terminal.ts";
import { JSON_OPTION, printRecord } from "../json.ts";
import { userSigner } from "../signer.ts";
import { flag, number, optional, value } from "../../options/kinds.ts";
import { count } from "../../primitives/words.ts";
import { shortName } from "../../primitives/object-name.ts";

const texts = (describe: string) =>
  ({ type: "string", array: true, nargs: 1, default: [] as string[], describe }) as const;

const signCommand = command({
  usage: "sign [commit]",
  describe: "sign what a test run came to, as a mail",
  words: {
    commit: optional("what was tested (default: HEAD, if nothing but it is checked out)"),
  },
  options: {
    test: { ...value("what was run: kselftest.net"), demandOption: true },
    env: texts("key=value: where it was run, such as arch=x86_64; may be repeated"),
    rev: value("the version of a suite that is not in the tree"),
    config: value("the file with the build's configuration"),
    junit: texts("a JUnit XML file with the run's report; this and the next three may be repeated"),
    tap: texts("a TAP or KTAP file"),
    kcidb: texts("a file with KCIDB's JSON"),
    nipa: texts("a file with a run of NIPA"),
    status: value("what the harness says: pass, fail, error, miss, done, skip"),
    log: texts("the log's URL, its file, or both"),
    run: { ...number("which attempt this is"), default: 1 },
    via: value("the run's URL, if another system ran it"),
    base: value("the commit that the tested patches are on"),
    patches: value("the mails with the tested patches (default: those that am noted)"),
    output: value("write the mail to this file", "o"),
    "to-feed": value("add the mail to the feed in this folder"),
    quiet: flag("say nothing", "q"),
    key: value("the secret key file, or ssh:NAME of one in ssh-agent (default: patchsig.key)"),
    ...passwordOptions,
  },
  async run(args) {
    const note = args.quiet ? () => {} : say;
    const formats = ["junit", "tap", "kcidb", "nipa"] as const satisfies readonly ReportFormat[];
    const reports = formats.flatMap((format) => args[format].map((name) => ({ format, name })));
    sayWaiting(reports.map(({ name }) => name));
    const plan = await planResult({ ...args, reports, say: note });
    const signer = await userSigner(args);
    try {
      const mail = await signedResultMail(plan, signer);
      const { result, test, tree, by } = plan.said;
      if (args.output !== undefined) replaceFile(args.output, mail);
      note(`${result}: ${test} of tree ${shortName(tree)}, signed as ${by}`);
      if (args.toFeed !== undefined) {
        const { addToFeed } = await import("../../app/feed/add.ts");
        const record = { bytes: mail, source: "the result", record: true };
        const { already } = await addToFeed(args.toFeed, [record], note).catch((error) => {
          throw otherThanBefore(error, test, args.run);
        });
        note(already.length > 0 ? "the feed has it already" : `added to ${args.toFeed}`);
      } else if (args.output === undefined) outFile(mail);
    } finally {
      signer.wipe();
    }
  },
});

/** Two results of one run have one Message-ID. */
function otherThanBefore(error: unknown, test: string, run: number): unknown {
  if (!(error instanceof PatchsigError) || error.code !== "exists") return error;
  return new PatchsigError("exists", `the feed has another result of this run of ${test}`, {
    hint: `of another attempt: --run ${run + 1}`,
    cause: error,
  });
}

const FILE = {
  describe: "mails with results, or - for stdin",
  type: "string",
  default: "-",
} as const;
const BY = texts("an address whose pinned key counts though it signs patches, too");

const showCommand = command({
  usage: "show [file]",
  describe: "the results in mails, and what they are worth here",
  paged: true,
  words: { file: FILE },
  options: { by: BY, json: JSON_OPTION },
  async run({ file, by, json }) {
    sayWaiting([file]);
    const style = outputStyle();
    const trust = await openUserTrust(true);
    let [good, bad] = [0, 0];
    try {
      for await (const found of resultsOfSource(file, trust, new Set(by))) {
        if (isFlawed(found)) bad++;
        else good++;
        if (json) printFound(found);
        else out(isFlawed(found) ? renderFlawedResult(found, style) : renderResult(found, style));
      }
    } finally {
      trust.close();
    }
    if (good + bad === 0)
      throw new PatchsigError("not-found", `${file}: no test result in it`, { exit: EXIT.unmet });
    return bad === 0 ? EXIT.ok : EXIT.unmet;
  },
});

function printFound(found: FoundResult | FlawedResult): void {
  if (isFlawed(found)) printRecord("bad-result", flawedResultRecord(found));
  else printRecord("result", resultRecord(found));
}

/** Of somebody else, whose key nobody has accepted here. */
function isClaim(found: FoundResult | FlawedResult): boolean {
  return !isFlawed(found) && found.worth === "claims" && !isOwnKey(found.signed.publicKey);
}

const exportCommand = command({
  usage: "export [file]",
  describe: "the results in mails, in the form of another tool",
  words: { file: FILE },
  options: {
    as: {
      type: "string",
      choices: EXPORT_NAMES,
      demandOption: true,
      describe: "for whom",
    },
  },
  async run({ file, as }) {
    sayWaiting([file]);
    const trust = await openUserTrust(true);
    const { begin, between, end } = frameOf(as);
    let [lines, left, claims] = [0, 0, 0];
    try {
      for await (const found of resultsOfSource(file, trust, new Set())) {
        const { line, why } = exported(as, found);
        if (line !== null && isClaim(found)) claims++;
        if (line !== null) outFile(Buffer.from((lines++ === 0 ? begin : between) + line));
        else if (++left > 0) say(`${found.source}: ${why}: left out`);
      }
    } finally {
      trust.close();
    }
    if (lines + left === 0)
      throw new PatchsigError("not-found", `${file}: no test result in it`, { exit: EXIT.unmet });
    outFile(Buffer.from(lines === 0 ? "" : end));
    if (claims > 0)
      say(`note: ${count(claims, "result")} by keys that were not accepted for results`);
    return left === 0 ? EXIT.ok : EXIT.unmet;
  },
});

export const resultCommand: CommandGroup = {
  usage: "result",
  describe: "what a test run came to: sign, show, export",
  question: "result: sign, show or export?",
  commands: [signCommand, showCommand, exportCommand],
};
