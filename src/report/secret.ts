/** Servers may echo what they were sent: hides the password in what we show or store of it. */

/** Hides a password in text: plain, quoted (RFC 9051), in a URL, within anything in base64 (RFC 4616). */
export function hideSecret(text: string, password: string): string {
  if (password === "") return text;
  const forms = [
    Buffer.from(password).toString("base64"),
    password.replace(/["\\]/g, "\\$&"),
    encodeURIComponent(password),
    password,
    // replies may be raw bytes
    Buffer.from(password).toString("latin1"),
  ];
  const hidden = text.replace(BASE64, (run) => (holds(run, Buffer.from(password)) ? "***" : run));
  return forms.reduce((rest, form) => rest.replaceAll(form, "***"), hidden);
}

const BASE64 = /[A-Za-z0-9+/_-]{6,}=*/g;
/** Fewer are found anywhere by chance: then with the NUL that RFC 4616 puts before a password. */
const FEWEST_BYTES = 4;

/** The base64 may begin after other letters of its alphabet. */
function holds(run: string, password: Buffer): boolean {
  const nul = Buffer.alloc(password.length < FEWEST_BYTES ? 1 : 0);
  const secret = Buffer.concat([nul, password]);
  return [0, 1, 2, 3].some((skip) => Buffer.from(run.slice(skip), "base64").includes(secret));
}
