/** `--json`: records for programs, one a line. Which fields they have is in docs/schema. */

import { flag } from "../options/kinds.ts";
import { formatRecord } from "../report/json.ts";
import { out } from "../terminal/terminal.ts";

export const JSON_OPTION = flag("one JSON record a line");

export function printRecord(type: string, fields: object): void {
  out(formatRecord({ type, ...fields }));
}
