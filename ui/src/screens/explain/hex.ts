/** Bytes in hex as people read them, and where some of them stand. */

/** In groups of so many digits with a space between them. */
export const wordsOf = (hex: string, digits: number): string =>
  hex
    .replaceAll(' ', '')
    .match(new RegExp(`.{1,${digits}}`, 'g'))
    ?.join(' ') ?? ''

export interface Marked {
  readonly before: string
  readonly marked: string
  readonly after: string
}

/** A frame with some of its bytes marked, by place and length in bytes; nothing is marked where they are not in it. */
export function markBytes(hex: string, start: number | null, length: number): Marked {
  const bytes = hex.replaceAll(' ', '').match(/../g) ?? []
  const end = (start ?? 0) + length
  if (start === null || length === 0 || end > bytes.length) return { before: bytes.join(' '), marked: '', after: '' }
  const part = (from: number, to: number) => bytes.slice(from, to).join(' ')
  return { before: part(0, start), marked: part(start, end), after: part(end, bytes.length) }
}
