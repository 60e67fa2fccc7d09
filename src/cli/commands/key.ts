/**
 * `patchsig key`: make, bring in, show, re-encrypt and unlock minisign keys. A key belongs to a person, not
 * to an address: which address it signs for is git's user.email when it signs.
 */

import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { ArgumentsCamelCase, Argv, CommandModule } from "yargs";
import { PatchsigError, FormatError } from "../../errors.ts";
import { parseEd25519Key } from "../../devsig/keyring.ts";
import {
  KEY_NUMBER_BYTES,
  formatKeyId,
  formatPublicKeyFile,
  formatPublicKeyText,
} from "../../minisign/public-key.ts";
import type { PublicKey } from "../../minisign/public-key.ts";
import { SEED_BYTES } from "../../minisign/ed25519.ts";
import { DEFAULT_COST, SALT_BYTES, formatSecretKeyFile } from "../../minisign/secret-key.ts";
import type { KeyLock, SecretKey } from "../../minisign/secret-key.ts";
import { sshFingerprint } from "../../ssh/key.ts";
import { escapeJson, ours, type SafeText } from "../../report/escape.ts";
import {
  checkNewKey,
  readPublicKeyBeside,
  readPrivateFile,
  readPublicKeyFile,
  readSecretKeyFile,
  replaceSecretKeyFile,
  unlockKey,
  writeKeyPair,
} from "../../store/key-file.ts";
import { publicKeyPath } from "../../store/key-path.ts";
import { passwordOptions, passwordSource } from "../password.ts";
import type { PasswordSettings, PasswordSource } from "../password.ts";
import { agentKey } from "../../app/sign/agent-signer.ts";
import { keyChoiceOf, keyPathOf } from "../../app/settings.ts";
import { out, say } from "../terminal.ts";
import { lock, unlock } from "./key-agent.ts";

const NEW_PASSWORD = "new password: ";
const DEFAULT_COMMENT = "patchsig secret key";

interface KeySettings extends PasswordSettings {
  readonly key?: string | undefined;
}

interface ProtectSettings extends KeySettings {
  /** False after `--no-password`: yargs reads every `--no-x` so. */
  readonly password?: boolean | undefined;
  /** True after `-W`. */
  readonly noPassword?: boolean | undefined;
}

const keyOption = {
  key: {
    type: "string",
    requiresArg: true,
    describe: "the secret key file (default: patchsig.key of git config, else the user's own)",
  },
} as const;

const protectOptions = {
  "no-password": { alias: "W", type: "boolean", describe: "do not encrypt the key" },
  password: { type: "boolean", hidden: true },
} as const;

export const keyCommand: CommandModule = {
  command: "key",
  describe: "make, import and show the key that signs",
  builder: (yargs: Argv) =>
    yargs
      .command(
        "generate",
        "make a new key",
        (command) =>
          command.options({
            ...keyOption,
            ...passwordOptions,
            ...protectOptions,
            force: { type: "boolean", default: false, describe: "overwrite a key that exists" },
            comment: {
              type: "string",
              requiresArg: true,
              default: DEFAULT_COMMENT,
              describe: "first line of the secret key file",
            },
          }),
        generate,
      )
      .command(
        "import <file>",
        "take over a minisign secret key, encrypted as it is; or one of patatt's",
        (command) =>
          command.positional("file", { type: "string", demandOption: true }).options({
            ...keyOption,
            ...passwordOptions,
            ...protectOptions,
            patatt: {
              type: "boolean",
              default: false,
              describe: "it is patatt's ed25519 key: encrypt it with a new password",
            },
            force: { type: "boolean", default: false, describe: "overwrite a key that exists" },
            public: {
              type: "string",
              requiresArg: true,
              describe: "its public key file; without it the key is unlocked once",
            },
          }),
        importKey,
      )
      .command(
        "show [file]",
        "show the public key, its ID and where it lies",
        (command) =>
          command
            .positional("file", {
              type: "string",
              describe: "a secret or public key file, or ssh:NAME of a key in ssh-agent",
            })
            .options({
              ...keyOption,
              ...passwordOptions,
              json: { type: "boolean", default: false, describe: "one line of JSON" },
            }),
        show,
      )
      .command(
        "password",
        "set, change or (--no-password) remove the password",
        (command) => command.options({ ...keyOption, ...passwordOptions, ...protectOptions }),
        changePassword,
      )
      .command(
        "unlock",
        "put the key into ssh-agent, so that its password is asked for once",
        (command) =>
          command.options({
            ...keyOption,
            ...passwordOptions,
            for: {
              type: "string",
              requiresArg: true,
              default: "8h",
              describe: "how long the agent keeps it: 30m, 8h, 2d",
            },
          }),
        unlock,
      )
      .command("lock", "take it out of ssh-agent", (command) => command.options(keyOption), lock)
      .demandCommand(1, "key: generate, import, show, password, unlock or lock?")
      .strict(),
  // never reached: demandCommand asks for one of the above
  handler: () => {},
};

