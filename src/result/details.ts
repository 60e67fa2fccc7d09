/** Writes the details of a result as KCIDB's JSON, version 5.3, with the fields that we know. */

import { sha256 } from "../patch/attestation.ts";
import type { Report, ReportedCase } from "./from/report.ts";
import { MAX_DETAILS } from "./mail.ts";
import type { TestResult } from "./text.ts";

/** KCIDB knows commits by SHA-1 only. */
const COMMIT = /^[0-9a-f]{40}$/;

/**
 * A URI by RFC 3986, as KCIDB wants one; a signed result may hold any printable characters. IPv6 hosts are left out.
 */
const PLAIN = "(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})";
const REST = `(?:${PLAIN}|[/?@])*`;
const URI = new RegExp(`^https?://${PLAIN}+(?:@${PLAIN}+)?(?:[/?]${REST})?(?:#${REST})?$`);

const isUri = (text: string): boolean => URI.test(text) && URL.canParse(text);

/**
 * The JSON, at most `MAX_DETAILS` bytes. If not all cases fit, those that passed are left out, and then others; the JSON
 * says how many.
 *
 * @param report null if there are no cases
 */
export function kcidbDetails(result: TestResult, report: Report | null): Buffer {
  const all = report?.cases ?? [];
  const bad = all.filter(({ outcome }) => outcome !== "pass");
  for (const cases of [all, bad]) {
    const bytes = detailsWith(result, cases, all.length);
    if (bytes.length <= MAX_DETAILS) return bytes;
  }
  // a case takes less than a kilobyte
  return detailsWith(result, bad.slice(0, MAX_DETAILS >> 10), all.length);
}

function detailsWith(result: TestResult, cases: readonly ReportedCase[], total: number): Buffer {
  const { by, tree, test, env, result: outcome } = result;
  const origin = by.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const checkout = `${origin}:${tree}`;
  const build = `${checkout}-${sha256(JSON.stringify([env, result.config])).slice(0, 16)}`;
  const run = `${build}-${sha256(JSON.stringify([test, result.rev, result.run, result.via])).slice(0, 16)}`;
  const omitted = total - cases.length;
  const log = result.log !== null && isUri(result.log) ? { log_url: result.log } : {};
  const json = {
    version: { major: 5, minor: 3 },
    checkouts: [{ id: checkout, origin, ...checkoutFields(result) }],
    builds: [{ id: build, checkout_id: checkout, origin, ...buildFields(result) }],
    tests: [
      {
        id: run,
        build_id: build,
        origin,
        path: test,
        status: outcome.toUpperCase(),
        ...log,
        ...(omitted === 0 ? {} : { misc: { cases_left_out: omitted } }),
      },
      ...cases.map((one, i) => ({
        id: `${run}-${i + 1}`,
        build_id: build,
        origin,
        path: `${test}.${one.path}`,
        status: one.outcome.toUpperCase(),
        ...(one.label === "" ? {} : { comment: one.label }),
      })),
    ],
  };
  return Buffer.from(`${JSON.stringify(json)}\n`);
}

function checkoutFields({ tree, base, commit, patches, series, message }: TestResult): object {
  const source = patches === null ? commit : base;
  const misc = Object.entries({ tree, base, commit, patches, series });
  return {
    ...(source !== null && COMMIT.test(source) ? { git_commit_hash: source } : {}),
    // "": the commit itself, without patches; if this is missing, KCIDB's dashboards wait for patches
    ...(patches === null && commit !== null ? { patchset_hash: "" } : {}),
    ...(message?.includes("@") ? { message_id: message } : {}),
    valid: true,
    misc: Object.fromEntries(misc.filter(([, value]) => value !== null)),
  };
}

function buildFields({ env, config }: TestResult): object {
  const values = new Map(env.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
  const architecture = values.get("arch") ?? "";
  const compiler = values.get("cc") ?? values.get("compiler") ?? "";
  return {
    ...(/^[a-z0-9_]+$/.test(architecture) ? { architecture } : {}),
    ...(compiler === "" ? {} : { compiler }),
    misc: { env, ...(config === null ? {} : { config_sha256: config }) },
  };
}
