/**
 * A small piece of state that survives a torn write: two checked slots in one file that take turns (FORMAT.md, "Slot file").
 * One owner writes it, one write at a time.
 */
import { crc32c } from './crc32c.ts'
import { readDamaged, type FileSystem, type OpenFile } from './files.ts'

const SLOT_BYTES = 4096
const HEADER_BYTES = 16

export interface SlotFile {
  /** Resolves when `state` is on the disk. Calls must not overlap. */
  write(state: object): Promise<void>
  close(): Promise<void>
}

/** Opens or makes a slot file; `state` is what was last written whole, undefined when there is nothing valid. `isOlder`: a slot that may have been newer does not check. */
export async function openSlotFile(
  files: FileSystem,
  path: string,
  folder: string,
): Promise<{ slots: SlotFile; state: unknown; damaged: boolean; isOlder: boolean }> {
  const bytes = await readDamaged(files, path)
  const found = bytes === undefined ? undefined : newest(bytes)
  const file = await files.open(path, 'write')
  if (bytes === undefined) await files.syncFolder(folder)
  const reopen = async (): Promise<OpenFile> => {
    const again = await files.open(path, 'write')
    await files.syncFolder(folder)
    return again
  }
  return {
    slots: createSlots(file, reopen, found?.generation ?? 0, found?.slot ?? 1),
    state: found?.state,
    damaged: bytes !== undefined && bytes.length > 0 && found === undefined,
    isOlder: bytes !== undefined && found !== undefined && hasDamage(bytes),
  }
}

/** The newest valid state in the bytes of a slot file. */
export function readSlots(bytes: Uint8Array): unknown {
  return newest(Buffer.from(bytes))?.state
}

function createSlots(
  opened: OpenFile,
  reopen: () => Promise<OpenFile>,
  startGeneration: number,
  startSlot: number,
): SlotFile {
  let file = opened
  let generation = startGeneration
  let slot = startSlot
  const put = async (bytes: Buffer): Promise<void> => {
    await file.write(bytes, (1 - slot) * SLOT_BYTES)
    await file.sync()
  }
  return {
    async write(state) {
      const bytes = encodeSlot(generation + 1, state)
      try {
        await put(bytes)
      } catch {
        // The file system may have been repaired and mounted anew meanwhile: what is open then is the old one, for ever read-only.
        const again = await reopen()
        await file.close().catch(() => undefined)
        file = again
        await put(bytes)
      }
      generation++
      slot = 1 - slot
    },
    close: () => file.close(),
  }
}

function encodeSlot(generation: number, state: object): Buffer {
  const json = Buffer.from(JSON.stringify(state))
  if (json.length > SLOT_BYTES - HEADER_BYTES) throw new RangeError(`state of ${json.length} bytes does not fit a slot`)
  const bytes = Buffer.alloc(SLOT_BYTES)
  bytes.writeUInt32LE(json.length, 4)
  bytes.writeDoubleLE(generation, 8)
  json.copy(bytes, HEADER_BYTES)
  bytes.writeUInt32LE(crc32c(bytes.subarray(4, HEADER_BYTES + json.length)), 0)
  return bytes
}

function newest(bytes: Buffer): { generation: number; slot: number; state: unknown } | undefined {
  const found = [0, 1].map((slot) => decodeSlot(bytes, slot)).filter((state) => state !== undefined)
  return found.sort((a, b) => b.generation - a.generation)[0]
}

/** A slot that was never written is all zeros. */
const hasDamage = (bytes: Buffer): boolean =>
  [0, 1].some((slot) => {
    const part = bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES)
    return part.some((byte) => byte !== 0) && decodeSlot(bytes, slot) === undefined
  })

function decodeSlot(bytes: Buffer, slot: number) {
  const start = slot * SLOT_BYTES
  if (bytes.length < start + HEADER_BYTES) return undefined
  const end = start + HEADER_BYTES + bytes.readUInt32LE(start + 4)
  if (end > Math.min(bytes.length, start + SLOT_BYTES)) return undefined
  if (crc32c(bytes.subarray(start + 4, end)) !== bytes.readUInt32LE(start)) return undefined
  const state: unknown = JSON.parse(bytes.toString('utf8', start + HEADER_BYTES, end))
  return { generation: bytes.readDoubleLE(start + 8), slot, state }
}
