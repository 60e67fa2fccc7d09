/**
 * The local web view (docs/web.md): pages of the index, made on this machine for its user. Only GET, unless the user
 * asked for --write; no scripts; pages load nothing from elsewhere. Requests under an unknown host name are refused:
 * another site could point its own name at this machine (DNS rebinding).
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { type Context, Hono } from "hono";
import { rawMail } from "../app/desk/mail.ts";
import { isMarkState } from "../app/desk/mark.ts";
import { PatchsigError } from "../errors.ts";
import { escapeText, ours } from "../report/escape.ts";
import { addApi, apiProblem, isOfApi } from "./api/routes.ts";
import type { Desk } from "./desk.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { messageIdIn, toList, toPatch, toSeries } from "./names.ts";
import { STYLE } from "./style.ts";

export interface WebOptions {
  /** Values of Host that are answered: `localhost:8025`. */
  readonly hosts: ReadonlySet<string>;
  /** Pages may mark series. */
  readonly write: boolean;
}

/** Browsers may load our style sheet, send forms to us, and nothing else. */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  // not "no-referrer": then the origin of our own forms would be "null"
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "private, no-cache",
};

const HTML = "text/html; charset=utf-8";
const PLAIN = "text/plain; charset=utf-8";
/** Bytes of a form. */
const MAX_FORM = 4_096;

type Answer = Response | Promise<Response>;

/** Threads that are sent at a time: each has a git running, and a part of its mails in memory, however slow its reader. */
const MAX_SENT = 16;

/** Sends threads as mboxes while others are answered, each as fast as its reader takes it. */
class Mboxes {
  #sent = 0;

