/** The mails of a plan, signed, with their recipients, and what is shown of them. */

import { randomBytes } from "node:crypto";
import { now } from "../../app/now.ts";
import { checkMailServer, mailServerName } from "../../app/send/mail-transport.ts";
import type { Envelope } from "../../app/send/queue.ts";
import type { VersionMails } from "../../app/send/mails.ts";
import { confirming } from "../../app/send/confirm.ts";
import type { SendPlan } from "../../app/send/plan.ts";
import { encodingWish, rehearse } from "../../app/send/rehearse.ts";
import { feedNotes } from "../../app/send/to-feed.ts";
import { threadShape } from "../../app/send/thread-shape.ts";
import { makeVersion } from "../../app/send/version.ts";
import { gitConfig, settingsEnvironment } from "../../app/settings.ts";
import { isUnmet, signedLines, signerAddress } from "../../app/sign/signing.ts";
import { baseNotes } from "../../app/sign/base-notes.ts";
import { PatchsigError } from "../../errors.ts";
import { signerIdent } from "../../git/ident.ts";
import type { Repository } from "../../git/repository.ts";
import { encodeAddressees, readAddressees } from "../../outgoing/addressee.ts";
import type { MailRecipients, RecipientField } from "../../outgoing/recipients.ts";
import {
  addresser,
  addressesOf,
  type AddressTerms,
  shownRecipients,
} from "../../app/send/addressed.ts";
import { ours } from "../../report/escape.ts";
import { askYesOrNo, canAsk } from "../../terminal/questions.ts";
import type { NewField } from "../../outgoing/header.ts";
import type { SendPreview } from "../../report/send.ts";
import { configuredSender, type Lookup, withIdentity } from "../../send/settings.ts";
import type { PasswordSettings } from "../../terminal/password.ts";
import { userSigner } from "../signer.ts";
import { say } from "../../terminal/terminal.ts";

export interface MakeArguments extends PasswordSettings {
  readonly key?: string | undefined;
  readonly rehearse: boolean;
  readonly chainReplyTo?: boolean | undefined;
  readonly reflect: boolean;
  readonly previewTo?: string | undefined;
  readonly identity?: string | undefined;
  readonly bcc?: string[] | undefined;
  readonly noTo?: boolean | undefined;
  readonly noCc?: boolean | undefined;
  readonly noBcc?: boolean | undefined;
  readonly toCmd?: string | undefined;
  readonly ccCmd?: string | undefined;
  readonly suppressCc?: string[] | undefined;
}

export interface MadeMails {
  readonly mails: VersionMails;
  readonly envelopes: readonly Envelope[];
  /** `sendemail.identity`. */
  readonly identity: string;
  /** Only the user, or one other, gets it: nothing is remembered of it. */
  readonly isPreview: boolean;
  readonly preview: SendPreview;
  /** Not without a yes. */
  readonly mustAsk: boolean;
}

/** @throws PatchsigError "usage" if nobody is to get it; "refused" if a mail would not verify */
export async function makeMails(
  repository: Repository,
  plan: SendPlan,
  args: MakeArguments,
): Promise<MadeMails> {
  const by = signerAddress();
  const config = withIdentity(gitConfig(), args.identity ?? null);
  checkMailServer(config);
  const sender = configuredSender(config);
  const wish = encodingWish(config);
  const shape = threadShape(config, args.chainReplyTo ?? null);
  const mustAsk = confirming(config);
  const from = sender.from ?? (await signerIdent(repository, by, settingsEnvironment()));
  const only = args.reflect ? from : (args.previewTo ?? null);
  const address =
    only === null
      ? await addresser(repository, { ...addressTerms(plan, args), config, from })
      : onlyTo(only);
  let recipients: readonly MailRecipients[] = [];
  const fields = async (mails: readonly Buffer[]): Promise<NewField[][]> => {
    recipients = await address(mails);
    if (!recipients.some(isForSomebody))
      throw new PatchsigError("usage", "nobody is to get it", {
        hint: "--to LIST, which is remembered; or sendemail.to",
      });
    return recipients.map(recipientFields);
  };
  const signer = (): ReturnType<typeof userSigner> => userSigner(args);
  const terms = { signer, by, from, now: now(), random: randomBytes, say, shape, fields };
  const made = await makeVersion(repository, plan, terms);
  signedLines(made.signed, by).forEach(say);
  if (isUnmet(made.signed))
    throw new PatchsigError("refused", "not all of it can be signed, so nothing is sent");
  const arriving = rehearse(made.mails, { wish, titles: made.titles, dangers: args.rehearse });
  const mails = { ...made, mails: arriving.mails };
  const preview = previewOf(repository, plan, mails, recipients, config);
  const envelopes = recipients.map((its) => ({
    sender: sender.envelopeSender ?? by,
    recipients: addressesOf(its),
  }));
  return {
    mails,
    envelopes,
    identity: config.string("sendemail.identity") ?? "",
    isPreview: only !== null,
    mustAsk: mustAsk({ recipients, hasCover: plan.cover !== null }),
    preview: {
      ...preview,
      notes: [...preview.notes, ...arriving.notes, ...(only === null ? feedNotes(envelopes) : [])],
    },
  };
}

/** Authors and trailers get copies, but they are not whom it is for. */
function isForSomebody({ recipients }: MailRecipients): boolean {
  return recipients.some(({ by, why }) => by !== "patch" || why.startsWith("format."));
}

function addressTerms(
  { state, asked, cover }: SendPlan,
  { bcc = [], noTo, noCc, noBcc, toCmd, ccCmd, suppressCc = [] }: MakeArguments,
): Omit<AddressTerms, "config" | "from"> {
  const none = [noTo === true && "to", noCc === true && "cc", noBcc === true && "bcc"] as const;
  return {
    wishes: {
      to: state.settings.to,
      cc: state.settings.cc,
      bcc,
      no: new Set(none.filter((field) => field !== false)),
      toCmd: toCmd ?? null,
      ccCmd: ccCmd ?? null,
      suppress: suppressCc,
    },
    hasCover: cover !== null,
    project: asked.project,
    mayRun: async (command, file) =>
      canAsk() && askYesOrNo(ours`${file} of this project wants to run "${command}". run it?`),
    say,
  };
}

function onlyTo(only: string): (mails: readonly Buffer[]) => Promise<readonly MailRecipients[]> {
  const by = { field: "to", why: "only there", by: "user" } as const;
  const recipients = readAddressees(only).map((one) => ({ ...one, ...by }));
  return (mails) => Promise.resolve(mails.map(() => ({ recipients, left: [] })));
}

function recipientFields({ recipients }: MailRecipients): NewField[] {
  const of = (field: RecipientField): string =>
    encodeAddressees(recipients.filter((one) => one.field === field));
  // nobody is to see who gets blind copies, not even those of format.headers
  return [
    ["To", of("to")],
    ["Cc", of("cc")],
    ["Bcc", ""],
  ];
}

function previewOf(
  repository: Repository,
  { branch, version, parent, asked, series: { base } }: SendPlan,
  mails: VersionMails,
  recipients: readonly MailRecipients[],
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
