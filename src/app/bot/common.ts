/** What the bot's commands share: its file, its database, the repository that it guesses bases in. */

import { existsSync } from "node:fs";
import path from "node:path";
import { type BotSettings, parseSettings } from "../../bot/settings.ts";
import { PatchsigError } from "../../errors.ts";
import { type Config, parseConfig } from "../../git/config.ts";
import { openRepository } from "../../git/repository.ts";
import { runGitSync } from "../../git/run.ts";
import type { Lookup } from "../../send/settings.ts";
import type { BotStore } from "../../store/bot-store.ts";
import { defaultKeyPath } from "../../store/key-path.ts";
import type { BotStatus } from "../../report/bot.ts";
import { BaseGuesser } from "../base/guesser.ts";
import { gitConfig } from "../settings.ts";
import { asUsage } from "../usage.ts";
import type { Reporter } from "../reporter.ts";
import type { GuessBase } from "./deciding.ts";

/**
 * The bot's settings, of a file with the syntax of git config.
 *
 * @param optional without a file, the defaults: for a preview of what the bot would do
 * @throws PatchsigError: "usage", "not-found", "git-failed"
 */
export function readBotFile(
  option: string | undefined,
  { optional }: { readonly optional: boolean } = { optional: false },
): BotSettings {
  return botSettings(readBotConfig(option, optional));
}

/** What such a file sets. PatchsigError "usage". */
export function botSettings(config: Config): BotSettings {
  return asUsage(() => parseSettings(config), "docs/bot.md lists what can be set");
}

/** The same as git reads it, for the settings of other parts: `sendemail.*`. */
export function readBotConfig(option: string | undefined, optional = false): Config {
  const named = option ?? gitConfig().path("patchsig.botFile");
  if (named === null) {
    if (optional) return parseConfig("");
    throw new PatchsigError("usage", "the bot has no settings file", {
      hint: "docs/bot.md has an example: patchsig bot run --config FILE",
    });
  }
  const file = path.resolve(named);
  if (!existsSync(file)) throw new PatchsigError("not-found", `no such file: ${named}`);
  const args = ["config", "--null", "--show-origin", "--includes", "--file", file, "--list"];
  const run = runGitSync(args, { cwd: process.cwd(), purpose: "settings" });
  if (run?.status === 0) return parseConfig(run.stdout.toString());
  throw new PatchsigError("usage", `git cannot read ${named}`, {
    hint:
      /^(?:fatal|error): (.*)/m.exec(run?.stderr ?? "")?.[1] ?? "it has the syntax of git config",
  });
}

/** Settings of one file; another file's where it sets none. */
export function layered(first: Lookup, second: Lookup): Lookup {
  const of = (key: string): Lookup => (first.all(key).length > 0 ? first : second);
  return {
    all: (key) => of(key).all(key),
    string: (key) => of(key).string(key),
    path: (key) => of(key).path(key),
    paths: (key) => of(key).paths(key),
  };
}

/** `bot.database`, else bot.db beside the trust database. */
export function databaseOf({ database }: BotSettings): string {
  return path.resolve(database ?? path.join(path.dirname(defaultKeyPath(process.env)), "bot.db"));
}

export interface LazyGuesser {
  /** Null without a repository; resolves to null, after saying so, if it cannot be used. */
  readonly guess: GuessBase | null;
  close(): void;
}

/** Opens the repository at the first guess; `close` closes it until the next one. */
export function guesserOf(
  { repository, refs }: BotSettings,
  sayError: Reporter["sayError"],
): LazyGuesser {
  let opened: Promise<BaseGuesser> | null = null;
  return {
    guess:
      repository === null
        ? null
        : async (series) => {
            opened ??= openRepository(repository).then((found) => BaseGuesser.open(found, refs));
            try {
              const [guessed] = await (await opened).guess([series]);
              return guessed!;
            } catch (error) {
              // a letter without a guess is better than no letter
              if (!(error instanceof PatchsigError)) throw error;
              sayError(error);
              return null;
            }
          },
    close() {
      void opened?.then(
        (guesser) => guesser.close(),
        () => undefined,
      );
      opened = null;
    },
  };
}

/** What `bot status` says, and what is written for Prometheus. */
export function statusOf(store: BotStore, mode: string): BotStatus {
  return {
    mode,
    mails: store.counters().get("mails") ?? 0,
    outcomes: store.outcomes(),
    effect: store.effect(),
    outbox: store.outbox.counts(),
    open: store.open,
  };
}
