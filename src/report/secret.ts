/** Servers may echo what they were sent: hides the password in what we show or store of it. */

/** Hides a password in text: plain, quoted (RFC 9051), in base64 (RFC 4616), in a URL. */
export function hideSecret(text: string, username: string, password: string): string {
  if (password === "") return text;
  const base64 = (words: string): string => Buffer.from(words).toString("base64");
  const forms = [
    base64(`\0${username}\0${password}`),
    base64(password),
    password.replace(/["\\]/g, "\\$&"),
    encodeURIComponent(password),
    password,
    // replies may be raw bytes
    Buffer.from(password).toString("latin1"),
  ];
  return forms.reduce((rest, form) => rest.replaceAll(form, "***"), text);
}
