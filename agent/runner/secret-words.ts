/** A shorter one would hide ordinary words. */
export const LEAST_MASKED_BYTES = 6;
/** As long as the runner takes one; a longer line is hidden piece by piece. */
const MOST_BYTES = 1024;
/** Where `base64` (coreutils) and `openssl base64` break their lines. */
const BASE64_LINES = [76, 64];

/**
 * What to look for in the output so that none of these secrets is shown: each of their lines, because tools print a key or a
 * certificate line by line, and the forms in which a program prints what it sends.
 */
export function secretWords(secrets: readonly string[]): Buffer[] {
  const words = new Map<string, Buffer>();
  for (const text of secrets.flatMap((secret) => [...secret.split(/\r?\n/), ...secretForms(secret)])) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += MOST_BYTES) {
      const piece = bytes.subarray(at, at + MOST_BYTES);
      if (piece.length >= LEAST_MASKED_BYTES) words.set(piece.toString('latin1'), piece);
    }
  }
  return [...words.values()];
}

/** How else programs print a secret: in JSON, in an address or a form, and in base64, wherever in the encoded text it stands. */
export function secretForms(secret: string): string[] {
  if (Buffer.byteLength(secret) < LEAST_MASKED_BYTES) return [];
  const inAddress = encodeURIComponent(secret.toWellFormed());
  const forms = [JSON.stringify(secret).slice(1, -1), inAddress, inAddress.replaceAll('%20', '+'), ...base64Forms(Buffer.from(secret))];
  return [...new Set(forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]))].filter((form) => form !== secret);
}

/** Three bytes are four characters: with one or two bytes before it, the same secret becomes other characters. */
function base64Forms(secret: Buffer): string[] {
  const encoded = secret.toString('base64');
  const inside = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
    // The first and last characters depend on the bytes around it, too.
    const from = Math.ceil((before * 8) / 6);
    return [text.slice(from), text.slice(from, Math.floor(((before + secret.length) * 8) / 6))];
  });
  const lines = BASE64_LINES.flatMap((width) => encoded.match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
  return [encoded, ...inside, ...lines];
}