  /** @param parts of the mbox; null for a thread that is not here */
  answer(parts: AsyncGenerator<Buffer> | null, isHead: boolean): Response {
    const headers = { "Content-Type": "application/gzip" };
    if (parts === null) return bytesAnswer(null, "");
    // nobody would read, and so end, the answer to HEAD
    if (isHead) return new Response(null, { headers });
    if (this.#sent >= MAX_SENT) return tooMany();
    this.#sent++;
    const zip = createGzip();
    // an error of one ends the other; that the reader has gone is none
    pipeline(Readable.from(parts), zip, () => void this.#sent--);
    return new Response(Readable.toWeb(zip) as ReadableStream<Uint8Array>, { headers });
  }
}

function tooMany(): Response {
  const headers = { "Content-Type": PLAIN, "Retry-After": "10" };
  return new Response("too many threads are being sent: try again\n", { status: 503, headers });
}

/** The server's routes: pages, mails and threads, the API, and marks if `write` is set. */
export function createApp(desk: Desk, { hosts, write }: WebOptions): Hono {
  const app = new Hono({ strict: false });
  const token = randomBytes(32).toString("base64url");
  app.use(async (c, next) => {
    const refusal = refused(c, hosts, write);
    if (refusal === null) await next();
    else if (isOfApi(c)) c.res = apiProblem(refusal, 403);
    else c.res = new Response(`${refusal}\n`, { status: 403, headers: { "Content-Type": PLAIN } });
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  });
  const pages: Readonly<Record<string, (c: Context) => Html | null | Promise<Html | null>>> = {
    "/": () => desk.morning(),
    "/series": (c) => desk.seriesList(pairIn(c.req.query("after"))),
    "/series/:id": (c) => desk.series(idIn(c), write ? token : null),
    "/series/:id/diff": (c) => desk.diff(idIn(c), messageIdIn(c.req.query("from") ?? "")),
    "/patch/:id": (c) => desk.mail(idIn(c), copyIn(c)),
    "/search": (c) => desk.search(c.req.query("q") ?? null, pairIn(c.req.query("after"))),
    "/people": () => desk.people(),
    "/people/:who": (c) => desk.person(c.req.param("who") ?? ""),
    "/tests": () => desk.tests(),
    "/feeds": () => desk.feeds(),
    "/list": () => desk.list(),
  };
  for (const [path, make] of Object.entries(pages))
    app.get(path, async (c) => htmlAnswer(c, await make(c)));
  app.get("/style.css", (c) => answer(c, STYLE, "text/css; charset=utf-8"));
  app.get("/series.atom", (c) =>
    answer(c, desk.atom(ours`http://${c.req.header("host") ?? ""}`).text, "application/atom+xml"),
  );
  // before the threads, whose Message-ID could be "api"
  addApi(app, desk.options);
  addThreads(app, desk);
  if (write) app.post("/mark", async (c) => mark(c, desk, token));
  app.notFound((c) => htmlAnswer(c, null));
  app.onError((error, c) => failed(c, error));
  return app;
}

/**
 * Serves mails and threads at public-inbox's addresses, for b4: it asks for `/MSGID`, is redirected to a list, here
 * `/all/MSGID/`, and gets `t.mbox.gz` below that.
 */
function addThreads(app: Hono, desk: Desk): void {
  const mboxes = new Mboxes();
  for (const list of ["", "/all"]) {
    app.get(`${list}/:id/raw`, async (c) =>
      bytesAnswer(await rawMail(desk.options, idIn(c), copyIn(c) ?? 0), PLAIN),
    );
    app.get(`${list}/:id/t.mbox.gz`, (c) =>
      mboxes.answer(desk.threadMbox(idIn(c)), c.req.method === "HEAD"),
    );
    app.get(`${list}/:id`, (c) => {
      if (desk.index.mailsCalled(idIn(c)).length === 0) return htmlAnswer(c, null);
      const place = list === "" ? toList(c.req.header("host") ?? "", idIn(c)) : toPatch(idIn(c));
      return c.redirect(place, 302);
    });
  }
}

/** Which of several mails with one Message-ID, from 0; null if the address does not say. */
function copyIn(c: Context): number | null {
  const [copy] = /^[1-9]\d?$/.exec(c.req.query("copy") ?? "") ?? [];
  return copy === undefined ? null : Number(copy) - 1;
}

/** Why a request is not answered; null if it is. */
function refused(c: Context, hosts: ReadonlySet<string>, write: boolean): string | null {
  const { method } = c.req;
  const host = c.req.header("host")?.toLowerCase() ?? "";
  // a request line may name a server, too: `GET http://evil.example.com/`
  if (!hosts.has(host) || new URL(c.req.url).host !== new URL(`http://${host}`).host)
    return "this host name is not served: to serve it, start with --host NAME";
  if (isFromElsewhere(c, hosts)) return "refused: the request comes from another site";
  const isReading = method === "GET" || method === "HEAD";
  if (isOfApi(c)) return isReading ? null : "this API is read-only: git patchsig series mark";
  if (method === "POST") return write ? null : "this view is read-only: start it with --write";
  return isReading ? null : "only GET is answered";
}

/** True for requests by pages of other sites, except that a link on such a page may lead here. */
function isFromElsewhere(c: Context, hosts: ReadonlySet<string>): boolean {
  const origin = c.req.header("origin");
  if (origin !== undefined && !hosts.has(origin.replace(/^https?:\/\//, ""))) return true;
  const site = c.req.header("sec-fetch-site") ?? "none";
  if (site === "same-origin" || site === "none") return false;
  return c.req.method !== "GET" || c.req.header("sec-fetch-mode") !== "navigate";
}

async function mark(c: Context, desk: Desk, token: string): Promise<Response> {
  if (Number(c.req.header("content-length") ?? Infinity) > MAX_FORM)
    return htmlAnswer(c, null, 413);
  const form = new URLSearchParams(await c.req.text());
  if (!isSame(form.get("token") ?? "", token))
    return htmlAnswer(c, problem("this form is too old: reload the page"), 403);
  const id = messageIdIn(form.get("id") ?? "");
  const state = form.get("state") ?? "";
  const [seen = ""] = /^\d{1,12}$/.exec(form.get("seen") ?? "") ?? [];
  if (!isMarkState(state) || seen === "")
    return htmlAnswer(c, problem("there is no such state"), 400);
  if (!desk.mark(id, state, form.get("note") ?? "", Number(seen))) return htmlAnswer(c, null);
  return c.redirect(toSeries(id), 303);
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash("sha256").update(text).digest()) as [
    Buffer,
    Buffer,
  ];
  return timingSafeEqual(x, y);
}

function idIn(c: Context): string {
  return messageIdIn(c.req.param("id") ?? "");
}

/** Where a page of a list begins: a date and a number, as in `1795530000-12`. */
function pairIn(text: string | undefined): readonly [number, number] | null {
  const [, a, b] = /^(\d{1,12})-(\d{1,12})$/.exec(text ?? "") ?? [];
  return a === undefined || b === undefined ? null : [Number(a), Number(b)];
}

function htmlAnswer(c: Context, body: Html | null, status = 200): Answer {
  if (body !== null) return answer(c, body.text, HTML, status);
  const missing = page(
    ours`not here`,
    "",
    html`<p>There is no such page, or the mail is gone.</p>`,
  );
  return answer(c, missing.text, HTML, status === 200 ? 404 : status);
}

/** With an ETag, so that a browser need not load the same page again. */
function answer(c: Context, text: string, type: string, status = 200): Response {
  const tag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  const headers = { "Content-Type": type, ETag: tag };
  if (status === 200 && c.req.header("if-none-match") === tag)
    return new Response(null, { status: 304, headers });
  return new Response(text, { status, headers });
}

function bytesAnswer(bytes: Buffer | null, type: string): Response {
  if (bytes === null)
    return new Response("not here\n", { status: 404, headers: { "Content-Type": PLAIN } });
  return new Response(new Uint8Array(bytes), { headers: { "Content-Type": type } });
}

function problem(text: string, hint = ""): Html {
  const help = hint === "" ? null : html`<p>${escapeText(hint)}</p>`;
  const body = html`<p class="fail">${escapeText(text)}</p>${help}`;
  return page(ours`this did not work`, "", body);
}

function failed(c: Context, error: Error): Answer {
  if (error instanceof PatchsigError) return htmlAnswer(c, problem(error.message, error.hint), 502);
  return htmlAnswer(c, problem("a bug in patchsig: this page cannot be made"), 500);
}
