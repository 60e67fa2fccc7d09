/** Finds the recipients of a version's mails, as the user, the patches and the project name them, by git send-email's settings. */

import { readFileSync } from "node:fs";
import { FormatError, PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import { gitLines } from "../../git/run.ts";
import { readFields } from "../../mail/fields.ts";
import { readMail } from "../../mail/mailinfo.ts";
import {
  ALIAS_TYPES,
  type Aliases,
  expandAlias,
  isAliasType,
  readAliases,
} from "../../outgoing/aliases.ts";
import {
  addressFault,
  formatAddressee,
  type Addressee,
  readAddressees,
} from "../../outgoing/addressee.ts";
import type { Project } from "../../outgoing/project.ts";
import {
  type MailRecipients,
  type MailToAddress,
  type Recipient,
  type RecipientField,
  recipientsOf,
  type RecipientTerms,
  suppressions,
} from "../../outgoing/recipients.ts";
import type { ShownRecipient } from "../../report/send.ts";
import { type Lookup, settingsOf } from "../../send/settings.ts";
import { unsignable } from "../sign/unsignable.ts";
import { askOfMail } from "./ask.ts";
import { NOTHING_SAID, saidHeader, type SaidHeader } from "./header-command.ts";

/** What the user asks for in this run; `to` and `cc` include what is remembered of the series. */
export interface AddressWishes {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  /** Ignore the settings' to, cc and bcc. */
  readonly no: ReadonlySet<RecipientField>;
  readonly toCmd: string | null;
  readonly ccCmd: string | null;
  readonly headerCmd: string | null;
  readonly suppress: readonly string[];
}

export interface AddressTerms {
  readonly wishes: AddressWishes;
  /** The user's settings, those of the identity first. */
  readonly config: Lookup;
  /** `Name <address>` */
  readonly from: string;
  /** The first mail is a cover letter: git names the committer as its author, but its author is the sender. */
  readonly hasCover: boolean;
  /** What the project asks for; null: nothing. */
  readonly project: Project | null;
  /** May a program that the project names be run? Asked each time. */
  readonly mayRun: (command: string, file: string) => Promise<boolean>;
  readonly say: (line: string) => void;
}

/** A mail's recipients, and the fields that the user's program adds to it. */
export interface AddressedMail extends MailRecipients {
  readonly fields: SaidHeader["fields"];
}

/** Addresses mails as git wrote them. */
export type Address = (mails: readonly Buffer[]) => Promise<readonly AddressedMail[]>;

/** Reads settings and the project's file. */
export async function addresser(repository: Repository, terms: AddressTerms): Promise<Address> {
  const { config, wishes, project } = terms;
  const setting = settingsOf(config);
  const [sender] = readAddressees(terms.from);
  const flag = (name: string): boolean | null => booleanIn(setting.string(name), name);
  const words = wishes.suppress.length > 0 ? wishes.suppress : setting.all("suppressCc");
  const aliases = aliasesIn(setting);
  const shared: RecipientTerms = {
    sender: sender ?? { name: "", address: "" },
    named: namedIn(wishes, setting, project),
    suppressed: formatted(() =>
      suppressions(words, flag("suppressFrom"), flag("signedOffByCc") ?? flag("signedOffCc")),
    ),
    toCover: flag("toCover") === true,
    ccCover: flag("ccCover") === true,
    resolve: (addressee) => formatted(() => expandAlias(aliases, addressee)),
  };
  for (const one of shared.named) refuseUnsendable(one, shared);
  const commands = await commandsOf(terms, setting, project);
  const isMapped = flag("mailmap") === true;
  const header = headerAsker(repository, wishes.headerCmd, setting);
  return async (mails) => {
    const added = mails.map(header);
    const all = mails.map((mail, i): MailToAddress => {
      const read = readToAddress(mail, `patch ${terms.hasCover ? i : i + 1}`);
      return {
        ...read,
        ...(i === 0 && terms.hasCover ? { author: shared.sender } : {}),
        header: [...read.header, ...added[i]!.people],
        said: askAll(repository, commands, mail),
      };
    });
    const withFields = (recipients: readonly MailRecipients[]): AddressedMail[] =>
      recipients.map((its, i) => ({ ...its, fields: added[i]!.fields }));
    if (!isMapped) return withFields(recipientsOf(all, shared));
    const found: Addressee[] = [];
    recipientsOf(all, {
      ...shared,
      resolve: (one) => {
        const those = shared.resolve(one);
        found.push(...those);
        return those;
      },
    });
    const current = await mailmapped(repository, setting, found);
    const resolve: RecipientTerms["resolve"] = (one) =>
      shared.resolve(one).map((old) => current.get(formatAddressee(old)) ?? old);
    return withFields(recipientsOf(all, { ...shared, resolve }));
  };
}

/** Asks the user's program for fields of a mail, if there is one. */
function headerAsker(
  { cwd }: Repository,
  option: string | null,
  setting: SendEmail,
): (mail: Buffer) => SaidHeader {
  const command = option ?? setting.string("headerCmd");
  const why = option === null ? "sendemail.headerCmd" : "--header-cmd";
  return command === null ? () => NOTHING_SAID : (mail) => saidHeader(mail, { command, why, cwd });
}

/** For people in git's mailmap: their current names and addresses, by the ones used so far. */
async function mailmapped(
  { cwd }: Repository,
  setting: SendEmail,
  all: readonly Addressee[],
): Promise<ReadonlyMap<string, Addressee>> {
  const file = setting.paths("mailmap.file").at(-1);
  const blob = setting.string("mailmap.blob");
  const options = [
    ...(file === undefined ? [] : [`--mailmap-file=${file}`]),
    ...(blob === null ? [] : [`--mailmap-blob=${blob}`]),
  ];
  const asked = all.filter((one) => addressFault(one) === null);
  const input = asked.map(({ name, address }) =>
    `${name.replaceAll(/[<>]/g, "")} <${address}>\n`.trimStart(),
  );
  const lines = await gitLines(["check-mailmap", "--stdin", ...options], {
    cwd,
    purpose: "settings",
    input: input.join(""),
  });
  const current = new Map<string, Addressee>();
  for (const [i, line] of lines.entries()) {
    const [, name = "", address] = /^(.*?) ?<([^<>]*)>$/.exec(line) ?? [];
    if (address !== undefined && `${line}\n` !== input[i])
      current.set(formatAddressee(asked[i]!), { name, address });
  }
  return current;
}

type SendEmail = ReturnType<typeof settingsOf>;

function formatted<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw new PatchsigError("usage", error.message);
    throw error;
  }
}

