/** `patchsig verify --header`: one mail on its way to a mailbox. */

import { devKeyringsOf, gitConfig } from "../../app/settings.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { openUserDkim } from "../../app/verify/dkim.ts";
import { filteredMail, readIncoming } from "../../app/verify/filter.ts";
import { readPolicies } from "../../app/verify/policy.ts";
import { PatchsigError } from "../../errors.ts";
import { amSettings } from "../../git/am-settings.ts";
import { outFile, reporter } from "../../terminal/terminal.ts";

/** What makes no sense for one mail that a mail server brings. */
const OTHERS = ["json", "summary", "quiet", "new", "since", "repo", "jobs"] as const;

export interface FilterArguments extends Readonly<
  Partial<Record<(typeof OTHERS)[number], unknown>>
> {
  readonly source: readonly string[];
  readonly require?: string | undefined;
  readonly devKeyring?: readonly string[] | undefined;
  readonly dkim: boolean;
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
  const policies = readPolicies(args.require);
  const mail = readIncoming();
  const store = openUserTrust(args.dryRun);
  try {
    const options = {
      policies,
      devKeyrings: devKeyringsOf(args.devKeyring),
      dkim: await openUserDkim(store, args.dkim),
      plainAm: amSettings(gitConfig()),
      dryRun: args.dryRun,
    };
    outFile(await filteredMail(mail, options, store, reporter()));
  } finally {
    store.close();
  }
}
