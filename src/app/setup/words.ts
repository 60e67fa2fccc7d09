/** What setup says: what it found, what it will do, what became of it, and what comes next. */

import { homedir } from "node:os";
import type { Facts, HookFact } from "./facts.ts";
import type { KeyOffer, SigningKeyState } from "./keys.ts";
import { appliesPatches, commandOf, type PlannedStep, sendsPatches } from "./plan.ts";
import type { MailReader } from "./readers.ts";
import type { DoneStep, Role } from "./record.ts";
import type { UndoneStep } from "./undo.ts";
import type { PatchsigError } from "../../errors.ts";
import { NOTES_REF } from "../../git/notes.ts";
import { formatPublicKeyText } from "../../minisign/public-key.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { ours, type SafeText } from "../../report/escape.ts";
import { publicKeyPath } from "../../store/key-path.ts";

/** The key that signs by now, or why it cannot. */
export interface KeyFound {
  readonly name: string;
  readonly state: SigningKeyState | PatchsigError;
}

/** A repository's setting can be of any length. */
const MAX_QUOTED = 200;

/** `~/x` for what lies in the home folder. */
function shortPath(path: string): string {
  const home = homedir();
  return home.length > 1 && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

export function foundLines(facts: Facts, key: KeyFound | null): SafeText[] {
  const { git, name, address, sendEmail, readers, repository, keyHere } = facts;
  const rows: [string, string][] = [
    ["git", git],
    ["you", address === null ? "not known to git" : `${name ?? "no name"} <${address}>`],
    ["send-email", sendEmail.installed ? (sendEmail.server ?? "no server set") : "not installed"],
    ["mail reader", readers.map((reader) => reader.name).join(", ") || "none that patchsig knows"],
    ["repository", repository === null ? "not in one" : shortPath(repository)],
    ["hook", hookWords(facts.hook)],
    ["key", keyWords(key)],
    ...(keyHere === null
      ? []
      : [
          ["", `but ${keyHere.slice(0, MAX_QUOTED)} here: the repository's patchsig.key`] as [
            string,
            string,
          ],
        ]),
  ];
  return [ours`found:`, ...rows.map(([what, value]) => ours`  ${what.padEnd(13)}${value}`)];
}

function hookWords(hook: HookFact): string {
  switch (hook.kind) {
    case "nowhere":
      return "one for each repository";
    case "installed":
      return `installed: ${shortPath(hook.path)}`;
    case "possible":
      return "not installed";
    case "impossible":
      return `not installed, and not by setup: ${hook.why}`;
  }
}

function keyWords(key: KeyFound | null): string {
  if (key === null) return "none yet";
  const { name, state } = key;
  if (state instanceof Error) return state.message;
  const locked = state.open ? "" : " (locked)";
  return `${shortPath(name)}${locked}`;
}

export function offerLines(offers: readonly KeyOffer[], keyPath: string): SafeText[] {
  return [
    ours``,
    ours`which key signs?`,
    ours`  1  a new one, in ${shortPath(keyPath)}`,
    ...offers.map(({ name, comment }, i) =>
      comment === null
        ? ours`  ${i + 2}  minisign's, ${shortPath(name)}`
        : ours`  ${i + 2}  "${comment}" in ssh-agent`,
    ),
  ];
}

export function planLines(steps: readonly PlannedStep[]): SafeText[] {
  if (steps.length === 0) return [ours`nothing to change`];
  const lines = steps.flatMap((step) => [
    ours`  ${commandOf(step)}`,
    ...effectOf(step).map((effect) => ours`      ${effect}`),
  ]);
  return [ours`this will be done:`, ...lines];
}

/** What a step touches, where its command does not say it. */
function effectOf(step: PlannedStep): string[] {
  switch (step.kind) {
    case "key":
      return [step.path, publicKeyPath(step.path)].map((path) => `writes ${shortPath(path)}`);
    case "setting": {
      const { place, instead } = step;
      return [
        ...(place.scope === "local" ? [`in ${shortPath(place.repository)}`] : []),
        ...(instead === null ? [] : [`instead of ${instead}`]),
        ...(step.name === "notes.rewriteRef" ? ["what am records follows amended commits"] : []),
      ];
    }
    case "hook":
      return [
        `writes ${shortPath(step.path)}`,
        "in other repositories that you send from, run it there",
        ...(step.other === null ? [] : ["the hook that is there is kept, and runs too"]),
      ];
  }
}

/** What am records, for who applies patches and has other notes follow. */
export function recordNotes({ followingNotes: notes }: Facts): SafeText[] {
  if (notes.length === 0 || notes.some((ref) => ref === NOTES_REF || ref === "refs/notes/*"))
    return [];
  return [
    ours`what am records does not follow a rebase: git config --add notes.rewriteRef ${NOTES_REF}`,
  ];
}

/** What keeps git send-email from signing, for who sends patches. */
export function hookNotes({ hook, sendEmail }: Facts): SafeText[] {
  const notes: SafeText[] = [];
  if (hook.kind === "impossible")
    notes.push(ours`no hook here: ${hook.why}`, ours`hint: ${hook.hint}`);
  if (hook.kind === "nowhere")
    notes.push(ours`the hook, in each repository you send from: git patchsig hook install`);
  if (!sendEmail.installed) notes.push(ours`git send-email is not installed (Debian: git-email)`);
  if (sendEmail.hookless !== null)
    notes.push(ours`git send-email starts no hook: ${sendEmail.hookless} is false`);
  if (sendEmail.edits !== null)
    notes.push(
      ours`git lets you edit after the hook, which then refuses: ${sendEmail.edits} is true`,
    );
  return notes;
}

/** The public key, for who verifies; of a new one, also where the secret one lies. */
export function keyLines(name: string, { publicKey }: SigningKeyState, isNew: boolean): SafeText[] {
  return [
    ...(publicKey === null
      ? []
      : [ours`your public key, for those who verify:`, ours`  ${formatPublicKeyText(publicKey)}`]),
    ...(isNew
      ? [
          ours`the secret key; keep a copy where nobody else can read it:`,
          ours`  ${shortPath(name)}`,
        ]
      : []),
  ];
}

/** The three commands of the day, a block for each side. */
export function dayBlocks(
  role: Role,
  hasPassword: boolean,
  { readers, sendEmail }: Pick<Facts, "readers" | "sendEmail">,
): SafeText[][] {
  const third: [string, string] = hasPassword
    ? ["git patchsig key unlock", "the password once a day"]
    : ["git patchsig verify out/*.patch", "what others will see"];
  const server: [string, string] = [
    "git config --global sendemail.smtpServer …",
    "your mail server, which is not set",
  ];
  const send = table("to send patches:", [
    ...(sendEmail.server === null ? [server] : []),
    ["git patchsig format-patch -o out", "a series, signed, with its base"],
    ["git send-email out/*.patch", "as always"],
    ["git patchsig send", "or a branch, from here"],
    third,
  ]);
  const apply = table("to apply patches:", [
    ["git patchsig verify series.mbox", "who signed what, and what changed"],
    ["git patchsig am series.mbox", "verify, then apply exactly that"],
    ["git patchsig trust list", "whose key is which"],
  ]);
  return [
    ...(sendsPatches(role) ? [send] : []),
    ...(appliesPatches(role)
      ? [apply, ...readers.filter((one) => one.isNews).map(readerLines)]
      : []),
  ];
}

function table(title: string, rows: readonly (readonly [string, string])[]): SafeText[] {
  return [ours`${title}`, ...rows.map(([command, what]) => ours`  ${command.padEnd(42)} ${what}`)];
}

function readerLines({ name, file, line }: MailReader): SafeText[] {
  return [ours`in ${name}${file === null ? "" : ` (${shortPath(file)})`}:`, ours`  ${line}`];
}

/** The step's reverse, as one would type it. */
export function undoLine(step: DoneStep): SafeText {
  switch (step.kind) {
    case "key":
      return ours`  the key stays: ${shortPath(step.path)}`;
    case "hook":
      return ours`  git patchsig hook uninstall: ${shortPath(step.folder)}`;
    case "setting": {
      const { place, name, before } = step;
      const start = `git config --${place.scope}`;
      const where = place.scope === "local" ? ` in ${shortPath(place.repository)}` : "";
      const command =
        before === null ? `${start} --unset ${name}` : shellCommand(`${start} ${name}`, before);
      return ours`  ${command}${where}`;
    }
  }
}

export function undoneLine({ step, outcome }: UndoneStep): SafeText {
  const what =
    step.kind === "setting"
      ? step.name
      : step.kind === "hook"
        ? `the hook in ${shortPath(step.folder)}`
        : shortPath(step.path);
  switch (outcome) {
    case "undone":
      return ours`undone: ${what}`;
    case "gone":
      return ours`not there any more: ${what}`;
    case "changed":
      return ours`left, since it was changed: ${what}`;
    case "kept":
      return ours`kept, since it cannot be made again: ${what}`;
    default:
      return ours`not undone: ${what}: ${outcome.message}`;
  }
}