async function generate(
  settings: ArgumentsCamelCase<ProtectSettings & { force: boolean; comment: string }>,
): Promise<void> {
  const path = keyPathOf(settings.key);
  if (!settings.force) checkNewKey(path);
  // loaded here because only this needs it
  const { generateSecretKey } = await import("../../minisign/generate.ts");
  const seed = randomBytes(SEED_BYTES);
  const key = generateSecretKey(seed, randomBytes(KEY_NUMBER_BYTES));
  seed.fill(0);
  await writeNewKey(path, key, settings.comment, settings);
  say("next: git patchsig format-patch -o out @{u}..");
}

/** Writes a key pair, says where, and wipes the key. */
async function writeNewKey(
  path: string,
  key: SecretKey,
  comment: string,
  settings: ProtectSettings & { readonly force: boolean },
): Promise<void> {
  try {
    const passwords = passwordSource(settings);
    const text = await encrypt(key, comment, passwords, wantsPassword(settings));
    writeKeyPair(path, text, formatPublicKeyFile(key.publicKey), settings.force);
  } finally {
    key.wipe();
  }
  out(ours`${formatPublicKeyText(key.publicKey)}`);
  say(`secret key: ${path}`);
  say("            keep a copy where nobody else can read it");
  say(`public key: ${publicKeyPath(path)}`);
  say("            give it to those who verify");
}

type ImportSettings = ProtectSettings & {
  readonly file: string;
  readonly public?: string | undefined;
  readonly patatt: boolean;
  readonly force: boolean;
};

async function importKey(settings: ArgumentsCamelCase<ImportSettings>): Promise<void> {
  const path = keyPathOf(settings.key);
  const source = resolve(settings.file);
  if (settings.patatt && settings.public !== undefined)
    throw new PatchsigError("usage", "--public does not go with --patatt");
  if (!settings.patatt && (settings.noPassword === true || settings.password !== undefined))
    throw new PatchsigError("usage", "the password stays as it is", {
      hint: "git patchsig key password changes it",
    });
  if (!settings.force) checkNewKey(path);
  if (settings.patatt) {
    const key = await readPatattKey(source);
    await writeNewKey(path, key, DEFAULT_COMMENT, settings);
    return;
  }
  // refuses what is not a key before a password is asked for
  readSecretKeyFile(source);
  const publicKey =
    settings.public === undefined
      ? await publicKeyByUnlocking(source, settings)
      : readPublicKeyFile(resolve(settings.public));

  const bytes = readPrivateFile(source);
  writeKeyPair(path, bytes.toString("utf8"), formatPublicKeyFile(publicKey), settings.force);
  bytes.fill(0);
  out(ours`${formatPublicKeyText(publicKey)}`);
  say(`secret key: ${path} (a copy; the password is the same)`);
}

/** The secret key that `patatt genkey` wrote, as one of minisign's. */
async function readPatattKey(path: string): Promise<SecretKey> {
  const { generateSecretKey } = await import("../../minisign/generate.ts");
  const bytes = readPrivateFile(path);
  try {
    const seed = parseEd25519Key(bytes);
    const key = generateSecretKey(seed);
    seed.fill(0);
    return key;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new PatchsigError("bad-key", `${path}: no ed25519 key of patatt: ${error.message}`);
  } finally {
    bytes.fill(0);
  }
}

/** What `key show` tells, in either form. */
interface KeyReport {
  readonly type: "key";
  readonly publicKey: string;
  readonly keyId: string;
  /** Null if only a public key file was looked at. */
  readonly path: string | null;
  readonly publicPath: string | null;
  readonly encrypted: boolean | null;
  /** Its comment and fingerprint in ssh-agent; null for a file. */
  readonly agent: { readonly comment: string; readonly fingerprint: string } | null;
}