/** A setting of sendemail; null if it is not set. PatchsigError "usage" if it is neither true nor false. */
export function booleanIn(text: string | null, name: string): boolean | null {
  if (text === null) return null;
  if (/^(?:true|yes|on|1|)$/i.test(text)) return true;
  if (/^(?:false|no|off|0)$/i.test(text)) return false;
  throw new PatchsigError("usage", `sendemail.${name} is "${text}": neither true nor false`);
}

/** An invalid recipient that the user or the project named is an error; one from a patch is left out, with a note. */
function refuseUnsendable(one: Recipient, { resolve }: RecipientTerms): void {
  for (const addressee of resolve(one)) {
    const fault = addressFault(addressee);
    if (fault !== null)
      throw new PatchsigError("usage", `${one.why}: ${formatAddressee(addressee)} is ${fault}`);
  }
}

/** `sendemail.from`, which may be an alias. PatchsigError "usage" if that stands for nobody, or for several. */
export function aliasedSender(config: Lookup, from: string): string {
  const all = readAddressees(from);
  const aliases = aliasesIn(settingsOf(config));
  const [sender, ...more] = formatted(() => all.flatMap((one) => expandAlias(aliases, one)));
  if (sender === undefined || more.length > 0 || addressFault(sender) !== null)
    throw new PatchsigError("usage", `sendemail.from is "${from}": not one person's address`);
  return formatAddressee(sender);
}

/** What is named for all mails: options, else the settings; and the project's. */
function namedIn(wishes: AddressWishes, setting: SendEmail, project: Project | null): Recipient[] {
  const fields = ["to", "cc", "bcc"] as const;
  return fields.flatMap((field): Recipient[] => {
    const given = wishes[field];
    const set = given.length > 0 || wishes.no.has(field) ? [] : setting.all(field);
    const of = (texts: readonly string[], why: string): Recipient[] =>
      texts.flatMap(readAddressees).map((one) => ({ ...one, field, why, by: "user" }));
    const theirs = field === "bcc" ? [] : (project?.[field] ?? []);
    const why = `${project?.file ?? ""} of this project`;
    return [
      ...of(given, `--${field}`),
      ...of(set, `sendemail.${field}`),
      ...theirs.map((one): Recipient => ({ ...one, field, why, by: "project" })),
    ];
  });
}

