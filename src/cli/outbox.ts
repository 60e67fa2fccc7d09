/** Sends what an outbox holds: each letter once, whenever this process ends (docs/outbox.md). */

import { CliError } from "../errors.ts";
import { askCredential, tellCredential } from "../git/credential.ts";
import { programTransport } from "../send/program.ts";
import { type Lookup, mailServer, type MailServer } from "../send/settings.ts";
import { smtpTransport } from "../send/smtp.ts";
import type { Transport } from "../send/transport.ts";
import type { Outbox, OutboxRow } from "../store/outbox.ts";
import { gitConfig } from "./settings.ts";

export interface DrainOptions {
  /** Seconds since the epoch, asked anew for each letter. */
  readonly now: () => number;
  /** Asked just before a letter leaves; a text calls it back, and says why. */
  readonly may: (row: OutboxRow, now: number) => "now" | "later" | { readonly cancel: string };
  /**
   * Whether a letter that is in doubt has left: true, false, null if nobody can ever know, "wait" if
   * it may turn out later.
   */
  readonly hasLeft: (row: OutboxRow, now: number) => boolean | null | "wait";
}

export interface Drained {
  readonly sent: number;
  readonly failed: number;
  /** Why nothing could be sent any more; null if all could be tried. */
  readonly outage: string | null;
}

const MINUTE = 60;
const LONGEST = 4 * 3600;

/** How long to wait after so many attempts, in seconds: a minute, then twice as long, up to 4 hours. */
function backOff(attempts: number): number {
  return Math.min(LONGEST, MINUTE * 2 ** Math.min(20, Math.max(0, attempts - 1)));
}

/** Sends what is due. An outage ends it: what is left is tried again after a while. */
export async function drain(
  outbox: Outbox,
  connect: () => Transport,
  { now, may, hasLeft }: DrainOptions,
): Promise<Drained> {
  settleDoubts(outbox, hasLeft, now());
  outbox.expire(now());
  let [sent, failed] = [0, 0];
  let transport: Transport | null = null;
  try {
    for (const row of outbox.due(now())) {
      const time = now();
      const allowed = may(row, time);
      if (allowed === "later") continue;
      if (allowed !== "now") {
        outbox.cancelOne(row.id, time, allowed.cancel);
        continue;
      }
      transport ??= connect();
      const { kind, said } = await transport.send(row, () => {
        // called back meanwhile: it must not leave
        if (!outbox.doubt(row.id, now()))
          throw new CliError("refused", "the letter was called back");
      });
      const wait = backOff(row.attempts + 1);
      switch (kind) {
        case "sent":
          outbox.sent(row.id, now(), said);
          sent++;
          break;
        case "refused":
          outbox.failed(row.id, now(), said);
          failed++;
          break;
        case "later":
          outbox.again(row.id, now() + wait, said);
          break;
        case "outage":
          outbox.again(row.id, now() + wait, said);
          return { sent, failed, outage: said };
        case "unknown":
          // it stays in doubt
          return { sent, failed, outage: said };
      }
    }
  } finally {
    transport?.close();
  }
  return { sent, failed, outage: null };
}

/** What an earlier run, or a lost connection, left in doubt. */
function settleDoubts(outbox: Outbox, hasLeft: DrainOptions["hasLeft"], now: number): void {
  for (const row of outbox.inDoubt()) {
    const left = hasLeft(row, now);
    if (left === "wait") continue;
    if (left === false) outbox.again(row.id, now, "it had not left");
    // once is enough: where nobody can know, it is not sent a second time
    else
      outbox.sent(
        row.id,
        row.doubtAt ?? now,
        left === true ? "it came back as a copy" : "taken as sent",
      );
  }
}

/**
 * Who sends, by `sendemail.*`.
 *
 * @param places where settings are looked for before the user's own
 * @throws CliError "usage"
 */
export function connectMail(places: readonly Lookup[]): () => Transport {
  const server = mailServer([...places, gitConfig()], process.env["PATH"] ?? "");
  return () => (server.kind === "smtp" ? overSmtp(server) : programTransport(server));
}

function overSmtp(server: Extract<MailServer, { kind: "smtp" }>): Transport {
  const { host, port, user, password } = server;
  // as git send-email names it to the helpers
  const login = { protocol: "smtp", host: `${host}:${port}`, username: user ?? "" };
  let asked = "";
  return smtpTransport(server, {
    password: async () => (asked = password ?? (await askCredential(login))),
    onLogin: async (right) => {
      if (password === null) await tellCredential(login, asked, right);
    },
  });
}