async function show(
  settings: ArgumentsCamelCase<KeySettings & { file?: string | undefined; json: boolean }>,
): Promise<void> {
  const choice = keyChoiceOf(settings.file ?? settings.key);
  const report =
    choice.kind === "agent"
      ? await reportOfAgentKey(choice.selector)
      : choice.path.endsWith(".pub")
        ? reportOf(readPublicKeyFile(choice.path), { publicPath: choice.path })
        : await reportOfSecretKey(choice.path, settings);
  out(settings.json ? escapeJson(report) : formatReport(report));
}

async function reportOfAgentKey(selector: string): Promise<KeyReport> {
  const { publicKey, key } = await agentKey(selector);
  const fingerprint = sshFingerprint(key.point);
  return reportOf(publicKey, { agent: { comment: key.comment, fingerprint } });
}

async function reportOfSecretKey(path: string, settings: PasswordSettings): Promise<KeyReport> {
  const { encrypted } = readSecretKeyFile(path);
  const beside = readPublicKeyBeside(path);
  // an encrypted key does not tell its public half: believe the file beside it, or ask
  const publicKey =
    encrypted && beside !== null ? beside : await publicKeyByUnlocking(path, settings);
  const publicPath = beside === null ? null : publicKeyPath(path);
  return reportOf(publicKey, { path, publicPath, encrypted });
}

type Place = Pick<KeyReport, "path" | "publicPath" | "encrypted" | "agent">;

function reportOf(key: PublicKey, place: Partial<Place>): KeyReport {
  return {
    type: "key",
    publicKey: formatPublicKeyText(key),
    keyId: formatKeyId(key.keyNumber),
    path: null,
    publicPath: null,
    encrypted: null,
    agent: null,
    ...place,
  };
}

function formatReport(report: KeyReport): SafeText[] {
  const encrypted = report.encrypted === true ? "encrypted" : "not encrypted";
  const rows: [string, string | null][] = [
    ["key ID", report.keyId],
    ["secret key", report.path && `${report.path} (${encrypted})`],
    ["public key", report.publicPath],
    ["ssh-agent", report.agent && `${report.agent.fingerprint} ${report.agent.comment}`],
  ];
  const lines = rows.filter(([, value]) => value !== null);
  return [
    ours`${report.publicKey}`,
    ...lines.map(([name, value]) => ours`${name.padEnd(12)}${value ?? ""}`),
  ];
}

async function changePassword(settings: ArgumentsCamelCase<ProtectSettings>): Promise<void> {
  const path = keyPathOf(settings.key);
  const file = readSecretKeyFile(path);
  const wanted = wantsPassword(settings);
  if (!file.encrypted && !wanted) {
    say(`${path} has no password`);
    return;
  }
  const passwords = passwordSource(settings);
  const key = await unlockKey({ path, askPassword: passwords.ask });
  try {
    replaceSecretKeyFile(path, await encrypt(key, file.comment, passwords, wanted));
  } finally {
    key.wipe();
  }
  say(`${path}: password ${wanted ? (file.encrypted ? "changed" : "set") : "removed"}`);
}

/** The text of the key file, encrypted with a new password if one is wanted. */
async function encrypt(
  key: SecretKey,
  comment: string,
  passwords: PasswordSource,
  wanted: boolean,
): Promise<string> {
  if (!wanted) return keyText(key, comment, null);
  const password = await passwords.askNew(NEW_PASSWORD);
  try {
    return keyText(key, comment, { password, salt: randomBytes(SALT_BYTES), cost: DEFAULT_COST });
  } finally {
    password.fill(0);
  }
}

function keyText(key: SecretKey, comment: string, lock: KeyLock | null): string {
  try {
    return formatSecretKeyFile(key, comment, lock);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new PatchsigError("usage", error.message, { cause: error });
  }
}

async function publicKeyByUnlocking(path: string, settings: PasswordSettings): Promise<PublicKey> {
  const key = await unlockKey({ path, askPassword: passwordSource(settings).ask });
  key.wipe();
  return key.publicKey;
}

function wantsPassword(settings: ProtectSettings): boolean {
  return settings.noPassword !== true && settings.password !== false;
}
