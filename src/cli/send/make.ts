/** The mails of a plan, signed, with their recipients, and what is shown of them. */

import { randomBytes } from "node:crypto";
import { now } from "../../app/now.ts";
import { mailServerName } from "../../app/send/mail-transport.ts";
import type { Envelope } from "../../app/send/queue.ts";
import type { VersionMails } from "../../app/send/mails.ts";
import type { SendPlan } from "../../app/send/plan.ts";
import { makeVersion } from "../../app/send/version.ts";
import { gitConfig, settingsEnvironment } from "../../app/settings.ts";
import { isUnmet, signedLines, signerAddress } from "../../app/sign/signing.ts";
import { baseNotes } from "../../app/sign/base-notes.ts";
import { PatchsigError } from "../../errors.ts";
import { signerIdent } from "../../git/ident.ts";
import type { Repository } from "../../git/repository.ts";
import { encodeName } from "../../mail/encoded-words.ts";
import type { NewField } from "../../outgoing/header.ts";
import type { SendPreview, ShownRecipient } from "../../report/send.ts";
import { configuredSender } from "../../send/settings.ts";
import type { PasswordSettings } from "../../terminal/password.ts";
import { userSigner } from "../signer.ts";
import { say } from "../../terminal/terminal.ts";

export interface MakeArguments extends PasswordSettings {
  readonly key?: string | undefined;
  readonly reflect: boolean;
  readonly previewTo?: string | undefined;
}

export interface MadeMails {
  readonly mails: VersionMails;
  readonly envelopes: readonly Envelope[];
  /** `sendemail.identity`. */
  readonly identity: string;
  /** Only the user, or one other, gets it: nothing is remembered of it. */
  readonly isPreview: boolean;
  readonly preview: SendPreview;
}

/** @throws PatchsigError "usage" if nobody is to get it; "refused" if a mail would not verify */
export async function makeMails(
  repository: Repository,
  plan: SendPlan,
  args: MakeArguments,
): Promise<MadeMails> {
  const by = signerAddress();
  const config = gitConfig();
  const sender = configuredSender(config);
  const from = sender.from ?? (await signerIdent(repository, by, settingsEnvironment()));
  const only = args.reflect ? from : (args.previewTo ?? null);
  const recipients = recipientsOf(plan, only);
  if (recipients.length === 0)
    throw new PatchsigError("usage", "nobody is to get it", {
      hint: "--to LIST, which is remembered",
    });
  const signer = await userSigner(args);
  const fields = (): NewField[] => recipientFields(recipients);
  const terms = { signer, by, from, now: now(), random: randomBytes, say, fields };
  const mails = await makeVersion(repository, plan, terms).finally(() => signer.wipe());
  signedLines(mails.signed, by).forEach(say);
  if (isUnmet(mails.signed))
    throw new PatchsigError("refused", "not all of it can be signed, so nothing is sent");
  const envelope = {
    sender: sender.envelopeSender ?? by,
    recipients: recipients.map(({ address }) => bareAddress(address)),
  };
  return {
    mails,
    envelopes: mails.mails.map(() => envelope),
    identity: config.string("sendemail.identity") ?? "",
    isPreview: only !== null,
    preview: previewOf(repository, plan, mails, recipients),
  };
}

/** Those that are remembered or were named. @param only nobody but this one */
function recipientsOf({ state }: SendPlan, only: string | null): ShownRecipient[] {
  if (only !== null) return [{ address: only, field: "to", why: "only there" }];
  const { to, cc } = state.settings;
  return [
    ...to.map((address) => ({ address, field: "to" as const, why: "--to" })),
    ...cc.map((address) => ({ address, field: "cc" as const, why: "--cc" })),
  ];
}

function recipientFields(recipients: readonly ShownRecipient[]): NewField[] {
  const of = (wanted: "to" | "cc"): string =>
    recipients
      .filter(({ field }) => field === wanted)
      .map(({ address }) => encodeAddress(address))
      .join(",\n ");
  const [to, cc] = [of("to"), of("cc")];
  return [...(to === "" ? [] : [["To", to] as const]), ...(cc === "" ? [] : [["Cc", cc] as const])];
}

function encodeAddress(address: string): string {
  const [, name = "", bare = address] = /^(.*?)\s*(<[^<>]*>)$/.exec(address) ?? [];
  const plain = name.replace(/^"(.*)"$/, "$1");
  return [encodeName(plain, 4), bare].filter((part) => part !== "").join(" ");
}

function bareAddress(address: string): string {
  return /<([^<>]*)>$/.exec(address)?.[1] ?? address;
}

function previewOf(
  repository: Repository,
  { branch, version, parent, series: { base } }: SendPlan,
  mails: VersionMails,
  recipients: readonly ShownRecipient[],
): SendPreview {
  const where =
    base.kind === "none"
      ? "none"
      : `${base.commit.slice(0, 12)}, ${base.kind === "public" ? `which ${base.remoteRef} has` : base.why}`;
  return {
    branch,
    version,
    subjects: mails.titles,
    recipients,
    parent,
    base: where,
    through: mailServerName(gitConfig()),
    notes: [...baseNotes(base, repository.shallow), ...mails.differences.map(({ text }) => text)],
  };
}
