/** Servers repeat what they were told, wrongly: no word of theirs shows a password, or keeps one. */

/** Text without a password, as it is and as it travels: quoted (RFC 9051), in base64 (RFC 4616), in a URL. */
export function hideSecret(text: string, username: string, password: string): string {
  if (password === "") return text;
  const base64 = (words: string): string => Buffer.from(words).toString("base64");
  const forms = [
    base64(`\0${username}\0${password}`),
    base64(password),
    password.replace(/["\\]/g, "\\$&"),
    encodeURIComponent(password),
    password,
    // servers' words may come as bytes
    Buffer.from(password).toString("latin1"),
  ];
  return forms.reduce((rest, form) => rest.replaceAll(form, "***"), text);
}
