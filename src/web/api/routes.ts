/**
 * The part of Patchwork's REST API that clients read: versions 1.0 to 1.3, all in the form of 1.3. docs/web.md says what
 * is missing. Only GET.
 */

import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import { asMbox } from "../../mail/mbox-write.ts";
import type { SourceMail } from "../../source/item.ts";
import { mailNumbered, membersOf, seriesNumbered } from "../../store/index-walk.ts";
import type { MailRow } from "../../store/index-sql.ts";
import type { DeskOptions } from "../desk.ts";
import {
  apiEvents,
  apiMails,
  type ListPage,
  apiPeople,
  apiSeries,
  apiFacts,
  seriesRecords,
} from "./lists.ts";
import { BadQuery, type ListQuery, listQuery } from "./query.ts";
import {
  type ApiPlaces,
  checkRecord,
  type ApiRecord,
  mailRecord,
  personRecord,
  projectRecord,
} from "./records.ts";

const JSON_TYPE = "application/json";
/** An address without a version means the latest. */
const VERSIONS = ["/api", "/api/:version{1\\.[0-3]}"] as const;
const ID = ":id{[1-9][0-9]{0,14}}";
const LISTS = ["covers", "events", "patches", "people", "projects", "series"] as const;

type Found = ApiRecord | readonly ApiRecord[] | null;

/** Adds the API's addresses to those of the pages. */
export function addApi(app: Hono, options: DeskOptions): void {
  for (const root of VERSIONS) {
    addVersion(app, root, options);
    // not 404, of which git-pw shows no words
    for (const name of ["bundles", "users"])
      app.get(`${root}/${name}/*`, () => apiProblem(`there are no ${name} here`, 400));
  }
  app.get("/api/*", missing);
}

/** Whether a request is for the API: its answer must be JSON, also if it is refused. */
export function isOfApi({ req: { path } }: Context): boolean {
  return path === "/api" || path.startsWith("/api/");
}

/** An error, as Patchwork answers it. */
export function apiProblem(detail: string, status: number): Response {
  return new Response(JSON.stringify({ detail }), {
    status,
    headers: { "Content-Type": JSON_TYPE },
  });
}

function addVersion(app: Hono, root: string, options: DeskOptions): void {
  const { index } = options;
  const lists: Readonly<
    Record<string, (query: ListQuery, places: ApiPlaces) => ListPage | Promise<ListPage>>
  > = {
    series: (query, places) => apiSeries(options, query, places),
    patches: (query, places) => apiMails(options, "patch", query, places),
    covers: (query, places) => apiMails(options, "cover", query, places),
    people: (query, places) => apiPeople(options, query, places),
    events: (query, places) => apiEvents(options, query, places),
  };
  for (const [name, list] of Object.entries(lists))
    app.get(`${root}/${name}`, (c) => listAnswer(c, list));
  const ones: Readonly<Record<string, (c: Context, places: ApiPlaces) => Found | Promise<Found>>> =
    {
      "": (_, { api }) => Object.fromEntries(LISTS.map((name) => [name, `${api}/${name}/`])),
      "/projects": (_, places) => [projectRecord(places)],
      "/projects/:name": (c, places) =>
        ["1", "patchsig"].includes(c.req.param("name") ?? "") ? projectRecord(places) : null,
      [`/series/${ID}`]: (c, places) => {
        const one = seriesNumbered(index, idIn(c));
        return one === null ? null : (seriesRecords(index, [one], places)[0] ?? null);
      },
      [`/people/${ID}`]: (c, places) => {
        const row = mailNumbered(index, idIn(c));
        return row === null ? null : personRecord(row, places);
      },
      [`/patches/${ID}`]: (c, places) => detail(options, rowIn(options, c, "patch"), places),
      [`/covers/${ID}`]: (c, places) => detail(options, rowIn(options, c, "cover"), places),
      [`/patches/${ID}/checks`]: async (c, places) => {
        const check = await checkOf(options, rowIn(options, c, "patch"), places);
        return check === null ? null : [check];
      },
      [`/patches/${ID}/checks/:check`]: (c, places) =>
        checkOf(options, rowIn(options, c, "patch"), places),
      [`/patches/${ID}/comments`]: () => [],
      [`/covers/${ID}/comments`]: () => [],
    };
  for (const [path, read] of Object.entries(ones))
    app.get(`${root}${path}`, async (c) => jsonAnswer(await read(c, placesOf(c))));
  app.get(`${root}/series/${ID}/mbox`, async (c) => {
    const members = membersOf(index, [idIn(c)]).filter(({ number }) => number > 0);
    // one mail for each number: a patch may have come through two lists
    const once = members.filter(({ number }, i) => number !== members[i - 1]?.number);
    const bytes = (await options.mailsAt(once)).flatMap((mail) => mail.bytes ?? []);
    return bytes.length === 0 ? missing() : mboxAnswer(asMbox(bytes), `series-${idIn(c)}.mbox`);
  });
  for (const [path, kind] of [
    ["patches", "patch"],
    ["covers", "cover"],
  ] as const)
    app.get(`${root}/${path}/${ID}/mbox`, async (c) => {
      const mail = await bytesOf(options, rowIn(options, c, kind));
      return mail === null
        ? missing()
        : mboxAnswer(asMbox([mail.bytes]), `${kind}-${idIn(c)}.patch`);
    });
}

