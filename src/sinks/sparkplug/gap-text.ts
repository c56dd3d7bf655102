/** What the metric `Bifrost/Gap` says: the gap as JSON. It is in every node birth, so the names of its tags are left out where they are many. */
import type { Gap } from '../../core/sink.ts'
import type { TagTable } from '../../core/tags.ts'
import { gapDocument } from '../encode/gap-document.ts'

const MOST_BYTES = 8192

/** `packetBytes`: the most that a packet of this session may have; half of it is left to the rest of a birth. */
export function gapText(gap: Gap, logId: string, tags: TagTable, packetBytes: number): string {
  const text = JSON.stringify(gapDocument(gap, logId, tags))
  if (Buffer.byteLength(text) <= Math.min(MOST_BYTES, packetBytes / 2)) return text
  return JSON.stringify(gapDocument({ ...gap, tags: undefined }, logId, tags))
}
