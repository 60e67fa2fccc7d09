/** A mailing list for a test: its mails, and an SMTP server for what a bot sends. */

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { freePort } from "./port.ts";
import { signMails } from "./signing.ts";

export interface Series {
  readonly by: string;
  readonly title: string;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly patches?: number;
  readonly cover?: boolean;
  readonly version?: number;
  readonly signed?: boolean;
  readonly based?: boolean;
  /** Header lines. */
  readonly header?: readonly string[];
  readonly prefix?: string;
}

const BASE = "1".repeat(40);
const LIST = "List-Id: <net.example.org>";

let made = 0;

/** The mails of a series, each as it comes from the list. */
export function seriesMails(series: Series): Buffer[] {
  const { by, title, at, patches = 1, cover = false, version = 1, signed, based } = series;
  const { header = [], prefix = "PATCH" } = series;
  const [local = ""] = by.split("@");
  const name = local.charAt(0).toUpperCase() + local.slice(1);
  const root = `<${++made}.0@${by.split("@")[1]}>`;
  const numbers = [...(cover ? [0] : []), ...Array.from({ length: patches }, (_, i) => i + 1)];
  const mails = numbers.map((index, i) => {
    const label = patches > 1 || cover ? ` ${index}/${patches}` : "";
    const id = i === 0 ? root : `<${made}.${index}@${by.split("@")[1]}>`;
    const file = `${title.replace(/\W+/g, "-")}-${index}`;
    const diff = [
      `diff --git a/${file} b/${file}`,
      "index 0cfbf08..d00491f 100644",
      `--- a/${file}`,
      `+++ b/${file}`,
      "@@ -1 +1 @@",
      "-2",
      "+1",
    ];
    return Buffer.from(
      [
        `From: ${name} <${by}>`,
        "To: net@example.org",
        `Subject: [${prefix}${version > 1 ? ` v${version}` : ""}${label}] ${title}${index > 1 ? `, ${index}` : ""}`,
        `Date: ${new Date((at + i) * 1000).toUTCString().replace("GMT", "+0000")}`,
        `Message-ID: ${id}`,
        ...(i === 0 ? [] : [`In-Reply-To: ${root}`, `References: ${root}`]),
        LIST,
        ...header,
        "",
        `About ${title}.`,
        ...(index === 0 ? [] : ["---", " 1 file changed", "", ...diff]),
        "-- ",
        "2.39.5",
        ...(based === true && i === 0 ? ["", `base-commit: ${BASE}`] : []),
        "",
      ].join("\n"),
    );
  });
  return signed === true ? signMails(mails, { by, base: based === true ? BASE : null }) : mails;
}

/** Any mail. */
export function plainMail(header: readonly string[], body: string): Buffer {
  return Buffer.from([...header, "", body].join("\n"));
}

/** A mail that the server got in one transaction. */
export interface Posted {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly messageId: string;
}

export interface PostOffice {
  readonly port: number;
  readonly posted: Posted[];
  /** How it treats the next mails. */
  mode: "take" | "busy" | "refuse" | "hang up";
  /** Refuses connections until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

/**
 * An SMTP server on this machine.
 *
 * @param deliver called for each mail before the server answers 250
 * @param pause milliseconds between the two
 */
export async function openPostOffice(
  deliver: (mail: Posted) => void = () => undefined,
  pause = 0,
): Promise<PostOffice> {
  let server: SMTPServer | null = null;
  const port = await freePort();
  const office: PostOffice = {
    port,
    posted: [],
    mode: "take",
    async down() {
      const open = server;
      server = null;
      await new Promise<void>((resolve) => (open === null ? resolve() : open.close(resolve)));
    },
    async up() {
      const opened = (server = new SMTPServer({
        disabledCommands: ["AUTH", "STARTTLS"],
        onRcptTo(_, session, done) {
          void session;
          if (office.mode === "refuse") done(reply("no such user", 550));
          else done();
        },
        onData(stream, session, done) {
          const chunks: Buffer[] = [];
          stream.on("data", (chunk: Buffer) => chunks.push(chunk));
          stream.on("end", () => {
            if (office.mode === "busy") return done(reply("try again", 451));
            const text = Buffer.concat(chunks).toString("utf8");
            const { mailFrom, rcptTo } = session.envelope;
            const mail = {
              from: mailFrom === false ? "" : mailFrom.address,
              to: rcptTo.map(({ address }) => address),
              text,
              messageId: /^Message-ID: (.*?)\r?$/im.exec(text)?.[1] ?? "",
            };
            office.posted.push(mail);
            deliver(mail);
            if (office.mode === "hang up") {
              for (const { _socket } of opened.connections as Set<{ _socket: NodeJS.Socket }>)
                (_socket as unknown as { destroy(): void }).destroy();
              return;
            }
            setTimeout(done, pause);
          });
        },
      }));
      // a killed client hangs up
      opened.on("error", () => undefined);
      await new Promise<void>((resolve) => opened.listen(port, "127.0.0.1", resolve));
    },
  };
  await office.up();
  return office;
}

function reply(text: string, responseCode: number): Error {
  return Object.assign(new Error(text), { responseCode });
}

let delivered = 0;

/** Puts a mail into a maildir, as a delivery agent does. */
export function deliverTo(maildir: string, mail: Buffer | string): void {
  for (const name of ["new", "cur", "tmp"]) mkdirSync(join(maildir, name), { recursive: true });
  const name = `${1_700_000_000 + ++delivered}.M${delivered}.host`;
  writeFileSync(join(maildir, "tmp", name), mail);
  renameSync(join(maildir, "tmp", name), join(maildir, "new", name));
}
