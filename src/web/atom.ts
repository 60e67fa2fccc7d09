/** The latest series as an Atom feed (RFC 4287). */

import type { DeskWork } from "../app/desk/works.ts";
import { instant } from "../primitives/time.ts";
import { ours, type SafeText } from "../report/escape.ts";
import { type Html, html } from "./html.ts";
import { midUrl, toSeries } from "./names.ts";
import { partsOf, shownSubject, VERDICTS } from "./words.ts";

/** @param root the address of the pages: `http://localhost:8025` */
export function atomFeed(root: SafeText, works: readonly DeskWork[]): Html {
  // a feed must not have an id twice: two works may begin with mails of the same Message-ID
  const once = new Map(works.toReversed().map((work) => [work.newest.messageIds[0] ?? "", work]));
  const entries = [...once.values()].toReversed().map(({ newest, latest }) => {
    const link = ours`${root}${toSeries(newest.messageIds[0] ?? "")}`;
    const { summary, verdict } = newest;
    return html`<entry><id>${midUrl(newest.messageIds[0] ?? "")}</id>
<title>${ours`${summary.name} ${shownSubject(summary.subject)}`}</title>
<updated>${ours`${instant(latest)}`}</updated><link href="${link}"/>
<author><name>${ours`${summary.from || "unknown"}`}</name></author>
<summary>${partsOf(newest)} patches, ${summary.unsigned ? ours`not signed` : VERDICTS[verdict]}</summary></entry>
`;
  });
  const updated = ours`${instant(works[0]?.latest ?? 0)}`;
  return html`<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>${root}/series</id><title>patchsig: series</title>
<updated>${updated}</updated><link rel="self" href="${root}/series.atom"/>
<link href="${root}/series"/>
${entries}</feed>
`;
}