function aliasesIn(setting: SendEmail): Aliases {
  const type = setting.string("aliasFileType");
  const files = setting.paths("aliasesFile");
  if (type === null || files.length === 0) return new Map();
  if (!isAliasType(type))
    throw new PatchsigError(
      "usage",
      `sendemail.aliasFileType is "${type}": none of ${ALIAS_TYPES.join(", ")}`,
    );
  const texts = files.map((file) => {
    try {
      return readFileSync(file, "utf8");
    } catch (cause) {
      throw new PatchsigError("unreadable", `cannot read the aliases in ${file}`, { cause });
    }
  });
  return readAliases(texts, type);
}

/** A program that prints the recipients of a mail. */
interface AddressCommand extends Pick<Recipient, "field" | "why" | "by"> {
  readonly command: string;
}

async function commandsOf(
  { wishes, mayRun, say }: AddressTerms,
  setting: SendEmail,
  project: Project | null,
): Promise<AddressCommand[]> {
  const own = (
    [
      ["to", wishes.toCmd],
      ["cc", wishes.ccCmd],
    ] as const
  ).flatMap(([field, option]): AddressCommand[] => {
    const command = option ?? setting.string(`${field}Cmd`);
    const why = option === null ? `sendemail.${field}Cmd` : `--${field}-cmd`;
    return command === null ? [] : [{ field, why, by: "user", command }];
  });
  const theirs: AddressCommand[] = [];
  for (const { field, command } of project?.commands ?? []) {
    const file = project!.file;
    if (await mayRun(command, file))
      theirs.push({ field, why: `${file} of this project`, by: "project", command });
    else say(`not run: ${command}, which ${file} of this project names`);
  }
  return [...own, ...theirs];
}

/** The user's programs run in the current folder, as in git; the project's at the top of the working tree. */
function askAll(
  { toplevel, cwd }: Repository,
  commands: readonly AddressCommand[],
  mail: Buffer,
): MailToAddress["said"] {
  const where = (by: Recipient["by"]): string => (by === "user" ? cwd : (toplevel ?? cwd));
  const asked = commands.map(({ command, by }) => ({ command, cwd: where(by) }));
  const said = askOfMail(mail, asked);
  return commands.map(({ field, why, by }, i) => ({ field, why, by, lines: said[i]! }));
}

/** What git wrote of people: author, To and Cc by format.to and the like, and the text. */
function readToAddress(mail: Buffer, name: string): Omit<MailToAddress, "said"> {
  const read = readMail(mail);
  if (!read.ok) throw unsignable(name, read.refusal);
  const { author, email } = read.value.info;
  const fields = readFields(mail);
  const header = (["to", "cc", "bcc"] as const).flatMap((field) =>
    fields
      .filter(({ name }) => name === field)
      .flatMap(({ value }) => readAddressees(Buffer.from(value, "latin1").toString()))
      .map((one) => ({ ...one, field, why: `format.${field}` })),
  );
  return {
    author: { name: author.toString(), address: email.toString() },
    header,
    text: mail.subarray(mail.indexOf("\n\n") + 1).toString(),
  };
}

/**
 * For the screen: each recipient once, with the mails it gets if not all.
 *
 * @param names what the mails are called: `0/2`
 */
export function shownRecipients(
  all: readonly MailRecipients[],
  names: readonly string[],
): ShownRecipient[] {
  const found = new Map<string, { one: Recipient; mails: string[]; why: Set<string> }>();
  for (const [i, { recipients }] of all.entries())
    for (const one of recipients) {
      const key = `${one.field} ${one.address}`;
      const known = found.get(key) ?? { one, mails: [], why: new Set<string>() };
      known.mails.push(names[i]!);
      known.why.add(one.why);
      found.set(key, known);
    }
  return [...found.values()].map(({ one, mails, why }) => ({
    address: formatAddressee(one),
    field: one.field,
    why: [...why].join(", ") + (mails.length === all.length ? "" : `; ${mails.join(" ")}`),
  }));
}

/** The addresses of one mail, for the server. */
export function addressesOf({ recipients }: MailRecipients): string[] {
  return recipients.map(({ address }: Addressee) => address);
}
