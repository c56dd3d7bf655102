/**
 * Other tags for some devices while the gateway runs: ids first, durable, then the dictionary in one step. A device may have 100,000
 * tags of which one differs: those at the same place with the same settings cost next to nothing.
 */
import { areSame, type TagInfo, type TagSettings, type TagTable } from '../core/tags.ts'
import type { TagFile, TagWanted } from './tag-file.ts'

/** Tags that are about to change. */
export interface TagChange {
  /** The tags of each device, in order; those that are the same are the very same objects. */
  readonly tags: ReadonlyMap<string, readonly TagInfo[]>
  /** The dictionary has them from now on. */
  commit(): void
}

/** `devices`: all tags of each of them from then on; none: it is gone. Tags that are known keep their ids. */
export async function prepareTagChange(
  table: TagTable,
  file: TagFile,
  devices: ReadonlyMap<string, readonly TagSettings[]>,
): Promise<TagChange> {
  const wanted: TagWanted[] = []
  const places: (readonly [list: TagInfo[], at: number])[] = []
  const tags = new Map<string, TagInfo[]>()
  for (const [device, settings] of devices) {
    const list = nextTags(table.of(device), device, settings)
    for (const [at, info] of list.entries()) {
      if (info.id !== UNKNOWN) continue
      wanted.push(info)
      places.push([list, at])
    }
    tags.set(device, list)
  }
  // Looking for ids in the file goes through all names there ever were: only where a tag comes.
  const ids = wanted.length === 0 ? [] : await file.allocate(wanted)
  for (const [i, [list, at]] of places.entries()) list[at] = { ...list[at]!, id: ids[i]! }
  return {
    tags,
    commit() {
      for (const [device, list] of tags) table.replace(device, list)
    },
  }
}

/** No tag has this id. */
const UNKNOWN = 0

function nextTags(before: readonly TagInfo[], device: string, settings: readonly TagSettings[]): TagInfo[] {
  let byName: Map<string, TagInfo> | undefined
  return settings.map((wanted, at) => {
    const beside = before[at]
    if (beside !== undefined && areSame(beside.settings, wanted)) return beside
    const isBeside = beside?.settings.name === wanted.name
    if (!isBeside) byName ??= new Map(before.map((info) => [info.settings.name, info]))
    const known = isBeside ? beside : byName!.get(wanted.name)
    if (known !== undefined && areSame(known.settings, wanted)) return known
    return { id: known?.settings.type === wanted.type ? known.id : UNKNOWN, device, settings: wanted }
  })
}
