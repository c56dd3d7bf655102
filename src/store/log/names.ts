/**
 * Names of tags out of the segments' dictionaries (FORMAT.md, kind 1): what the tag file has lost is still there, for every tag of which
 * the log holds samples. Only frame headers and dictionaries are read.
 */
import type { DataType, TagId } from '../../core/value.ts'
import type { FileSystem, OpenFile } from '../files.ts'
import type { TagName } from '../tag-file.ts'
import { claimedLength, FRAME_HEADER_BYTES, frameAt, FrameKind, jsonOf } from './frame.ts'
import { SEGMENT_HEADER_BYTES, type Segment } from './segment.ts'

/** The names of tags that the segments use and `isKnown` does not know. A segment that cannot be read is passed over. */
export async function namesInSegments(
  files: FileSystem,
  segments: readonly Segment[],
  isKnown: (id: TagId) => boolean,
): Promise<Map<TagId, TagName>> {
  const found = new Map<TagId, TagName>()
  const isWanted = (id: TagId): boolean => !isKnown(id) && !found.has(id)
  for (const segment of segments.toReversed()) {
    if (segment.tags !== null && !segment.tags.some(isWanted)) continue
    try {
      const file = await files.open(segment.path, 'read')
      try {
        for await (const [id, name] of dictionary(file, segment))
          if (isWanted(id) && name.device !== '') found.set(id, name)
      } finally {
        await file.close()
      }
    } catch {
      // The log says so when it is read.
    }
  }
  return found
}

async function* dictionary(file: OpenFile, { dataEnd }: Segment): AsyncGenerator<[TagId, TagName]> {
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  for (let at = SEGMENT_HEADER_BYTES; at < dataEnd;) {
    await file.read(header, at)
    const length = claimedLength(header, 0)
    if (length === undefined) return
    if (header[12] === FrameKind.dictionary) {
      const frame = Buffer.alloc(length)
      await file.read(frame, at)
      const head = frameAt(frame, 0)
      const entries = head === undefined ? [] : ((await jsonOf(frame, 0, head)) as [TagId, string, string, DataType][])
      for (const [id, device, name, type] of entries) yield [id, { device, name, type }]
    }
    at += length
  }
}
