/** A message: length, type, parts, in its own memory, so that it can be wiped. */
export function message(type: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 1);
  const bytes = Buffer.alloc(4 + length);
  bytes.writeUInt32BE(length);
  bytes[4] = type;
  let at = 5;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}
