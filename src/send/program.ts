/** Sending by a program like sendmail: the letter on standard input, the envelope as arguments. */

import { spawn } from "node:child_process";
import type { MailServer } from "./settings.ts";
import { type Letter, type Outcome, said, type Transport } from "./transport.ts";

/** <sysexits.h>: what sendmail and its like end with. Other statuses are an outage. */
const STATUSES: Readonly<Record<number, Outcome["kind"]>> = {
  0: "sent",
  65: "refused",
  67: "refused",
  68: "refused",
  75: "later",
};

export function programTransport(server: Exclude<MailServer, { kind: "smtp" }>): Transport {
  return {
    send: (letter, onCommit) => sendBy(server, letter, onCommit),
    close: () => undefined,
  };
}

function sendBy(
  server: Exclude<MailServer, { kind: "smtp" }>,
  { sender, recipients, bytes }: Letter,
  onCommit: () => void,
): Promise<Outcome> {
  // sendmail(8): -i, a lone dot ends nothing; -f, the envelope sender
  const envelope = ["-i", "-f", sender === "" ? "<>" : sender, "--", ...recipients];
  const [file, args] =
    server.kind === "program"
      ? [server.file, [...server.options, ...envelope]]
      : ["/bin/sh", ["-c", `${server.line} "$@"`, server.line, ...envelope]];
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["pipe", "ignore", "pipe"] });
    let words = "";
    let fault: { readonly error: unknown } | null = null;
    let committed = false;
    child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(0, 2000)));
    child.on("error", (error) => resolve({ kind: "outage", said: said(error.message) }));
    child.stdin.on("error", () => undefined);
    child.on("close", (status, signal) => {
      if (fault !== null) return reject(fault.error);
      const ended = signal === null ? `${file} ended with ${status}` : `${file} was killed`;
      const kind = kindOf(status, committed);
      resolve({ kind, said: said(words === "" && kind !== "sent" ? ended : words) });
    });
    child.stdin.write(bytes, (error) => {
      if (error) return;
      try {
        onCommit();
        committed = true;
        child.stdin.end();
      } catch (error) {
        fault = { error };
        child.kill("SIGKILL");
      }
    });
  });
}

/** A program that ended before it had the whole letter has not sent it, whatever it says. */
function kindOf(status: number | null, committed: boolean): Outcome["kind"] {
  if (status === null) return committed ? "unknown" : "outage";
  const kind = STATUSES[status] ?? "outage";
  return kind === "sent" && !committed ? "outage" : kind;
}
