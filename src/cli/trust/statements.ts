/** `patchsig trust rotate, add, endorse, revoke, statement`: what key holders say about keys. */

import { readFileSync, statSync } from "node:fs";
import type { Argv, CommandModule } from "yargs";
import { PatchsigError, EXIT } from "../../errors.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { formatPublicKeyText, parsePublicKeyText } from "../../minisign/public-key.ts";
import { signWith } from "../../minisign/signature.ts";
import { ours } from "../../report/escape.ts";
import { readStdin } from "../../source/reading.ts";
import { readPublicKeyFile } from "../../store/key-file.ts";
import { replaceFile } from "../../store/replace-file.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { usableKeys } from "../../trust/decide.ts";
import type { StatementKind } from "../../trust/record.ts";
import {
  findStatements,
  signedText,
  type Statement,
  statementSigning,
} from "../../trust/statement.ts";
import { passwordOptions, type PasswordSettings } from "../password.ts";
import { openSigner } from "../../app/sign/signer.ts";
import { signerAddress } from "../../app/sign/signing.ts";
import { note, out, outFile, say } from "../terminal.ts";
import { now } from "../../app/now.ts";
import { COLUMN, identityOf, JSON_OPTION, record, statementLines, withTrust } from "./common.ts";

interface SigningArguments extends PasswordSettings {
  key?: string;
  output?: string;
}

const signingOptions = {
  key: {
    type: "string",
    requiresArg: true,
    describe: "the secret key file, or ssh:NAME of one in ssh-agent (default: patchsig.key)",
  },
  output: {
    alias: "o",
    type: "string",
    requiresArg: true,
    describe: "write the four lines to this file instead of standard output",
  },
  ...passwordOptions,
} as const;

const NEW_KEY = "a public key, RW…, or a file that ends in .pub";

type NewKeyCommand = CommandModule<object, SigningArguments & { new: string }>;

/** A command that signs, with the user's key, what another key of theirs is. */
function newKeyCommand(kind: "rotate" | "add", describe: string, next: string): NewKeyCommand {
  return {
    command: `${kind} <new>`,
    describe,
    builder: (yargs) =>
      yargs
        .positional("new", { type: "string", demandOption: true, describe: NEW_KEY })
        .options(signingOptions) as unknown as Argv<SigningArguments & { new: string }>,
    async handler(args) {
      const by = signerAddress();
      await makeStatement(args, kind, by, by, () => publicKeyOf(args.new));
      say(next);
    },
  };
}

export const rotateCommand = newKeyCommand(
  "rotate",
  "sign, with your key, that another one follows it",
  "next: send it below the --- line of a patch, or in a keyring; then sign with the new key",
);

export const addCommand = newKeyCommand(
  "add",
  "sign, with your key, that you use another one too",
  "next: send it below the --- line of a patch, or in a keyring; both keys are good then",
);

type EndorseArguments = SigningArguments & { identity: string; public: string };

export const endorseCommand: CommandModule<object, EndorseArguments> = {
  command: "endorse <identity> <public>",
  describe: "sign, with your key, that you have checked whose key another one is",
  builder: (yargs) =>
    yargs
      .positional("identity", { type: "string", demandOption: true, describe: "whose key it is" })
      .positional("public", { type: "string", demandOption: true, describe: NEW_KEY })
      .options(signingOptions) as unknown as Argv<EndorseArguments>,
  async handler(args) {
    const of = identityOf(args.identity);
    if (!/^[!-~]+$/.test(of))
      throw new PatchsigError("usage", `${of} has letters beyond ASCII, and cannot sign patches`);
    await makeStatement(args, "endorse", signerAddress(), of, () => publicKeyOf(args.public));
  },
};

interface RevokeArguments extends SigningArguments {
  identity?: string;
  public?: string;
  statement: boolean;
  reserve: boolean;
  json: boolean;
}

export const revokeCommand: CommandModule<object, RevokeArguments> = {
  command: "revoke [identity] [public]",
  describe: "void a key for good: here, or (--statement) for all who trust you",
  builder: (yargs) =>
    yargs
      .positional("identity", { type: "string", describe: "whose key it is" })
      .positional("public", {
        type: "string",
        describe: "the key (default: the one in use; with --statement, your own)",
      })
      .option("statement", {
        type: "boolean",
        default: false,
        describe: "sign it with your key: of your own key, or of one that you have endorsed",
      })
      .option("reserve", {
        type: "boolean",
        default: false,
        describe: "with --statement: for the drawer, without effect here",
      })
      .option("json", JSON_OPTION)
      .options(signingOptions) as unknown as Argv<RevokeArguments>,
  async handler(args) {
    if (args.reserve && !args.statement)
      throw new PatchsigError("usage", "--reserve goes with --statement");
    if (!args.statement) return withTrust(false, (trust) => drop(trust, args));
    const by = signerAddress();
    const of = args.identity === undefined ? by : identityOf(args.identity);
    await makeStatement(args, "revoke", by, of, (own) =>
      args.public === undefined && of === by ? own : publicKeyOf(args.public ?? ""),
    );
  },
};

