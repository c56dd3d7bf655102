/**
 * Copies a log that a gateway is writing. Sealed segments and trends never change, so that a link is a copy (one that is thinned gets another
 * file in its place); what is being written is copied as far as the gateway said that it is durable. The order keeps house rule 2 in the
 * copy: first the sealed segments, so that retention cannot take what a cursor still needs; then the cursors; then the end of the log, so
 * that no cursor points beyond it.
 */
import { constants, copyFile, link, open, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders } from '../../core/folder.ts'
import { readIfThere } from '../../core/read-if-there.ts'
import { findFrame, frameAt, FRAME_HEADER_BYTES } from '../log/frame.ts'
import { holdsRows } from '../log/frame-rows.ts'
import { claimedFooter, SEGMENT_HEADER_BYTES, segmentNumber, TRAILER_BYTES } from '../log/segment.ts'

/** Files that are written in place, each in two slots. */
const SLOT_FOLDERS = ['cursors', 'sinks', 'origins'] as const

/** `durable` is asked when everything else is pinned; undefined: nobody writes, and all that is there counts. */
export async function copyLog(
  data: string,
  to: string,
  durable: () => Promise<number | undefined>,
): Promise<{ readonly durable: number | undefined }> {
  for (const folder of ['log', 'trends', ...SLOT_FOLDERS]) await makeFolders(join(to, folder))
  await linkSealed(data, to)
  for (const folder of SLOT_FOLDERS) await copyFiles(join(data, folder), join(to, folder))
  const told = await durable()
  await linkSealed(data, to)
  await copyOpen(join(data, 'log'), join(to, 'log'), told ?? Infinity)
  for (const name of ['tags', 'sequence']) await copyWhole(join(data, name), join(to, name))
  return { durable: told }
}

async function linkSealed(data: string, to: string): Promise<void> {
  for (const name of await names(join(data, 'trends')))
    if (name.endsWith('.trend')) await linkOrCopy(join(data, 'trends', name), join(to, 'trends', name))
  for (const name of await names(join(data, 'log')))
    if (segmentNumber(name) !== undefined && (await isSealed(join(data, 'log', name))))
      await linkOrCopy(join(data, 'log', name), join(to, 'log', name))
}

/** A copy where the file system knows no links; what has gone meanwhile is passed over. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EEXIST') return
    const { atime, mtime } = await stat(from)
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    // Whoever looks for what has changed goes by it.
    await utimes(to, atime, mtime)
  }
}

async function isSealed(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (file === undefined) return false
  try {
    const { size } = await file.stat()
    const trailer = Buffer.alloc(TRAILER_BYTES)
    await file.read(trailer, 0, TRAILER_BYTES, Math.max(0, size - TRAILER_BYTES))
    return claimedFooter(trailer) !== undefined
  } finally {
    await file.close()
  }
}

async function copyOpen(from: string, to: string, durable: number): Promise<void> {
  const there = new Set(await names(to))
  for (const name of await names(from)) {
    if (segmentNumber(name) === undefined || there.has(name)) continue
    const bytes = await readIfThere(join(from, name))
    const end = bytes === undefined ? 0 : endOf(bytes, durable)
    if (end > SEGMENT_HEADER_BYTES) await writeFile(join(to, name), bytes!.subarray(0, end), { mode: 0o644 })
  }
}

/** Where the last frame ends of which all is durable; damage on the way is copied as it is, as recovery would find it. */
function endOf(bytes: Buffer, durable: number): number {
  let end = SEGMENT_HEADER_BYTES
  for (let at: number | undefined = end; at !== undefined && at < bytes.length;) {
    const head = frameAt(bytes, at)
    if (head === undefined) {
      at = findFrame(bytes, at + 1)
      continue
    }
    if (head.firstSeq > durable || (holdsRows(head) && head.firstSeq + head.count - 1 > durable)) break
    at += FRAME_HEADER_BYTES + head.payloadLength
    end = at
  }
  return end
}

/** Slot files: a write goes to the slot that does not count, so that one that is read half costs nothing. */
async function copyFiles(from: string, to: string): Promise<void> {
  for (const name of await names(from)) await copyWhole(join(from, name), join(to, name))
}

async function copyWhole(from: string, to: string): Promise<void> {
  const bytes = await readIfThere(from)
  if (bytes !== undefined) await writeFile(to, bytes, { mode: 0o600 })
}

const names = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
