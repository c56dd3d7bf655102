/** How large what the store holds in memory at once may be, by what the process may take. */

const MIB = 2 ** 20
/** Neither takes more than this part of the memory, from 256 MiB on; less makes nothing smaller. */
const PART = 64

/** The newest samples are in memory. */
export const TAIL_ROWS = 262_144
/** Rows of a slab of the open segment: what is not in one yet is found in memory, also while the next one is made. */
export const FOLLOWED_ROWS = TAIL_ROWS / 2
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
