/** Mails as an mbox, in the way of public-inbox's t.mbox.gz: mboxrd, whose `>From ` lines can be undone. */

const FROM_LINE = Buffer.from("From mboxrd@z Thu Jan  1 00:00:00 1970\n");
const LF = Buffer.from("\n");

/** @param mails without From lines */
export function asMbox(mails: readonly Buffer[]): Buffer {
  return Buffer.concat(mails.flatMap((mail) => [FROM_LINE, escaped(mail), LF]));
}

function escaped(mail: Buffer): Buffer {
  if (!mail.includes("From ")) return mail;
  return Buffer.from(mail.toString("latin1").replaceAll(/^(?=>*From )/gm, ">"), "latin1");
}
