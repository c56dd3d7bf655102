/** A stretch of samples that will never come, as a document: the same keys wherever a far side takes JSON. */
import type { Gap } from '../../core/sink.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'

/** `samples` is null where only the bound is known; `tags` is there where the gap names whose samples they were. */
export const gapDocument = (gap: Gap, logId: string, tags: TagTable): object =>
  documentOf(gap, logId, tagsOf(gap, tags)?.map(({ device, settings }) => ({ device, tag: settings.name }))) // prettier-ignore

/** The same with the tags as `device/tag`. */
export const namedGap = (gap: Gap, logId: string, tags: TagTable): object => documentOf(gap, logId, tagNames(gap, tags))

/** Whose samples they were, as `device/tag`; undefined where the gap does not say. */
export const tagNames = (gap: Gap, tags: TagTable): string[] | undefined =>
  tagsOf(gap, tags)?.map(({ device, settings }) => `${device}/${settings.name}`)

const tagsOf = (gap: Gap, tags: TagTable): TagInfo[] | undefined =>
  gap.tags?.map((id) => tags.get(id)).filter((info) => info !== undefined)

function documentOf(gap: Gap, log: string, tags: readonly unknown[] | undefined): object {
  const { fromSeq, toSeq, samples = null, reason, fromTime, toTime } = gap
  return { log, fromSeq, toSeq, samples, reason, fromTime, toTime, ...(tags === undefined ? {} : { tags }) }
}
