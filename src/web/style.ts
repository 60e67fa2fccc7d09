/** The one style sheet: dark and light, printable, readable at 360 pixels. */

export const STYLE = `:root {
  color-scheme: light dark;
  --text: light-dark(#1c1c1c, #e6e6e6);
  --back: light-dark(#fff, #16181b);
  --soft: light-dark(#f3f4f6, #212529);
  --line: light-dark(#c9ccd1, #41464d);
  --dim: light-dark(#555b63, #a4abb5);
  --link: light-dark(#0b57a4, #8fc2ff);
  --good: light-dark(#12662f, #7fd79b);
  --warn: light-dark(#7a4b00, #f0c06a);
  --bad: light-dark(#a8161c, #ff9d97);
}
* { box-sizing: border-box; }
body { margin: 0; color: var(--text); background: var(--back); font: 16px/1.45 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, input:focus-visible, button:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999em; }
.skip:focus { left: 0.5em; top: 0.5em; background: var(--back); padding: 0.3em; }
header { border-bottom: 1px solid var(--line); background: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: 0.2em 1.2em; padding: 0.5em 1em; }
nav a[aria-current] { font-weight: bold; color: var(--text); }
main { padding: 0 1em 3em; max-width: 90em; margin: 0 auto; }
p, li, .fields td, tbody th { overflow-wrap: anywhere; }
h1 { font-size: 1.4em; margin: 0.7em 0 0.4em; overflow-wrap: anywhere; }
h2 { font-size: 1.1em; margin: 1.4em 0 0.4em; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-size: 0.8em; color: var(--dim); font-weight: normal; }
th, td { padding: 0.25em 0.6em 0.25em 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { white-space: nowrap; }
td.title { width: 40%; overflow-wrap: anywhere; }
td.base, table.fields th { white-space: nowrap; overflow-wrap: normal; }
table.fields { width: auto; }
table.patches { width: auto; min-width: 60%; }
table.patches td.title { width: auto; padding-right: 2em; }
td ul.findings { margin: 0.2em 0; font-size: 0.9em; }
td.who { overflow-wrap: anywhere; }
h2.inline { display: inline; }
h3 { font-size: 1em; margin: 1em 0 0.4em; }
.nobreak { white-space: nowrap; }
.wide { overflow-x: auto; }
table.matrix, table.plain { width: auto; }
table.plain td, table.plain th { padding-right: 2em; }
tbody th { font-size: inherit; color: inherit; }
.matrix td, .matrix th { padding-right: 1.4em; font-size: 0.9em; }
.narrow { display: none; }
td.key, p code { overflow-wrap: anywhere; }
small { color: var(--dim); }
code, pre { font-family: ui-monospace, monospace; font-size: 0.875em; }
pre { overflow-x: auto; padding: 0.6em; background: var(--soft); border: 1px solid var(--line); border-radius: 4px; }
pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
.mark { font-weight: bold; }
.pass, ins { color: var(--good); }
.warn { color: var(--warn); }
.fail, del { color: var(--bad); }
.none, .info { color: var(--dim); }
ins, del { text-decoration: none; }
.hunk { color: var(--link); }
ul.findings { padding-left: 1.2em; overflow-wrap: anywhere; }
ul.findings li { color: inherit; }
ul.findings li.fail b { color: var(--bad); }
ul.findings li.warn b { color: var(--warn); }
form.search, form.marking { margin: 1em 0; display: flex; gap: 0.5em; flex-wrap: wrap; }
form.search input, form.marking input { flex: 1 1 18em; font: inherit; padding: 0.3em; }
form.marking { align-items: baseline; }
button { font: inherit; padding: 0.3em 0.8em; }
button.default { position: absolute; left: -999em; }
button[aria-pressed] { font-weight: bold; }
details { margin: 0.4em 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
figure { margin: 1em 0; }
figure svg { max-width: 100%; height: auto; }
@media (min-width: 70em) {
  table.works { table-layout: fixed; }
  .works .w4 { width: 5.2em; }
  .works .w5 { width: 6.2em; }
  .works .w6 { width: 7.5em; }
  .works .w8 { width: 10.6em; }
  .works .w9 { width: 11em; }
  .works .w16 { width: 19em; }
}
@media (max-width: 70em) {
  .works, .works thead, .works tbody, .works tr, .works td { display: block; width: auto; }
  .works thead { position: absolute; left: -999em; }
  .works tr { border-bottom: 1px solid var(--line); padding: 0.5em 0; }
  .works td { border: 0; padding: 0 0.8em 0 0; display: inline-block; }
  .works td.title { display: block; width: auto; font-size: 1.05em; }
  .works td:empty { display: none; }
}
@media (max-width: 45em) {
  table, thead, tbody, tr, td { display: block; width: auto; }
  thead { position: absolute; left: -999em; }
  tr { border-bottom: 1px solid var(--line); padding: 0.5em 0; }
  td { border: 0; padding: 0 0.8em 0 0; display: inline-block; }
  td.title { display: block; width: auto; font-size: 1.05em; }
  td:empty { display: none; }
  .fields th { display: inline-block; border: 0; padding: 0 0.6em 0 0; }
  .matrix td { display: block; }
  .matrix th { border: 0; }
  .narrow { display: inline; }
}
@media print {
  :root { color-scheme: light; }
  header, form, .skip { display: none; }
  body { font-size: 11px; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  details::details-content { content-visibility: visible; }
}
`;
