import { expect, test } from "vitest";
import { canArrive, isAmong } from "../../src/bot/reach.ts";

test.each([
  "alice@example.org",
  "a.lee+git@sub.example.co.uk",
  "alice@xn--bcher-kva.example.org",
  "no@example.org",
  "local@example.org",
  "alice@localnet.org",
  "replying@example.org",
])("%s can get mail", (identity) => {
  expect(canArrive(identity)).toBe(true);
});

test.each([
  "alice@localhost",
  "alice@localhost.localdomain",
  "root@laptop",
  "alice@laptop.local",
  "alice@host.lan",
  "alice@build.internal",
  "alice@server.home.arpa",
  "alice@example.invalid",
  "alice@mail.example",
  "noreply@example.org",
  "no-reply@example.org",
  "team-no.reply@example.org",
  "alice-noreply@example.org",
  "do_not_reply@example.org",
  "123+alice@users.noreply.github.com",
  "alice@noreply.codeberg.org",
  "alice@no-reply.example.org",
  "alice.nospam@example.org",
  "nobody@example.org",
  "devnull@example.org",
])("%s cannot get mail", (identity) => {
  expect(canArrive(identity)).toBe(false);
});

test("one address, or a whole domain", () => {
  const some = new Set(["alice@example.org", "@example.net"]);
  expect(["alice@example.org", "x@example.net"].every((one) => isAmong(one, some))).toBe(true);
  expect(["alice@example.com", "x@a.example.net"].some((one) => isAmong(one, some))).toBe(false);
});
