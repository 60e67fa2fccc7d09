/** Where a database lies, and whether it is safe there. */

import { existsSync, readdirSync, statfsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { dataFolder } from "../places.ts";

/** Where the trust database lies: `trust.db` in the data folder (src/places.ts). */
export function trustFile(env: NodeJS.ProcessEnv, home?: () => string): string {
  return join(dataFolder(env, home), "trust.db");
}

/** File systems of the network (statfs(2)): their locks and SQLite's shared memory do not hold. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x564c, "NCP"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x01021997, "9p"],
  [0x00c36400, "Ceph"],
  [0x65735546, "FUSE"],
  [0x47504653, "GPFS"],
  [0x0bd00bd0, "Lustre"],
]);

/** Folders that programs keep the same on several machines, by their names or what lies in them. */
const SYNCED =
  /^(Dropbox|OneDrive.*|Nextcloud|ownCloud|Google ?Drive|My Drive|iCloud.*|Syncthing|Sync|MEGA|pCloud.*)$/i;
const MARKERS = [".stfolder", ".dropbox", ".owncloudsync.log", ".sync"];
const CONFLICT = /sync-conflict|conflicted copy/i;

/** What is wrong with the place of a database, a sentence each; none is good. */
export function placeProblems(file: string): string[] {
  const folder = dirname(file);
  if (!existsSync(folder)) return [];
  const problems: string[] = [];
  const network = NETWORK.get(statfsSync(folder).type);
  if (network !== undefined)
    problems.push(`it is on ${network}: programs on two machines can damage it`);
  for (let at = folder; at !== dirname(at); at = dirname(at))
    if (SYNCED.test(basename(at)) || MARKERS.some((name) => existsSync(`${at}/${name}`))) {
      problems.push(`${at} is kept the same on several machines: copies of it are not safe`);
      break;
    }
  const copies = readdirSync(folder).filter((name) => CONFLICT.test(name));
  if (copies.length > 0) problems.push(`a program that syncs has left copies: ${copies[0]}`);
  return problems;
}
