/** `patchsig web`: the user's own pages of series, keys and tests. */

import { checkQueries, DeskFactReader } from "../../app/desk/facts.ts";
import {
  indexedSources,
  indexOptions,
  openUserIndex,
  updateUserIndex,
} from "../../app/search/user-index.ts";
import { gitConfig, repositoryOrNone } from "../../app/settings.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { ours } from "../../report/escape.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { out, reporter } from "../../terminal/terminal.ts";
import { serveDesk } from "../../web/run.ts";
import { flag, repeated, several } from "../../options/kinds.ts";

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);

export const webCommand = command({
  usage: "web [source..]",
  describe: "look at series, patches, keys and tests in a browser",
  words: {
    source: several("public-inboxes, maildirs, mboxes (default: those of patchsig.source)"),
  },
  options: {
    port: { type: "number", requiresArg: true, default: 8025, describe: "0: any that is free" },
    listen: {
      type: "string",
      requiresArg: true,
      default: "127.0.0.1",
      describe: "the address to listen on",
    },
    host: repeated("a name under which a reverse proxy asks for it, with the port if it has one"),
    "i-have-a-proxy": flag(
      "whoever reaches --listen may see all: a proxy before it asks who they are",
    ),
    write: flag("pages may mark series"),
    repo: {
      type: "string",
      requiresArg: true,
      default: ".",
      describe: "the repository with the bases, and with what was applied",
    },
  },
  async run(args) {
    if (!Number.isSafeInteger(args.port) || args.port < 0 || args.port > 65_535)
      throw new PatchsigError("usage", "--port wants a number from 0 to 65535");
    if (!LOOPBACK.has(args.listen) && !args.iHaveAProxy)
      throw new PatchsigError(
        "usage",
        `--listen ${args.listen}: anybody who reaches it could read all`,
        {
          hint: "put a reverse proxy with a login before it, and add --i-have-a-proxy",
        },
      );
    endOnSignal();
    const sources = indexedSources(args.source);
    const index = openUserIndex();
    const trust = await openUserTrust(false);
    const queries = gitConfig().all("patchsig.mine");
    await checkQueries(index, queries);
    const repository = await repositoryOrNone(args.repo);
    const facts = new DeskFactReader(index, repository, queries);
    const url = await serveDesk(
      {
        index,
        trust,
        repository,
        terms: await indexOptions(sources, trust, reporter()),
        facts: (works) => facts.read(works),
        address: args.listen,
        port: args.port,
        hosts: args.host ?? [],
        write: args.write,
        every: 60,
        update: async (onPortion) => {
          const counts = await updateUserIndex(index, sources, trust, reporter(), ({ mails }) =>
            onPortion(mails),
          );
          await facts.refresh();
          return counts;
        },
      },
      reporter(),
    );
    out(ours`${url}`);
    // until a signal
    await new Promise(() => {});
  },
});
