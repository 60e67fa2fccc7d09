/** A certificate for `localhost`. Tests call requireTool("openssl") before. */

import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newFolder } from "./folders.ts";

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** The certificate, and its key. */
  readonly file: string;
  readonly keyFile: string;
  /** With a link to the certificate by its hash, as OpenSSL wants it. */
  readonly folder: string;
}

const REQUEST =
  "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";

export function certificate(): Certificate {
  const own = newFolder();
  const [keyFile, file] = [join(own, "key.pem"), join(own, "cert.pem")];
  const name = ["-addext", "subjectAltName=DNS:localhost"];
  const made = spawnSync("openssl", [
    ...REQUEST.split(" "),
    ...name,
    "-keyout",
    keyFile,
    "-out",
    file,
  ]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  const folder = newFolder();
  const hash = spawnSync("openssl", ["x509", "-hash", "-noout", "-in", file]).stdout;
  copyFileSync(file, join(folder, `${hash.toString().trim()}.0`));
  return { key: readFileSync(keyFile), cert: readFileSync(file), file, keyFile, folder };
}