function drop(trust: TrustStore, args: RevokeArguments): void {
  if (args.identity === undefined)
    throw new PatchsigError("usage", "whose key is to be revoked?", { hint: "give the address" });
  const identity = identityOf(args.identity);
  const revoked = trust.drop(identity, args.public ?? keyInUse(trust, identity), now());
  for (const key of revoked) {
    if (args.json) record("key", key);
    else out(ours`${key.identity}\n${"revoked".padEnd(COLUMN)}${key.publicKey}`);
  }
  if (revoked.length === 0) say("that key is revoked already");
}

function keyInUse(trust: TrustStore, identity: string): string {
  const [key, ...others] = usableKeys(trust.lookup(identity));
  if (key === undefined || others.length > 0)
    throw new PatchsigError("not-found", `which key of ${identity}?`, {
      hint: shellCommand("git patchsig trust show", identity),
      exit: EXIT.unmet,
    });
  return key.publicKey;
}

/** Signs a statement, writes it, and believes it here. */
async function makeStatement(
  args: SigningArguments & { readonly reserve?: boolean },
  kind: StatementKind,
  by: string,
  of: string,
  keyOf: (own: string) => string,
): Promise<void> {
  const signer = await openSigner(args);
  let statement: Statement;
  try {
    const own = formatPublicKeyText(signer.publicKey);
    const key = keyOf(own);
    if (kind !== "revoke" && key === own)
      throw new PatchsigError("usage", "that is the key you sign with");
    const said = { kind, time: now(), by, of, key };
    statement = await signWith(signer, statementSigning(signer.publicKey, said));
  } finally {
    signer.wipe();
  }
  if (args.output === undefined) outFile(Buffer.from(statement.text));
  else replaceFile(args.output, Buffer.from(statement.text));
  note(statementLines("signed", statement));
  if (args.reserve === true) return say("it has no effect here until it is imported");
  await withTrust(false, (trust) => {
    const { outcome, why } = trust.applyOwn(statement, now());
    if (outcome !== "applied") throw new PatchsigError("refused", `not believed here: ${why}`);
  });
}

/** A key that was given as text or as a file. */
function publicKeyOf(text: string): string {
  if (text.endsWith(".pub")) return formatPublicKeyText(readPublicKeyFile(text));
  try {
    parsePublicKeyText(text);
    return text;
  } catch (cause) {
    throw new PatchsigError("bad-key", `"${text}" is not one whole public key`, {
      hint: "give all 56 characters, from RW on, or a file that ends in .pub",
      cause,
    });
  }
}

const MAX_FILE = 1 << 20;

/** The statements in a file or in what comes on stdin. Throws a PatchsigError if there is none. */
export function statementsInFile(file: string): readonly Statement[] {
  const found = findStatements(readStatementFile(file), createVerifier());
  const good = found.flatMap((one) => (one.ok ? [one.statement] : []));
  const bad = found.find((one) => !one.ok);
  if (bad?.ok === false)
    throw new PatchsigError("refused", `${file} holds a statement that is not good: ${bad.why}`, {
      exit: EXIT.unmet,
    });
  if (good.length === 0)
    throw new PatchsigError("refused", `there is no statement in ${file}`, { exit: EXIT.unmet });
  return good;
}

function readStatementFile(file: string): Buffer {
  const stat = file === "-" ? undefined : statSync(file, { throwIfNoEntry: false });
  if (file !== "-" && stat === undefined)
    throw new PatchsigError("not-found", `no such file: ${file}`);
  let bytes: Buffer | null;
  try {
    if (file === "-") bytes = readStdin(MAX_FILE);
    else bytes = (stat?.size ?? 0) > MAX_FILE ? null : readFileSync(file);
  } catch (cause) {
    throw new PatchsigError("unreadable", `cannot read ${file}`, { cause });
  }
  if (bytes === null)
    throw new PatchsigError("too-large", `${file} is too large to be a statement`);
  return bytes;
}

interface StatementArguments {
  file: string;
  output?: string;
}

export const statementCommand: CommandModule<object, StatementArguments> = {
  command: "statement [file]",
  describe: "print the signed text of a statement, for minisign to check",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", default: "-", describe: "a file that holds one" })
      .option("output", {
        alias: "o",
        type: "string",
        requiresArg: true,
        describe: "write NAME and NAME.minisig",
      }) as unknown as Argv<StatementArguments>,
  handler({ file, output }) {
    const [statement, ...others] = statementsInFile(file);
    if (others.length > 0)
      throw new PatchsigError("usage", `${file} holds more than one statement`);
    const text = signedText(statement!);
    if (output === undefined) return outFile(Buffer.from(text));
    replaceFile(output, Buffer.from(text));
    replaceFile(`${output}.minisig`, Buffer.from(statement!.text));
    out(ours`minisign -VHm ${output} -P ${statement!.signer}`);
  },
};
