/** `patchsig series list`: what some mails hold, a line a series. */

import { listSeries } from "../../app/series/list.ts";
import { devKeyringsOf } from "../../app/settings.ts";
import { readKeyrings } from "../../app/trust/keyrings.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { openUserDkim } from "../../app/verify/dkim.ts";
import { readPolicies } from "../../app/verify/policy.ts";
import { EXIT } from "../../errors.ts";
import { formatRecord } from "../../report/json.ts";
import { renderList } from "../../report/series-list.ts";
import { command } from "../../options/command.ts";
import { clearProgress, out, outputStyle, reporter, sayWaiting } from "../../terminal/terminal.ts";
import { POLICY_OPTIONS } from "../policy-options.ts";
import { flag, several } from "../../options/kinds.ts";
import { JSON_OPTION } from "../json.ts";

export const listCommand = command({
  usage: "list [source..]",
  paged: true,
  describe: "the series in these mails, a line each",
  words: {
    source: several("mails, as for verify", "-"),
  },
  options: {
    why: flag("say why each mail is where it is"),
    json: JSON_OPTION,
    ...POLICY_OPTIONS,
  },
  async run({ source, why, json, require, devKeyring, dkim }) {
    const store = openUserTrust(true);
    try {
      const options = {
        sources: source,
        policies: readPolicies(require),
        pins: await readKeyrings(store, reporter().say),
        devKeyrings: devKeyringsOf(devKeyring),
        signedOnly: false,
        dkim: await openUserDkim(store, dkim),
      };
      sayWaiting(source);
      const { listed, whole } = await listSeries(options, store, reporter());
      clearProgress();
      if (json) for (const one of listed) out(formatRecord(one));
      else out(renderList(listed, why, outputStyle()));
      return whole ? EXIT.ok : EXIT.failed;
    } finally {
      clearProgress();
      store.close();
    }
  },
});
