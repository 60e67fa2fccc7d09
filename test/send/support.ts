import type { SmtpServer } from "../../src/send/settings.ts";
import { smtpTransport, type SmtpOptions } from "../../src/send/smtp.ts";
import type { Letter, SendOutcome, Transport } from "../../src/send/transport.ts";

export const BODY = "Subject: hello\n\nfirst\n.\n..dots\n.";

export function letterOf(more: Partial<Letter> = {}): Letter {
  return {
    sender: "bot@example.org",
    recipients: ["alice@example.org"],
    bytes: Buffer.from(BODY),
    ...more,
  };
}

/** To a server on this machine, without encryption. */
export function transportTo(
  port: number,
  server: Partial<SmtpServer> = {},
  options: Partial<SmtpOptions> = {},
): Transport {
  const plain = { encryption: "none", login: null, domain: null, certPath: null } as const;
  const usual = { client: null, batchSize: 0, reloginDelay: 0 };
  const all = { kind: "smtp", host: "127.0.0.1", port, ...plain, ...usual, ...server } as const;
  return smtpTransport(all, { password: null, onLogin: async () => undefined, ...options });
}

/** What came of it, and how often `onCommit` was called. */
export async function send(
  transport: Transport,
  letter: Partial<Letter> = {},
): Promise<SendOutcome & { readonly commits: number }> {
  let commits = 0;
  const outcome = await transport.send(letterOf(letter), () => void commits++);
  return { ...outcome, commits };
}
