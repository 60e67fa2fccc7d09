/** The mails of a plan, signed, with their recipients, and what is shown of them. */

import { randomBytes } from "node:crypto";
import { PatchsigError } from "../../errors.ts";
import { signerIdent } from "../../git/ident.ts";
import type { Repository } from "../../git/repository.ts";
import { gitLines } from "../../git/run.ts";
import { changedFiles } from "../../git/tested.ts";
import { encodeAddressees, readAddressees } from "../../outgoing/addressee.ts";
import type { NewField } from "../../outgoing/header.ts";
import type { MailRecipients, RecipientField } from "../../outgoing/recipients.ts";
import { count } from "../../primitives/words.ts";
import type { SendPreview } from "../../report/send.ts";
import { configuredSender, type Lookup, settingsOf, withIdentity } from "../../send/settings.ts";
import { now } from "../now.ts";
import type { Reporter } from "../reporter.ts";
import { gitConfig, settingsEnvironment } from "../settings.ts";
import { baseNotes } from "../sign/base-notes.ts";
import type { OpenSigner } from "../sign/signer.ts";
import { isUnmet, signedLines, signerAddress } from "../sign/signing.ts";
import {
  type Address,
  type AddressedMail,
  addresser,
  addressesOf,
  type AddressWishes,
  aliasedSender,
  booleanIn,
  shownRecipients,
} from "./addressed.ts";
import { confirming } from "./confirm.ts";
import { checkMailServer, mailServerName } from "./mail-transport.ts";
import type { EditFiles, VersionMails } from "./mails.ts";
import { untakenNotes } from "./untaken.ts";
import type { SendPlan } from "./plan.ts";
import type { Envelope } from "./queue.ts";
import { encodingWish, rehearse } from "./rehearse.ts";
import { threadShape } from "./thread-shape.ts";
import { feedNotes } from "./to-feed.ts";
import { validated } from "./validate.ts";
import { makeVersion } from "./version.ts";

/** What the user asked for, over the settings of git send-email; null: as they say. */
export interface MakeWishes {
  readonly identity: string | null;
  readonly address: Omit<AddressWishes, "to" | "cc">;
  /** The only recipient of all mails; "reflect": the sender. */
  readonly only: string | null;
  readonly chainReplyTo: boolean | null;
  readonly annotate: boolean | null;
  readonly validate: boolean | null;
  /** Also try what only broken servers do. */
  readonly rehearse: boolean;
}

/** How the user is asked. */
export interface MakeAsking {
  readonly say: Reporter["say"];
  /** Opened once all else is known: it may ask for a password. */
  readonly signer: () => Promise<OpenSigner>;
  /** May a program that the project names be run? */
  readonly mayRun: (command: string, file: string) => Promise<boolean>;
  /** Files in the user's editor; what became of them. */
  readonly edit: EditFiles;
}

/** Only to the sender. */
export const REFLECT = "reflect";

export interface MadeMails {
  readonly mails: VersionMails;
  readonly envelopes: readonly Envelope[];
  /** Who gets each mail, and why. */
  readonly recipients: readonly MailRecipients[];
  /** `sendemail.identity`. */
  readonly identity: string;
  /** A preview for the user or one other person: nothing is remembered of it. */
  readonly isPreview: boolean;
  readonly preview: SendPreview;
  /** Sends only after a yes. */
  readonly mustAsk: boolean;
}

/** @throws PatchsigError "usage" if nobody is to get it; "refused" if a mail would not verify */
export async function makeMails(
  repository: Repository,
  plan: SendPlan,
  wishes: MakeWishes,
  asking: MakeAsking,
): Promise<MadeMails> {
  const by = signerAddress();
  const config = withIdentity(gitConfig(), wishes.identity);
  checkMailServer(config);
  const notes = [
    ...(await uncommittedNotes(repository, plan.branch)),
    ...untakenNotes(gitConfig(), config),
  ];
  const wish = encodingWish(config);
  const mustAsk = confirming(config);
  const { from, envelopeSender } = await senderOf(repository, config, by);
  const address = await addressing(repository, plan, { wishes, config, from, asking });
  let recipients: readonly AddressedMail[] = [];
  const fields = async (mails: readonly Buffer[]): Promise<NewField[][]> => {
    recipients = await address(mails);
    if (recipients.some(isForSomebody)) return recipients.map(fieldsOf);
    throw new PatchsigError("usage", "nobody is to get it", {
      hint: "--to LIST, which is remembered; or sendemail.to",
    });
  };
  const made = await makeVersion(repository, plan, {
    ...asking,
    by,
    from,
    now: now(),
    random: randomBytes,
    shape: threadShape(config, wishes.chainReplyTo),
    fields,
    edit: editing(config, wishes.annotate, asking.edit),
  });
  signedLines(made.signed, by).forEach(asking.say);
  if (isUnmet(made.signed))
    throw new PatchsigError("refused", "not all of it can be signed, so nothing is sent");
  const isHooked = (wishes.validate ?? flagOf(config, "validate")) !== false;
  const left = isHooked ? await validated(repository, made, asking.say) : made.mails;
  const arriving = rehearse(left, { wish, titles: made.titles, dangers: wishes.rehearse });
  const preview = previewOf(repository, plan, made, recipients, config);
  const envelopes = recipients.map((its) => ({
    sender: envelopeSender ?? by,
    recipients: addressesOf(its),
  }));
  const isPreview = wishes.only !== null;
  notes.push(...arriving.notes, ...(isPreview ? [] : feedNotes(envelopes)));
  return {
    mails: { ...made, mails: arriving.mails },
    envelopes,
    recipients,
    identity: config.string("sendemail.identity") ?? "",
    isPreview,
    mustAsk: mustAsk({ recipients, hasCover: plan.cover !== null }),
    preview: { ...preview, notes: [...preview.notes, ...notes] },
  };
}

