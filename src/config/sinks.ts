/** The sinks of a configuration: name, kind, the sink's own options, and tags that would collide at the far side. */
import type { CursorOrder } from '../core/cursor.ts'
import type { SinkType } from '../core/sink.ts'
import type { DeviceConfig, SinkConfig } from './config.ts'
import { sinkSchema } from './file-schema.ts'
import type { Loading } from './loading.ts'
import { toOrigin } from './origin.ts'
import { outsideOptions } from './outside-options.ts'
import type { Place } from './problem.ts'
import { checkedEntries, checkPlugIn } from './plug-ins.ts'
import { checkSchema } from './schema-check.ts'
import { formatPath } from './yaml-source.ts'

/** One wrong topic makes all tags collide; a few of them say what is wrong. */
const MOST_CONFLICTS = 5

/** Every sink of the list; those with problems are left out or incomplete, and the problems are in the list. */
export function loadSinks(
  list: unknown,
  devices: readonly DeviceConfig[],
  loading: Loading,
  names: Map<string, Place>,
): SinkConfig[] {
  const { source, problems } = loading
  const tags = devices.flatMap((device) => device.tags.map((tag) => ({ device: device.name, name: tag.settings.name })))
  return checkedEntries(list, 'sinks', 'sink', loading, names).flatMap((entry) => {
    const head = checkSchema(sinkSchema, { source, path: entry.path, value: entry.mapping }, problems)
    const checked = checkPlugIn<SinkType>(entry, 'sink', loading.sinks, loading)
    if (checked === undefined) return []
    const { type, options } = checked
    const at = [...entry.path, 'options']
    const conflicts = options === undefined ? [] : (type.conflicts?.(options as never, tags) ?? [])
    for (const conflict of conflicts.slice(0, MOST_CONFLICTS))
      problems.add(source.placeOf(at, 'key'), formatPath(at), conflict)
    const more = conflicts.length - MOST_CONFLICTS
    if (more > 0)
      problems.add(source.placeOf(at, 'key'), formatPath(at), `and ${more} more tags that collide in this sink`)
    const cautions = options === undefined ? [] : (type.cautions?.(options as never, tags) ?? [])
    for (const caution of cautions.slice(0, MOST_CONFLICTS))
      problems.warn(source.placeOf(at, 'key'), formatPath(at), caution)
    const { order = 'in-order', rate } = head?.replay ?? {}
    const replay: CursorOrder = { order, makeUpRowsPerSecond: rate }
    const origin = toOrigin(source.placeOf(entry.path))
    return [
      {
        name: entry.name,
        type,
        options,
        enabled: head?.enabled ?? true,
        replay,
        origin,
        ...outsideOptions(entry.mapping.options, source),
      },
    ]
  })
}
