/** `patchsig web`: the user's own pages of series, keys and tests. */

import { type Reporter, sayingMinutes } from "../../app/reporter.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { command, type CommandStatus, type ValuesOf } from "../../options/command.ts";
import { flag, number, repeated, several, value } from "../../options/kinds.ts";
import { count } from "../../primitives/words.ts";
import { ours } from "../../report/escape.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { clearProgress, out, reporter } from "../../terminal/terminal.ts";
import { openUserDesk, sayingOnce } from "../../web/open.ts";
import { type DeskSource, exportDesk, serveDesk } from "../../web/run.ts";

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);

const OPTIONS = {
  port: { ...number("0: any that is free"), default: 8025 },
  listen: { ...value("the address to listen on"), default: "127.0.0.1" },
  host: repeated("a name under which a reverse proxy asks for it, with the port if it has one"),
  "i-have-a-proxy": flag(
    "whoever reaches --listen may see all: a proxy before it asks who they are",
  ),
  write: flag("pages may mark series"),
  repo: {
    ...value("the repository with the bases, and with what was applied"),
    default: ".",
  },
  export: value("write the pages as files into this folder, and end"),
  series: { ...number("with --export: how many series get pages, the latest"), default: 1_000 },
};

export const webCommand = command({
  usage: "web [source..]",
  describe: "look at series, patches, keys and tests in a browser",
  words: {
    source: several("public-inboxes, maildirs, mboxes (default: those of patchsig.source)"),
  },
  options: OPTIONS,
  async run({ source, ...options }) {
    check(options);
    endOnSignal();
    const { listen: address, port, host: hosts = [], write, export: folder } = options;
    const isPublic = folder !== undefined || hosts.length > 0 || !LOOPBACK.has(address);
    const once = sayingOnce(folder === undefined ? reporter() : sayingMinutes(reporter()));
    const desk = await openUserDesk(source, { directory: options.repo, isPublic }, once);
    if (folder !== undefined) return exported(desk, folder, options.series, once);
    const url = await serveDesk({ ...desk, address, port, hosts, write, every: 60 }, once);
    out(ours`${url}`);
    // until a signal
    await new Promise(() => {});
  },
});

type WebValues = ValuesOf<typeof OPTIONS>;

/** @throws PatchsigError "usage" */
function check({ port, listen, iHaveAProxy, series, write, export: folder }: WebValues): void {
  if (!Number.isSafeInteger(port) || port < 0 || port > 65_535)
    throw new PatchsigError("usage", "--port wants a number from 0 to 65535");
  if (!Number.isSafeInteger(series) || series < 1 || series > 1_000_000)
    throw new PatchsigError("usage", "--series wants a number from 1 to 1000000");
  if (folder !== undefined && write)
    throw new PatchsigError(
      "usage",
      "files cannot mark series: --write is for pages that are served",
    );
  if (LOOPBACK.has(listen) || iHaveAProxy) return;
  throw new PatchsigError("usage", `--listen ${listen}: anybody who reaches it could read all`, {
    hint: "put a reverse proxy with a login before it, and add --i-have-a-proxy",
  });
}

async function exported(
  desk: DeskSource,
  folder: string,
  series: number,
  told: Reporter,
): Promise<CommandStatus> {
  try {
    const done = await exportDesk({ ...desk, folder, series }, told);
    const { files, written, removed, left, unread } = done;
    for (const file of left) told.say(`${file} was changed by somebody else, and stays`);
    out(ours`${folder}: ${count(files, "file")}, ${written} written, ${removed} removed`);
    return unread > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    clearProgress();
    desk.index.close();
    desk.trust.close();
  }
}
