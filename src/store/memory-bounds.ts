/** How large what the store holds in memory at once may be, by what the process may take. */

const MIB = 2 ** 20
/** Neither takes more than this part of the memory. */
const PART = 64

/** Half of the newest samples that are kept in memory: what of an open segment is not in a slab yet is found there. */
export const FOLLOWED_ROWS = 131_072
/** The larger a slab, the less a sample takes, and the fewer are the places where a tag is. */
const MOST_SLAB_ROWS = 1_048_576
/** Of a row in a slab, and of its place in the order. */
const ROW_BYTES = 28

/** Rows of a slab of a sealed segment; with 256 MiB 131,072, which is 3.5 MiB; from 2 GiB on 1,048,576. */
export function slabRowsWithin(memoryBytes: number): number {
  const rows = 2 ** Math.floor(Math.log2(memoryBytes / PART / ROW_BYTES))
  return Math.max(FOLLOWED_ROWS, Math.min(MOST_SLAB_ROWS, rows))
}

/** Bytes of a segment: what is made of it while it is open is kept in memory until it is sealed. From 4 to 16 MiB. */
export const segmentBytesWithin = (memoryBytes: number): number =>
  Math.max(4 * MIB, Math.min(16 * MIB, Math.floor(memoryBytes / PART)))
