/** A commit-graph (gitformat-commit-graph(5)) that does not say what the commits do. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { git } from "./repo.ts";

/** Writes one of all commits, in which another commit is the parent of one that has a single parent. */
export function lieInGraph(cwd: string, child: string, parent: string): void {
  git(cwd, ["commit-graph", "write", "--reachable"]);
  const file = join(cwd, ".git/objects/info/commit-graph");
  const bytes = readFileSync(file);
  const chunks = new Map<string, number>();
  for (let at = 8; chunks.size < bytes[6]!; at += 12)
    chunks.set(bytes.toString("latin1", at, at + 4), Number(bytes.readBigUInt64BE(at + 4)));
  // the last of the 256 counts of names by their first byte
  const count = bytes.readUInt32BE(chunks.get("OIDF")! + 255 * 4);
  const names = Array.from({ length: count }, (_, i) => {
    const at = chunks.get("OIDL")! + 20 * i;
    return bytes.toString("hex", at, at + 20);
  });
  // each commit has 36 bytes: its tree, and the places of two parents among the names
  bytes.writeUInt32BE(names.indexOf(parent), chunks.get("CDAT")! + 36 * names.indexOf(child) + 20);
  rmSync(file);
  writeFileSync(file, bytes);
}