function idIn(c: Context): number {
  return Number(c.req.param("id"));
}

function rowIn({ index }: DeskOptions, c: Context, kind: MailRow["kind"]): MailRow | null {
  const row = mailNumbered(index, idIn(c));
  return row?.kind === kind ? row : null;
}

/** A mail with its bytes; null if it is not in its source any more. */
async function bytesOf(
  { mailsAt }: DeskOptions,
  row: MailRow | null,
): Promise<(SourceMail & { readonly bytes: Buffer }) | null> {
  const [mail] = row === null ? [] : await mailsAt([row]);
  const bytes = mail?.bytes ?? null;
  return mail === undefined || bytes === null ? null : { ...mail, bytes };
}

/** The full record of a patch or a cover letter, with header, content and diff. */
async function detail(
  options: DeskOptions,
  row: MailRow | null,
  places: ApiPlaces,
): Promise<Found> {
  const whole = row === null ? null : await options.details.whole(row.id);
  if (row === null || whole === null) return null;
  const facts = await apiFacts(options, [row]);
  const headers: Record<string, string[]> = {};
  for (const { name, value } of whole.header)
    (headers[headerName(name)] ??= []).push(Buffer.from(value, "latin1").toString().trim());
  const record = {
    ...mailRecord(row, facts.get(row.id)!, places),
    headers,
    content: whole.text,
  };
  if (row.kind === "cover") return record;
  const prefixes = /^\[([^\]]*)\]/.exec(row.subject)?.[1]?.split(/[\s,]+/) ?? [];
  return { ...record, diff: whole.diff, prefixes };
}

/** `message-id` becomes `Message-Id`: clients look for names as Python's e-mail library writes them. */
function headerName(name: string): string {
  return name.replaceAll(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
}

async function checkOf(
  { details }: DeskOptions,
  row: MailRow | null,
  places: ApiPlaces,
): Promise<ApiRecord | null> {
  const whole = row === null ? null : await details.whole(row.id);
  return row === null || whole === null ? null : checkRecord(row, whole.result, places);
}

function placesOf(c: Context): ApiPlaces {
  const web = `http://${c.req.header("host") ?? ""}`;
  const version = c.req.param("version");
  return { web, api: version === undefined ? `${web}/api` : `${web}/api/${version}` };
}

async function listAnswer(
  c: Context,
  list: (query: ListQuery, places: ApiPlaces) => ListPage | Promise<ListPage>,
): Promise<Response> {
  const url = new URL(c.req.url);
  let query: ListQuery;
  try {
    query = listQuery(url.searchParams);
  } catch (error) {
    if (error instanceof BadQuery) return apiProblem(error.message, 400);
    throw error;
  }
  const places = placesOf(c);
  const { records, more } = await list(query, places);
  const page = (number: number): string => {
    url.searchParams.set("page", `${number}`);
    return `${places.web}${url.pathname}${url.search}`;
  };
  // pwclient needs this order, and the header's name in this case
  const links = [
    ...(more ? [`<${page(query.page + 1)}>; rel="next"`] : []),
    ...(query.page > 1 ? [`<${page(query.page - 1)}>; rel="prev"`] : []),
  ].join(", ");
  const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
  const answer = jsonAnswer(records);
  if (links === "") return answer;
  if (outgoing === undefined) answer.headers.set("Link", links);
  else outgoing.setHeader("Link", links);
  return answer;
}

function jsonAnswer(found: Found): Response {
  if (found === null) return missing();
  return new Response(JSON.stringify(found), { headers: { "Content-Type": JSON_TYPE } });
}

function missing(): Response {
  return apiProblem("Not found.", 404);
}

function mboxAnswer(mbox: Buffer, name: string): Response {
  return new Response(new Uint8Array(mbox), {
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Disposition": `attachment; filename=${name}`,
    },
  });
}
