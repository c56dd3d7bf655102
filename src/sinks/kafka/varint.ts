/** Zigzag varints (Protocol Buffers' sint64, as Kafka's records use them), for whole numbers up to 2^53. */

const isSmall = (value: number): boolean => value >= -0x4000_0000 && value < 0x4000_0000

/** Writes the number at `at`; gives the place after it. */
export function varint(bytes: Uint8Array, at: number, value: number): number {
  if (!isSmall(value)) return longVarint(bytes, at, value)
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

/** How many bytes `varint` writes for it. */
export function varintBytes(value: number): number {
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  let bytes = 1
  while (rest > 0x7f) {
    rest = Math.floor(rest / 0x80)
    bytes++
  }
  return bytes
}

function longVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = BigInt(value) << 1n
  if (value < 0) rest = -rest - 1n
  while (rest > 0x7fn) {
    bytes[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  bytes[at++] = Number(rest)
  return at
}
