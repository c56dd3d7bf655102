/** Tag tables for tests: settings with everything at its default but what is given. */
import { TagTable, type TagSettings } from '../core/tags.ts'

export const tagSettings = (given: Partial<TagSettings> = {}): TagSettings => ({
  name: 'level',
  address: 'hr:0',
  type: 'float64',
  everyMs: 1000,
  clamp: false,
  writable: false,
  ...given,
})

/** Tags 0, 1, … of one device, named t0, t1, … where no name is given. */
export function tagTable(...tags: readonly Partial<TagSettings>[]): TagTable {
  const table = new TagTable()
  for (const [id, given] of tags.entries()) {
    table.add({ id, device: 'press', settings: tagSettings({ name: `t${id}`, ...given }) })
  }
  return table
}
