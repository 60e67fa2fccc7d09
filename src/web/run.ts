/** Serves the pages, and keeps the index up to date meanwhile. */

import { DetailsElsewhere } from "../app/desk/details-elsewhere.ts";
import { Details } from "../app/desk/details.ts";
import type { DeskPlace, DeskStores } from "../app/desk/stores.ts";
import { now } from "../app/now.ts";
import type { Reporter } from "../app/reporter.ts";
import { PlaceReader } from "../app/sources/at-places.ts";
import { count } from "../primitives/words.ts";
import { PatchsigError } from "../errors.ts";
import { Desk, type DeskOptions } from "./desk.ts";
import { exportPages } from "./export.ts";
import { type ExportCounts, ExportFolder } from "./export-folder.ts";
import { startListening } from "./listening.ts";
import { createApp } from "./server.ts";

/** What pages are made from, and how that is updated. */
export interface DeskSource extends DeskStores, Omit<DeskOptions, "state" | "still" | "details"> {
  readonly place: DeskPlace;
  /** Brings the index up to date. @param onPortion gets the mails read so far */
  readonly update: (
    onPortion: (mails: number) => void,
  ) => Promise<{ readonly unread: number; readonly lost: number }>;
}

export interface ServeOptions extends DeskSource {
  /** The address to listen on. */
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Other values of Host that are answered, such as a proxy's name, with the port if it is not the usual one. */
  readonly hosts: readonly string[];
  /** Pages may mark series. */
  readonly write: boolean;
  /** Seconds between two updates. */
  readonly every: number;
}

/**
 * Starts serving, and returns; the server does not end by itself.
 *
 * @returns the address to open
 * @throws PatchsigError "unwritable" if the port is taken, or may not be used
 */
export async function serveDesk(options: ServeOptions, reporter: Reporter): Promise<string> {
  const progress = { reading: null as { mails: number } | null, unread: 0 };
  const details = new DetailsElsewhere(options.place);
  const desk = new Desk({ ...options, details, still: false, state: () => progress });
  const hosts = new Set<string>(options.hosts);
  const app = createApp(desk, { hosts, write: options.write });
  const { port } = await startListening(options, app.fetch);
  for (const name of ["localhost", "127.0.0.1", "[::1]"]) {
    hosts.add(`${name}:${port}`);
    if (port === 80) hosts.add(name);
  }
  const update = async (): Promise<void> => {
    progress.reading = { mails: 0 };
    try {
      const { unread, lost } = await options.update((mails) => (progress.reading = { mails }));
      progress.unread = unread + lost;
    } catch (error) {
      // pages of what is there already go on
      const what = error instanceof Error ? error.message : String(error);
      const said = new PatchsigError("fault", `the index stays as it was: ${what}`, {
        cause: error,
      });
      reporter.sayError(error instanceof PatchsigError ? error : said);
    } finally {
      progress.reading = null;
    }
    setTimeout(() => void update(), options.every * 1000);
  };
  // later: the user's first page should not wait for it
  setTimeout(() => void update(), 50);
  const shown = options.address.includes(":") ? `[${options.address}]` : options.address;
  return `http://${shown}:${port}/`;
}

export interface ExportDeskOptions extends Omit<DeskSource, "place"> {
  readonly folder: string;
  /** How many series get pages; the latest. */
  readonly series: number;
}

/**
 * Updates the index, and then writes the pages as files.
 *
 * @returns also how many mails could not be read, as `update` counts them
 * @throws PatchsigError as `ExportFolder` and `exportPages`; others if a source cannot be read
 */
export async function exportDesk(
  { folder: name, series, update, ...options }: ExportDeskOptions,
  { progress }: Reporter,
): Promise<ExportCounts & { readonly unread: number }> {
  const folder = new ExportFolder(name);
  // each page reads its mails again: to start git for each would take most of the time
  const reader = new PlaceReader();
  try {
    const { unread, lost } = await update(() => {});
    const host = "localhost";
    const state = { reading: null, unread: unread + lost };
    const stores = { ...options, mailsAt: reader.mailsAt, portionsAt: reader.portionsAt };
    const details = new Details(stores, true);
    const desk = new Desk({ ...stores, details, still: true, state: () => state });
    const app = createApp(desk, { hosts: new Set([host]), write: false });
    const get = async (path: string): Promise<Response> =>
      app.request(`http://${host}${path}`, { headers: { host } });
    const began = now() * 1000;
    const counts = await exportPages(get, folder, series, (done, found) =>
      progress?.(`${name}: ${done} of ${count(found, "file")}`, done, found, began),
    );
    return { ...counts, unread };
  } finally {
    reader.close();
    folder.close();
  }
}
