/**
 * The minimum that any verifier of these mails must do, as a separate program: read them, hash
 * them, and check minisign's two signatures on each. Their positions are given.
 *
 *     node floor.js MBOX CHECKS
 */

import { hash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { createVerifier } from "../src/minisign/ed25519.ts";
import { unpackChecks } from "./checks.ts";

const CHUNK = 1 << 20;

function floor(mbox: string, checks: string): void {
  const chunk = Buffer.allocUnsafe(CHUNK);
  const fd = openSync(mbox, "r");
  for (let read = CHUNK; read > 0;) {
    read = readSync(fd, chunk);
    hash("sha256", chunk.subarray(0, read), "buffer");
  }
  closeSync(fd);
  const verifier = createVerifier();
  for (const { point, message, signature } of unpackChecks(readFileSync(checks)))
    if (!verifier.verifyStrict(point, message, signature)) throw new Error("a bad signature");
}

floor(process.argv[2]!, process.argv[3]!);
