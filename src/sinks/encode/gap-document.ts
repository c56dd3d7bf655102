/** A stretch of samples that will never come, as a document: the same keys wherever a far side takes JSON. */
import type { Gap } from '../../core/sink.ts'
import type { TagTable } from '../../core/tags.ts'

/** `samples` is null where only the bound is known; `tags` is there where the gap names whose samples they were. */
export function gapDocument(gap: Gap, logId: string, tags: TagTable): object {
  const { fromSeq, toSeq, samples, reason, fromTime, toTime } = gap
  const names = gap.tags?.flatMap((id) => {
    const info = tags.get(id)
    return info === undefined ? [] : [{ device: info.device, tag: info.settings.name }]
  })
  return {
    log: logId,
    fromSeq,
    toSeq,
    samples: samples ?? null,
    reason,
    fromTime,
    toTime,
    ...(names === undefined ? {} : { tags: names }),
  }
}
