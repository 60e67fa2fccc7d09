/** Chooses a SASL mechanism that the server offers (RFC 4954), and writes those for tokens, which nodemailer lacks. */

import { PatchsigError } from "../errors.ts";

/** Mechanisms for a password, in the order of preference. */
export const PASSWORD_MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5"] as const;
/** For these the password is an access token, as git's credential helpers for OAuth give it. */
const TOKEN_MECHANISMS = ["OAUTHBEARER", "XOAUTH2"] as const;
/** All that `sendemail.smtpAuth` may name. */
export const MECHANISMS = [...PASSWORD_MECHANISMS, ...TOKEN_MECHANISMS] as const;

export type Mechanism = (typeof MECHANISMS)[number];

/**
 * The first of ours that the server offers. No other is tried: a password must not go where nobody
 * asked for it, nor a token as a password.
 *
 * @param reply the server's reply to EHLO
 * @throws PatchsigError "no-password" if there is none
 */
export function chooseMechanism(reply: string, allowed: readonly Mechanism[]): Mechanism {
  const offered = [...reply.matchAll(/^250[ -]AUTH[ =](.*)$/gim)].flatMap(([, words]) =>
    words!.trim().toUpperCase().split(/\s+/),
  );
  const found = allowed.find((mechanism) => offered.includes(mechanism));
  if (found !== undefined) return found;
  const offer = offered.length === 0 ? "no login" : `login by ${offered.join(" ")}`;
  throw new PatchsigError(
    "no-password",
    `the server offers ${offer}, sendemail.smtpAuth allows ${allowed.join(" ")}`,
  );
}

interface TokenLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly token: string;
}

/** What goes with AUTH, in base64; null if the mechanism is for a password. */
export function tokenResponse(
  mechanism: Mechanism,
  { host, port, user, token }: TokenLogin,
): string | null {
  const bearer = `auth=Bearer ${token}\x01\x01`;
  // a comma and an equals sign are escaped in a GS2 header (RFC 5801 §4)
  const name = user.replaceAll("=", "=3D").replaceAll(",", "=2C");
  const forms: Partial<Record<Mechanism, string>> = {
    // RFC 7628 §3.1
    OAUTHBEARER: `n,a=${name},\x01host=${host}\x01port=${port}\x01${bearer}`,
    XOAUTH2: `user=${user}\x01${bearer}`,
  };
  const form = forms[mechanism];
  return form === undefined ? null : Buffer.from(form).toString("base64");
}

/** The answer to a challenge that says why the token was refused; the refusal itself follows. */
export const TOKEN_END: Partial<Record<Mechanism, string>> = { OAUTHBEARER: "AQ==", XOAUTH2: "" };
