/**
 * Byte orders of values wider than a byte. ABCD is the order of the wire (Modbus Application Protocol V1.1b3, 4.2); CDAB swaps
 * the words, BADC the bytes in each word, DCBA both. In all of them byte i of the big-endian value stands at position i XOR
 * a constant, so that one integer describes an order for a width.
 */

/** The canonical names. Their 64-bit forms are ABCDEFGH, GHEFCDAB, BADCFEHG, HGFEDCBA. */
export const BYTE_ORDERS = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const

export type ByteOrder = (typeof BYTE_ORDERS)[number]

/** Other spellings, upper-cased, without blanks, `-` and `_`: 64-bit forms, Telegraf, Neuron, PLC4X and meter manuals. */
const SYNONYMS: Record<string, ByteOrder> = {
  ABCDEFGH: 'ABCD', GHEFCDAB: 'CDAB', BADCFEHG: 'BADC', HGFEDCBA: 'DCBA',
  AB: 'ABCD', BA: 'BADC',
  BIG: 'ABCD', LITTLE: 'DCBA', MIDBIG: 'BADC', MIDLITTLE: 'CDAB',
  BIGENDIAN: 'ABCD', LITTLEENDIAN: 'DCBA', BE: 'ABCD', LE: 'DCBA',
  BIGENDIANBYTESWAP: 'BADC', LITTLEENDIANBYTESWAP: 'CDAB',
  LL: 'ABCD', LB: 'BADC', BL: 'CDAB', BB: 'DCBA',
  NONE: 'ABCD', WORD: 'CDAB', BYTE: 'BADC', WORDBYTE: 'DCBA',
  WORDSWAP: 'CDAB', BYTESWAP: 'BADC', WORDBYTESWAP: 'DCBA', BYTEWORDSWAP: 'DCBA',
  '1234': 'ABCD', '3412': 'CDAB', '2143': 'BADC', '4321': 'DCBA',
  H: 'ABCD', L: 'BADC',
} // prettier-ignore

/** The order that a text names, in any accepted spelling; undefined when there is none. */
export function parseOrder(text: string): ByteOrder | undefined {
  const key = text.toUpperCase().replace(/[\s_-]/g, '')
  return BYTE_ORDERS.find((order) => order === key) ?? (Object.hasOwn(SYNONYMS, key) ? SYNONYMS[key] : undefined)
}

/** Byte i of a big-endian value of `bytes` bytes (2, 4 or 8) stands at position i XOR this. */
export function positionMask(order: ByteOrder, bytes: number): number {
  const swapBytes = order === 'BADC' || order === 'DCBA' ? 1 : 0
  const swapWords = order === 'CDAB' || order === 'DCBA' ? bytes - 2 : 0
  return swapBytes | swapWords
}
