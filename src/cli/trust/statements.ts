/** `patchsig trust rotate, add, endorse, revoke, statement`: what key holders say about keys. */

import { withUserTrust } from "../../app/trust/user-trust.ts";
import { now } from "../../app/now.ts";
import { signerAddress } from "../../app/sign/signing.ts";
import {
  believe,
  keyInUse,
  type Saying,
  signedStatement,
  statementsInFile,
} from "../../app/trust/statements.ts";
import { PatchsigError } from "../../errors.ts";
import { ours } from "../../report/escape.ts";
import { ownedKeyLines, statementLines } from "../../report/trust.ts";
import { replaceFile } from "../../store/replace-file.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { signedText, type Statement } from "../../trust/statement.ts";
import { type Command, command } from "../../options/command.ts";
import { SIGNER_OPTIONS, type SignerSettings, userSigner } from "../signer.ts";
import { saySafe, out, outFile, say, sayWaiting } from "../../terminal/terminal.ts";
import { identityOf } from "./common.ts";
import { JSON_OPTION, printRecord } from "../json.ts";
import { flag, optional, required, value } from "../../options/kinds.ts";

interface SigningArguments extends SignerSettings {
  readonly output?: string | undefined;
}

const SIGNING_OPTIONS = {
  output: value("write the four lines to this file instead of standard output", "o"),
  ...SIGNER_OPTIONS,
} as const;

const NEW_KEY = "a public key, RW…, or a file that ends in .pub";

/** A command that signs, with the user's key, a statement about another key of theirs. */
function newKeyCommand(kind: "rotate" | "add", describe: string, next: string): Command {
  return command({
    usage: `${kind} <new>`,
    describe,
    words: { new: required(NEW_KEY) },
    options: SIGNING_OPTIONS,
    async run(args) {
      const by = signerAddress();
      await makeStatement(args, { kind, by, of: by, key: args.new });
      say(next);
    },
  });
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

export const endorseCommand = command({
  usage: "endorse <identity> <public>",
  describe: "sign, with your key, that a key belongs to somebody",
  words: {
    identity: required("whose key it is"),
    public: required(NEW_KEY),
  },
  options: SIGNING_OPTIONS,
  async run(args) {
    const of = identityOf(args.identity);
    if (!/^[!-~]+$/.test(of))
      throw new PatchsigError("usage", `${of} has letters beyond ASCII, and cannot sign patches`);
    await makeStatement(args, { kind: "endorse", by: signerAddress(), of, key: args.public });
  },
});

export const revokeCommand = command({
  usage: "revoke [identity] [public]",
  describe: "revoke a key for good: here, or (--statement) for all who trust you",
  words: {
    identity: optional("whose key it is"),
    public: optional("the key (default: the one in use; with --statement, your own)"),
  },
  options: {
    statement: flag("sign it with your key: for your own key, or one that you endorsed"),
    reserve: flag("with --statement: sign it for later, without effect here"),
    json: JSON_OPTION,
    ...SIGNING_OPTIONS,
  },
  async run(args) {
    if (args.reserve && !args.statement)
      throw new PatchsigError("usage", "--reserve goes with --statement");
    if (!args.statement) return withUserTrust(false, (trust) => drop(trust, args));
    const by = signerAddress();
    const of = args.identity === undefined ? by : identityOf(args.identity);
    const key = args.public ?? (of === by ? null : "");
    await makeStatement(args, { kind: "revoke", by, of, key });
  },
});

interface DropArguments {
  readonly identity?: string | undefined;
  readonly public?: string | undefined;
  readonly json: boolean;
}

function drop(trust: TrustStore, args: DropArguments): void {
  if (args.identity === undefined)
    throw new PatchsigError("usage", "revoke whose key?", { hint: "give the address" });
  const identity = identityOf(args.identity);
  const revoked = trust.drop(identity, args.public ?? keyInUse(trust, identity), now());
  for (const key of revoked) {
    if (args.json) printRecord("key", key);
    else out(ownedKeyLines("revoked", key));
  }
  if (revoked.length === 0) say("the key is already revoked");
}

/** Signs a statement, writes it, and follows it here. */
async function makeStatement(
  args: SigningArguments & { readonly reserve?: boolean },
  saying: Omit<Saying, "time">,
): Promise<void> {
  const signer = await userSigner(args);
  let statement: Statement;
  try {
    statement = await signedStatement(signer, { ...saying, time: now() });
  } finally {
    signer.wipe();
  }
  const text = Buffer.from(statement.text);
  if (args.output === undefined) outFile(text);
  else replaceFile(args.output, text);
  saySafe(statementLines("signed", statement));
  if (args.reserve === true) return say("it has no effect here until it is imported");
  await withUserTrust(false, (trust) => believe(trust, statement, now()));
}

export const statementCommand = command({
  usage: "statement [file]",
  describe: "print the signed text of a statement, for minisign to check",
  words: {
    file: { type: "string", default: "-", describe: "a file that holds one" },
  },
  options: {
    output: value("write NAME and NAME.minisig", "o"),
  },
  run({ file, output }) {
    sayWaiting([file]);
    const [statement, ...others] = statementsInFile(file);
    if (others.length > 0)
      throw new PatchsigError("usage", `${file} holds more than one statement`);
    const text = signedText(statement!);
    if (output === undefined) return outFile(Buffer.from(text));
    replaceFile(output, Buffer.from(text));
    replaceFile(`${output}.minisig`, Buffer.from(statement!.text));
    out(ours`minisign -VHm ${output} -P ${statement!.signer}`);
  },
});
