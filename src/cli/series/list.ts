/** `patchsig series list`: what some mails hold, a line a series. */

import { listSeries } from "../../app/series/list.ts";
import { readKeyrings } from "../../app/trust/keyrings.ts";
import { asUser } from "../../app/verify/as-user.ts";
import { EXIT } from "../../errors.ts";
import { formatRecord } from "../../report/json.ts";
import { renderList } from "../../report/series-list.ts";
import { command } from "../../options/command.ts";
import { out, outputStyle, reporter, say, sayWaiting } from "../../terminal/terminal.ts";
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
  async run({ source, why, json, ...wishes }) {
    const { listed, whole } = await asUser(wishes, true, async (store, terms) => {
      const pins = await readKeyrings(store, say);
      sayWaiting(source);
      return listSeries({ ...terms, sources: source, pins }, store, reporter());
    });
    if (json) for (const one of listed) out(formatRecord(one));
    else out(renderList(listed, why, outputStyle()));
    return whole ? EXIT.ok : EXIT.failed;
  },
});
