/**
 * An executable without what only debuggers read: everything behind the last byte that the loader maps (symbols, debug sections, the
 * table of sections) is cut off. Node for Linux loses a fifth of its size that way. It needs no `strip` of the target's architecture.
 * Layout: Tool Interface Standard, Executable and Linking Format 1.2 and its 64-bit form; little-endian, as x64 and arm64 are.
 */

const HEADER_BYTES = 64
const PROGRAM_OFFSET = 0x20
const SECTION_OFFSET = 0x28
const PROGRAM_ENTRY_SIZE = 0x36
const PROGRAM_COUNT = 0x38
const SECTION_COUNT = 0x3c
const SECTION_NAMES = 0x3e
const MACHINES = { x64: 62, arm64: 183 } as const

export type Architecture = keyof typeof MACHINES

/** The executable as it is mapped, and no more; throws when it is none for this architecture. */
export function trimElf(file: Uint8Array, architecture: Architecture): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length < HEADER_BYTES || view.getUint32(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1)
    throw new Error('this is no 64-bit little-endian ELF file')
  const machine = view.getUint16(0x12, true)
  if (machine !== MACHINES[architecture])
    throw new Error(`this executable is for machine ${machine}, not for ${architecture} (${MACHINES[architecture]})`)
  const table = Number(view.getBigUint64(PROGRAM_OFFSET, true))
  const entry = view.getUint16(PROGRAM_ENTRY_SIZE, true)
  let end = HEADER_BYTES
  for (let at = 0; at < view.getUint16(PROGRAM_COUNT, true); at++) {
    const start = table + at * entry
    // p_offset + p_filesz of every segment, mapped or not.
    end = Math.max(end, Number(view.getBigUint64(start + 8, true) + view.getBigUint64(start + 32, true)))
  }
  if (end > file.length) throw new Error(`this executable ends before its last segment: ${file.length} of ${end} bytes`)
  const trimmed = file.slice(0, end)
  const header = new DataView(trimmed.buffer)
  header.setBigUint64(SECTION_OFFSET, 0n, true)
  header.setUint16(SECTION_COUNT, 0, true)
  header.setUint16(SECTION_NAMES, 0, true)
  return trimmed
}
