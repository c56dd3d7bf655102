/** CRC-32C (Castagnoli; RFC 3720, appendix B.4), eight bytes a turn by tables. Node's own `crc32` is the other polynomial. */
const TABLES = createTables()

function createTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    tables[byte] = crc
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let table = 1; table < 8; table++) {
      const before = tables[(table - 1) * 256 + byte]!
      tables[table * 256 + byte] = tables[before & 255]! ^ (before >>> 8)
    }
  }
  return tables
}

/** The checksum of bytes; give the result of the part before as `start` to go on with it. */
export function crc32c(bytes: Uint8Array, start = 0): number {
  const t = TABLES
  const end = bytes.length
  let crc = ~start
  let i = 0
  for (; i + 8 <= end; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    crc =
      t[1792 + (low & 255)]! ^
      t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!
  }
  for (; i < end; i++) crc = t[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}
