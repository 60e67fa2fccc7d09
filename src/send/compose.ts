/** Makes mails to send: plain text, for people. */

import MailComposer from "nodemailer/lib/mail-composer";

export interface OutgoingMail {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: readonly { readonly name: string; readonly address: string }[];
  readonly cc?: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** Seconds since the epoch. */
  readonly date: number;
  /** With angle brackets. */
  readonly messageId: string;
  readonly inReplyTo?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The mail's bytes; the same for the same draft. */
export async function compose(draft: OutgoingMail): Promise<Buffer> {
  const { from, to, cc = [], subject, text, date, messageId, inReplyTo, headers = {} } = draft;
  const composer = new MailComposer({
    from,
    to: [...to],
    cc: [...cc],
    subject,
    text,
    date: new Date(date * 1000),
    messageId,
    ...(inReplyTo === undefined ? {} : { inReplyTo, references: inReplyTo }),
    headers: { ...headers },
    // never read a file or fetch from the net
    disableFileAccess: true,
    disableUrlAccess: true,
    xMailer: false,
  });
  return await composer.compile().build();
}