/** The sender as `Name <address>`: as `sendemail.*` says, else the signer. */
async function senderOf(
  repository: Repository,
  config: Lookup,
  by: string,
): Promise<{ readonly from: string; readonly envelopeSender: string | null }> {
  const { from, envelopeSender } = configuredSender(config);
  if (from !== null) return { from: aliasedSender(config, from), envelopeSender };
  return { from: await signerIdent(repository, by, settingsEnvironment()), envelopeSender };
}

/** Changes in the working tree that are in no commit of the branch. */
async function uncommittedNotes(repository: Repository, branch: string): Promise<string[]> {
  const { cwd } = repository;
  const [head] = await gitLines(["symbolic-ref", "--quiet", "HEAD"], { cwd });
  const [first, ...more] = head === `refs/heads/${branch}` ? await changedFiles(repository) : [];
  if (first === undefined) return [];
  const files = more.length === 0 ? first : `${first} and ${count(more.length, "more file")}`;
  return [`not committed, so not sent: ${files}`];
}

/** With `sendemail.annotate`: all files at once, or one after the other, as git send-email does it. */
function editing(config: Lookup, wish: boolean | null, edit: EditFiles): EditFiles | null {
  if ((wish ?? flagOf(config, "annotate")) !== true) return null;
  if (flagOf(config, "multiEdit") !== false) return edit;
  return (files) => files.flatMap((file) => edit([file]));
}

function flagOf(config: Lookup, name: string): boolean | null {
  return booleanIn(settingsOf(config).string(name), name);
}

/** Authors and people in trailers get copies, but a series needs a recipient of its own. */
function isForSomebody({ recipients }: AddressedMail): boolean {
  return recipients.some(
    ({ by, why }) => by !== "patch" || /^(?:format\.|sendemail\.|--)/.test(why),
  );
}

function addressing(
  repository: Repository,
  { state, asked, cover }: SendPlan,
  {
    wishes: { only, address },
    config,
    from,
    asking,
  }: {
    readonly wishes: MakeWishes;
    readonly config: Lookup;
    readonly from: string;
    readonly asking: MakeAsking;
  },
): Promise<Address> {
  if (only !== null) return Promise.resolve(onlyTo(only === REFLECT ? from : only));
  const { to, cc } = state.settings;
  return addresser(repository, {
    wishes: { ...address, to, cc },
    config,
    from,
    hasCover: cover !== null,
    project: asked.project,
    mayRun: asking.mayRun,
    say: asking.say,
  });
}

function onlyTo(only: string): Address {
  const by = { field: "to", why: "only there", by: "user" } as const;
  const recipients = readAddressees(only).map((one) => ({ ...one, ...by }));
  return (mails) => Promise.resolve(mails.map(() => ({ recipients, left: [], fields: [] })));
}

function fieldsOf({ recipients, fields }: AddressedMail): NewField[] {
  const of = (field: RecipientField): string =>
    encodeAddressees(recipients.filter((one) => one.field === field));
  return [
    ...fields,
    ["To", of("to")],
    ["Cc", of("cc")],
    // blind copies stay blind, even those of format.headers
    ["Bcc", ""],
  ];
}

function previewOf(
  repository: Repository,
  { branch, version, parent, asked, series: { base } }: SendPlan,
  mails: VersionMails,
  recipients: readonly AddressedMail[],
  config: Lookup,
): SendPreview {
  const where =
    base.kind === "none"
      ? "none"
      : `${base.commit.slice(0, 12)}, ${base.kind === "public" ? `which ${base.remoteRef} has` : base.why}`;
  return {
    branch,
    version,
    subjects: mails.titles,
    recipients: shownRecipients(
      recipients,
      mails.sent.map(({ index }) => `${index}/${mails.sent.at(-1)!.index}`),
    ),
    parent,
    base: where,
    through: mailServerName(config),
    notes: [
      ...new Set(recipients.flatMap(({ left }) => left.map((line) => `left out: ${line}`))),
      ...(asked.fault === null ? [] : [asked.fault]),
      ...baseNotes(base, repository.shallow),
      ...mails.differences.map(({ text }) => text),
    ],
  };
}
