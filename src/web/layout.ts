/** The frame of every page: head, links and title. */

import { ours, type SafeText } from "../report/escape.ts";
import { type Html, html } from "./html.ts";

const PLACES: readonly (readonly [href: string, name: string, key: string])[] = [
  ["/", "morning", "m"],
  ["/series", "series", "s"],
  ["/search", "search", "f"],
  ["/people", "people", "p"],
  ["/tests", "tests", "t"],
  ["/feeds", "feeds", "d"],
  ["/list", "list", "l"],
];

/** By which feed readers find the Atom feed. */
const FEED = html`<link rel="alternate" type="application/atom+xml" title="series" href="/series.atom">`;

/** @param here the path of the page, to mark its link; "" for a page without one */
export function page(title: SafeText, here: string, body: Html): Html {
  const links = PLACES.map(
    ([href, name, key]) =>
      html`<a href="${ours`${href}`}" accesskey="${ours`${key}`}"${
        href === here ? html` aria-current="page"` : null
      }>${ours`${name}`}</a>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · patchsig</title>
<link rel="stylesheet" href="/style.css">
${FEED}
</head>
<body>
<a class="skip" href="#main">skip to the page</a>
<header><nav aria-label="pages">${links}</nav></header>
<main id="main">
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}
