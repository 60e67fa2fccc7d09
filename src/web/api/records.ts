/** Series, patches, people and checks as Patchwork's REST API writes them (version 1.3). Pure. */

import type { SeriesSummary } from "../../app/search/series.ts";
import type { MailRow, StoredSeries } from "../../store/index-sql.ts";
import type { NumberedMail } from "../../store/index-walk.ts";
import type { PatchResult } from "../../verify/result.ts";

export type ApiRecord = Readonly<Record<string, unknown>>;

/** The roots of addresses in records. */
export interface ApiPlaces {
  /** `http://localhost:8025/api/1.3` */
  readonly api: string;
  /** `http://localhost:8025` */
  readonly web: string;
}

/** Patchwork's names for the state of a patch. */
export type ApiState =
  | "new"
  | "changes-requested"
  | "deferred"
  | "accepted"
  | "rejected"
  | "superseded";

/** The only project: all that is indexed. */
export function projectRecord({ api, web }: ApiPlaces): ApiRecord {
  return {
    id: 1,
    url: `${api}/projects/1/`,
    name: "all that is indexed here",
    link_name: "patchsig",
    list_id: "",
    list_email: "",
    web_url: web,
    scm_url: "",
    webscm_url: "",
    list_archive_url: "",
    list_archive_url_format: "",
    commit_url_format: "",
    maintainers: [],
    subject_match: "",
  };
}

/** A time in UTC, as Patchwork writes it: `2026-11-06T22:00:00`. */
export function apiTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/** Splits `Name <address>`, or an address alone. */
export function personIn(sender: string): { readonly name: string; readonly email: string } {
  const [, name = "", email = ""] = /^(.*?) ?<([^<>]*)>$/s.exec(sender) ?? [];
  return email === "" ? { name: "", email: sender } : { name, email };
}

/** A person has the id of a mail of theirs: the index has no people. */
export function personRecord({ id, sender }: MailRow, { api }: ApiPlaces): ApiRecord {
  const { name, email } = personIn(sender);
  return { id, url: `${api}/people/${id}/`, name: name === "" ? email : name, email, user: null };
}

function withoutBrackets(messageId: string): string {
  return encodeURIComponent(messageId.replaceAll(/[<>]/g, ""));
}

function seriesNames(
  { id, date }: StoredSeries,
  summary: SeriesSummary,
  first: string,
  { api, web }: ApiPlaces,
): ApiRecord {
  return {
    id,
    url: `${api}/series/${id}/`,
    web_url: `${web}/series/${withoutBrackets(first)}`,
    name: summary.subject,
    date: apiTime(date),
    version: summary.version,
    mbox: `${api}/series/${id}/mbox/`,
  };
}

/** A series, as it is embedded in the records of its patches. */
export function embeddedSeries(one: StoredSeries, places: ApiPlaces): ApiRecord {
  const [first = ""] = one.name.split(" ");
  return seriesNames(one, JSON.parse(one.record) as SeriesSummary, first, places);
}

/** A patch or cover letter, as it is embedded in other records. */
export function embeddedMail(row: MailRow, places: ApiPlaces): ApiRecord {
  const { id, messageId, date, subject } = row;
  const kind = row.kind === "cover" ? "covers" : "patches";
  return {
    id,
    url: `${places.api}/${kind}/${id}/`,
    web_url: `${places.web}/patch/${withoutBrackets(messageId)}`,
    msgid: messageId,
    list_archive_url: null,
    date: apiTime(date),
    name: subject,
    mbox: `${places.api}/${kind}/${id}/mbox/`,
  };
}

/** @param members the mails of the series, in the order of their numbers */
export function seriesRecord(
  one: StoredSeries,
  members: readonly NumberedMail[],
  places: ApiPlaces,
): ApiRecord {
  const summary = JSON.parse(one.record) as SeriesSummary;
  const cover = members.find(({ number }) => number === 0);
  const patches = members.filter(({ number }) => number > 0);
  const [first] = members;
  return {
    ...seriesNames(one, summary, first?.messageId ?? "", places),
    project: projectRecord(places),
    submitter: first === undefined ? null : personRecord(first, places),
    total: summary.total,
    received_total: summary.total - summary.missing.length,
    received_all: summary.complete,
    cover_letter: cover === undefined ? null : embeddedMail(cover, places),
    patches: patches.map((patch) => embeddedMail(patch, places)),
  };
}

/** Verdicts as states of a check, for clients that know only checks. `none` is for an unsigned patch. */
const CHECKS: Readonly<Record<string, string>> = {
  pass: "success",
  warn: "warning",
  fail: "fail",
  none: "pending",
};

/** What a patch's record says besides its mail. */
export interface ApiFacts {
  readonly state: ApiState;
  readonly series: readonly StoredSeries[];
}

/** The record of a patch or a cover letter. */
export function mailRecord(
  row: MailRow,
  { state, series }: ApiFacts,
  places: ApiPlaces,
): ApiRecord {
  const common = {
    ...embeddedMail(row, places),
    project: projectRecord(places),
    submitter: personRecord(row, places),
    series: series.map((one) => embeddedSeries(one, places)),
    comments: "",
  };
  if (row.kind === "cover") return common;
  return {
    ...common,
    commit_ref: null,
    pull_url: null,
    state,
    archived: isArchived(state),
    hash: null,
    delegate: null,
    check: CHECKS[row.verdict] ?? "pending",
    checks: `${places.api}/patches/${row.id}/checks/`,
    tags: {},
    related: [],
  };
}

/** True if nothing is left to do about the patch. */
export function isArchived(state: ApiState): boolean {
  return state !== "new" && state !== "changes-requested";
}

/** Our verdict on a patch, as its only check. @param result null if the mail could not be judged */
export function checkRecord(
  row: MailRow,
  result: PatchResult | null,
  places: ApiPlaces,
): ApiRecord {
  const said = (result?.findings ?? [])
    .filter(({ severity }) => severity !== "info")
    .map(({ message }) => message);
  const who = result?.signer ?? null;
  const signed = who === null ? "not signed" : `signed by ${who}`;
  const words = new Set([signed, ...said]);
  return {
    id: row.id,
    url: `${places.api}/patches/${row.id}/checks/${row.id}/`,
    // clients read the user's id
    user: { id: 1, url: `${places.api}/users/1/`, username: "patchsig", email: "" },
    date: apiTime(row.date),
    state: CHECKS[row.verdict] ?? "pending",
    target_url: `${places.web}/patch/${withoutBrackets(row.messageId)}`,
    context: "patchsig",
    description: [...words].join("; ").slice(0, 500),
  };
}
