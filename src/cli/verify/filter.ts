/** `patchsig verify --header`: one mail on its way to a mailbox. */

import { gitConfig } from "../../app/settings.ts";
import { asUser, type PolicyWishes } from "../../app/verify/as-user.ts";
import { filteredMail, readIncoming } from "../../app/verify/filter.ts";
import { PatchsigError } from "../../errors.ts";
import { amSettings } from "../../git/am-settings.ts";
import { outFile, reporter } from "../../terminal/terminal.ts";

/** What makes no sense for one mail that a mail server brings. */
const OTHERS = ["json", "summary", "quiet", "new", "since", "repo", "jobs"] as const;

type Others = Readonly<Partial<Record<(typeof OTHERS)[number], unknown>>>;

export interface FilterArguments extends PolicyWishes, Others {
  readonly source: readonly string[];
  readonly dryRun: boolean;
}

/**
 * Succeeds whatever the verdict is: to a mail server, a filter that fails is one that could not do
 * its work, and the mail stays as it came. Until the mail is whole, nothing is written.
 */
export async function filterMail(args: FilterArguments): Promise<void> {
  const other = OTHERS.find((name) => args[name] !== undefined && args[name] !== false);
  if (other !== undefined) throw new PatchsigError("usage", `--header does not go with --${other}`);
  if (args.source.join(" ") !== "-")
    throw new PatchsigError("usage", "--header reads one mail from standard input", {
      hint: "git patchsig verify --header < MAIL",
    });
  const filtered = await asUser(args, args.dryRun, (store, terms) => {
    const options = { ...terms, plainAm: amSettings(gitConfig()), dryRun: args.dryRun };
    return filteredMail(readIncoming(), options, store, reporter());
  });
  outFile(filtered);
}
