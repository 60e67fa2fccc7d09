/** The mail server of git's settings, with the password that git's credential helpers keep. */

import { credentialFor } from "../secrets.ts";
import { checkProgram, findSendmail, programTransport } from "../../send/program.ts";
import {
  type Lookup,
  type MailServer,
  mailServerOf,
  serverName,
  type SmtpServer,
} from "../../send/settings.ts";
import { checkCertificates } from "../../send/smtp-connect.ts";
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

/**
 * Before there is anything to send: the server's settings, and the program or certificates that they name.
 *
 * @throws PatchsigError "usage" for wrong settings, "not-found" for a program, "unreadable" for certificates
 */
export function checkMailServer(config: Lookup): void {
  const server = serverOf(config);
  if (server.kind === "program") checkProgram(server);
  else checkCertificates(server);
}

function serverOf(config: Lookup): MailServer {
  return mailServerOf(config, () => findSendmail(process.env["PATH"] ?? ""));
}

async function withCredential(server: SmtpServer, username: string): Promise<Transport> {
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  // always with the port, as git send-email asks
  const login = { protocol: "smtp", host: `${host}:${server.port}`, username };
  return smtpTransport(server, await credentialFor(login));
}
