/** The mail server of git's settings, with the password that git's credential helpers keep. */

import { approveCredential, fillCredential, rejectCredential } from "../../git/credential.ts";
import { findSendmail, programTransport } from "../../send/program.ts";
import {
  type Lookup,
  type MailServer,
  mailServerOf,
  serverName,
  type SmtpServer,
} from "../../send/settings.ts";
import { smtpTransport } from "../../send/smtp.ts";
import type { Transport } from "../../send/transport.ts";

/**
 * As git send-email would send. Nothing is connected yet, but the password is asked for.
 *
 * @throws PatchsigError "usage" for wrong settings, "no-password" if nobody has it
 */
export async function openTransport(config: Lookup): Promise<Transport> {
  const server = serverOf(config);
  if (server.kind === "program") return programTransport(server);
  const password = server.login?.password ?? null;
  return server.login === null || password !== null
    ? smtpTransport(server, { password, onLogin: async () => undefined })
    : withCredential(server, server.login.user);
}

/** For people: where mails would go. PatchsigError "usage" for wrong settings. */
export function mailServerName(config: Lookup): string {
  return serverName(serverOf(config));
}

/** PatchsigError "usage" for wrong settings, before there is anything to send. */
export function checkMailServer(config: Lookup): void {
  serverOf(config);
}

function serverOf(config: Lookup): MailServer {
  return mailServerOf(config, () => findSendmail(process.env["PATH"] ?? ""));
}

async function withCredential(server: SmtpServer, username: string): Promise<Transport> {
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  // always with the port, as git send-email asks
  const login = { protocol: "smtp", host: `${host}:${server.port}`, username };
  const password = await fillCredential(login);
  const onLogin = (right: boolean): Promise<void> =>
    (right ? approveCredential : rejectCredential)(login, password);
  return smtpTransport(server, { password, onLogin });
}
