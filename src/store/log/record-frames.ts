/** The frames of a segment that hold JSON: names of tags, and gaps (FORMAT.md, kinds 1 and 3). */
import type { Gap } from '../../core/sink.ts'
import type { TagId } from '../../core/value.ts'
import type { TagName } from '../tag-file.ts'
import { encodeFrame, FrameKind, type FrameMeta } from './frame.ts'

/** The names of these tags, before their first use in a segment. */
export function dictionaryFrame(
  fresh: ReadonlySet<TagId>,
  firstSeq: number,
  tagName: (id: TagId) => TagName | undefined,
): Promise<Buffer> {
  const entries = [...fresh].map((id) => {
    const name = tagName(id)
    return [id, name?.device ?? '', name?.name ?? '', name?.type ?? '']
  })
  return encodeFrame(jsonMeta(FrameKind.dictionary, entries.length, firstSeq), Buffer.from(JSON.stringify(entries)))
}

/** Numbers of which there are no samples, and why. */
export const gapFrame = (gap: Gap): Promise<Buffer> =>
  encodeFrame(jsonMeta(FrameKind.gap, 0, gap.fromSeq), Buffer.from(JSON.stringify(gap)))

const jsonMeta = (kind: number, count: number, firstSeq: number): FrameMeta => ({
  kind,
  count,
  firstSeq,
  firstReceived: 0,
  lastReceived: 0,
})
