/** Sends what stands in the outbox, asks about what is in doubt, and says what came of it. */

import { now } from "../../app/now.ts";
import { openTransport } from "../../app/send/mail-transport.ts";
import {
  type BatchResult,
  cancelBatch,
  type MailInDoubt,
  sendBatch,
} from "../../app/send/batch.ts";
import { booleanIn } from "../../app/send/addressed.ts";
import { finishBatch } from "../../app/send/queue.ts";
import { addSentToFeed } from "../../app/send/to-feed.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import { instant } from "../../primitives/time.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { count } from "../../primitives/words.ts";
import { ours } from "../../report/escape.ts";
import { settingsOf, withIdentity } from "../../send/settings.ts";
import { gitConfig } from "../../app/settings.ts";
import {
  type BatchMail,
  defaultOutboxPath,
  type OpenBatch,
  SendStore,
} from "../../store/send-store.ts";
import type { MadeMails } from "../../app/send/make.ts";
import { printBatch } from "./records.ts";
import type { CommandStatus } from "../../options/command.ts";
import { askUntil, canAsk } from "../../terminal/questions.ts";
import { out, say, sayError } from "../../terminal/terminal.ts";

/** The outbox of `send`; closed afterwards, whatever happens. */
export async function withOutbox<T>(work: (store: SendStore) => Promise<T> | T): Promise<T> {
  const store = new SendStore(defaultOutboxPath(process.env));
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

export interface Delivery {
  /** Addresses to leave out from now on. */
  readonly drop?: readonly string[] | undefined;
  /** Prints records instead of lines. */
  readonly json: boolean;
  /** What this run made; null if it goes on with what an earlier one did. */
  readonly made: MadeMails | null;
}

/** Sends a batch, or what is left of it; prints a line for each mail. */
export async function deliver(
  store: SendStore,
  repository: Repository,
  batch: OpenBatch,
  delivery: Delivery,
): Promise<CommandStatus> {
  const stop = stopOnSignal();
  const config = withIdentity(gitConfig(), batch.identity || null);
  let told = "";
  const result = await sendBatch(store, batch.id, {
    // with the settings that it was made for, also in a later run
    connect: () => openTransport(config),
    now,
    wasSent: askWhetherSent,
    onOutcome: ({ title }, { kind, said }) => {
      if (kind === "sent") return delivery.json ? undefined : out(ours`sent  ${title}`);
      say(`not sent: ${title}`);
      say(`    ${said}`);
      told = said;
    },
    stop,
    drop: delivery.drop ?? [],
    followsRenamed: booleanIn(settingsOf(config).string("outlookIdFix"), "outlookIdFix") ?? true,
  });
  if (!(await intoFeed(store, batch))) {
    say("hint: git patchsig send --continue adds it to the feed; --cancel goes on without");
    return EXIT.failed;
  }
  const why = result.why === told ? null : result.why;
  return conclude(store, repository, batch, { ...result, why }, delivery);
}

/** Takes back what has not left. */
export async function cancel(
  store: SendStore,
  repository: Repository,
  batch: OpenBatch,
  delivery: Delivery,
): Promise<CommandStatus> {
  const result = cancelBatch(store, batch.id, now());
  if (!(await intoFeed(store, batch))) say("the feed does not have it: what was sent is dropped");
  return conclude(store, repository, batch, result, delivery);
}

/** False if a feed is set, and did not take what has left. */
async function intoFeed(store: SendStore, batch: OpenBatch): Promise<boolean> {
  try {
    await addSentToFeed(store, batch, say);
    return true;
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
    sayError(error);
    return false;
  }
}

async function conclude(
  store: SendStore,
  repository: Repository,
  batch: OpenBatch,
  { mails, why, ended: isOver }: BatchResult,
  { json, made }: Delivery,
): Promise<CommandStatus> {
  const of = (state: string): number => mails.filter((mail) => mail.state === state).length;
  const ended = isOver && (await finishBatch(store, repository, { ...batch, mails }, now()));
  if (json) printBatch({ ...batch, mails }, ended, made);
  const sent = of("sent");
  const words = `v${batch.version} of ${batch.branch}: ${sent} of ${count(mails.length, "mail")} sent`;
  if (ended && sent === mails.length) return say(words);
  say(why === null ? words : `${words}: ${why}`);
  if (ended) return EXIT.unmet;
  say("hint: git patchsig send --continue goes on; --cancel takes back the rest");
  for (const one of new Set(mails.flatMap(refusedOf)))
    say(
      `hint: ${shellCommand("git patchsig send --continue --drop", one)} leaves that recipient out`,
    );
  return EXIT.failed;
}

/** Recipients whom the server named when it refused a mail; it may have refused the mail itself. */
function refusedOf({ state, said, recipients }: BatchMail): string[] {
  const words = state === "failed" ? said.split(/[\s<>(),:;]+/) : [];
  return recipients.filter((one) => words.includes(one));
}

/** Nobody but a person can know, from the server's log or the list. */
async function askWhetherSent(mail: MailInDoubt): Promise<boolean | null> {
  const { title, messageId, recipients, doubtAt, place, total } = mail;
  say(`mail ${place} of ${total} may have been sent: it was handed over, and no answer is known`);
  say(`  ${title}`);
  say(`  ${messageId}`);
  say(`  to ${recipients.join(", ")}`);
  if (doubtAt !== null) say(`  at ${instant(doubtAt)}`);
  if (!canAsk()) return null;
  return askUntil(ours`was it sent? look for it on the list (yes, no, later): `, (answer) =>
    /^y(?:es)?$/i.test(answer)
      ? { sent: true }
      : /^no?$/i.test(answer)
        ? { sent: false }
        : /^l(?:ater)?$/i.test(answer)
          ? { sent: null }
          : null,
  ).then(({ sent }) => sent);
}

/** Ctrl-C ends after the mail that is being sent; once more, at once. */
function stopOnSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      say("stopping after this mail; once more stops at once");
      controller.abort();
    });
  return controller.signal;
}
