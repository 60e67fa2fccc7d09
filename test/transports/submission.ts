/** Servers that take mail from users who log in over TLS, and put it into maildirs. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../support/port.ts";
import { EXIM, startExim } from "./exim.ts";
import { postfixUid, startDovecot, startPostfix } from "./postfix.ts";

/** Of the only user, alice. */
export const PASSWORD = "Grüße: horse/battery%";

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Box {
  readonly address: string;
  /** A maildir. */
  readonly folder: string;
}

export interface SubmissionServer {
  /** Where it listens, each for something else. */
  readonly ports: Readonly<Record<string, number>>;
  /** A program that hands mail to it, and an argument. */
  readonly sendmail: readonly [string, string];
  /** Another mailbox, which is empty. */
  readonly newBox: () => Box;
  readonly stop: () => Promise<void>;
}

/** Of `localhost` and `::1`; not of 127.0.0.1. @param folder others may enter it */
export function newCertificate(folder: string): Certificate {
  chmodSync(folder, 0o755);
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = spawnSync("openssl", [
    ..."req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext".split(" "),
    "subjectAltName=DNS:localhost,IP:::1",
    "-keyout",
    key,
    "-out",
    cert,
  ]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  chmodSync(key, 0o644);
  return { key, cert };
}

const EXTENSIONS =
  "8bitmime, smtputf8, pipelining, size, chunking, dsn, enhancedstatuscodes, vrfy, etrn";

/** What an smtpd of postfix does otherwise. */
const SMTPDS: Readonly<Record<string, readonly string[]>> = {
  starttls: [],
  ipv6: [],
  tls: ["smtpd_tls_wrappermode = yes"],
  "login over TLS": ["smtpd_tls_security_level = may"],
  plain: ["smtpd_tls_security_level = none", "smtpd_tls_auth_only = no"],
  "asks for a certificate": ["smtpd_tls_req_ccert = yes"],
  bare: [`smtpd_discard_ehlo_keywords = ${EXTENSIONS}`],
  "no 8BITMIME": ["smtpd_discard_ehlo_keywords = 8bitmime, smtputf8"],
  small: ["message_size_limit = 2200"],
  "small, and does not say so": ["message_size_limit = 2200", "smtpd_discard_ehlo_keywords = size"],
  slow: [
    "smtpd_delay_reject = no",
    "smtpd_client_restrictions = sleep 1, reject_unauth_pipelining, permit",
  ],
};
const MOST_BOXES = 40;

export async function submissionToPostfix(
  folder: string,
  { cert, key }: Certificate,
): Promise<SubmissionServer> {
  // a table of patterns would not do: virtual(8) wants to know each by name
  const boxes = Array.from({ length: MOST_BOXES }, (_, i) => `box${i}.example.org`);
  const ports: Record<string, number> = {};
  for (const name of Object.keys(SMTPDS)) ports[name] = await freePort();
  const users = join(folder, "users");
  writeFileSync(users, `alice:{PLAIN.b64}${Buffer.from(PASSWORD).toString("base64")}\n`);
  const stopDovecot = await startDovecot(
    folder,
    `protocols =
auth_mechanisms = plain login cram-md5
passdb {
  driver = passwd-file
  args = ${users}
}
userdb {
  driver = static
  args = uid=${postfixUid()} gid=${postfixUid()} home=${folder}
}
`,
  );
  const postfix = await startPostfix(folder, {
    listen: Object.entries(SMTPDS).map(([name, settings]) => ({
      port: ports[name]!,
      settings,
      ...(name === "ipv6" ? { host: "::1" } : {}),
    })),
    main: `mynetworks =
virtual_mailbox_domains = static:all
virtual_mailbox_maps = inline:{ ${boxes.map((box) => `{ @${box} = ${box}/ }`).join(" ")} }
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = ${cert}
smtpd_tls_key_file = ${key}
smtpd_tls_CAfile = ${cert}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${folder}/login
smtpd_relay_restrictions = permit_sasl_authenticated, reject
`,
  });
  return {
    ports,
    sendmail: ["/usr/sbin/sendmail", `-C${postfix.etc}`],
    newBox: () => {
      const name = boxes.shift()!;
      return { address: `list@${name}`, folder: join(postfix.mail, name) };
    },
    stop: async () => {
      await postfix.stop();
      await stopDovecot();
    },
  };
}

/** It takes no more than two mails a connection. */
export async function submissionToExim(
  folder: string,
  { cert, key }: Certificate,
): Promise<SubmissionServer> {
  const [starttls, tls] = [await freePort(), await freePort()];
  const exim = await startExim(
    folder,
    starttls,
    `daemon_smtp_ports = ${starttls} : ${tls}
tls_on_connect_ports = ${tls}
tls_advertise_hosts = *
tls_certificate = ${cert}
tls_privatekey = ${key}
auth_advertise_hosts = \${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
smtp_accept_max_per_connection = 2
begin acl
rcpt:
  accept authenticated = *
  deny
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = \${lookup{$domain}dsearch,ret=full{MAIL}}
  maildir_format
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{alice}}{eq{$auth3}{${PASSWORD}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = \${if and{{eq{$auth1}{alice}}{eq{$auth2}{${PASSWORD}}}}}
  server_set_id = $auth1
`,
  );
  let boxes = 0;
  return {
    ports: { starttls, tls },
    sendmail: [EXIM, `-C${exim.config}`],
    newBox: () => {
      const name = `box${boxes++}.example.org`;
      const box = join(exim.mail, name);
      mkdirSync(box);
      spawnSync("chown", ["Debian-exim", box]);
      return { address: `list@${name}`, folder: box };
    },
    stop: exim.stop,
  };
}
