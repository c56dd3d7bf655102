/**
 * The tags of a device as they are written: rows of its CSV file or of the list in YAML. Of a device of a template (or made by `instances`)
 * only what its tags come to, since no row of its own may be there.
 */
import { GatewayError } from '../../core/errors.ts'
import type { Config, DeviceConfig } from '../config.ts'
import type { EditedFiles } from '../edit/edited-files.ts'
import { ownerOf, tagsOwner, type Entry } from '../edit/owner.ts'
import { toTag } from '../render.ts'
import { TAG_COLUMN_NAMES } from '../tag-columns.ts'
import type { Cells } from './tag-table.ts'

export interface WrittenList {
  readonly device: DeviceConfig
  readonly kind: 'csv' | 'inline' | 'template'
  /** By the name of the tag, in order. */
  readonly rows: ReadonlyMap<string, Cells>
}

/** Throws NOT_FOUND. */
export function writtenList(name: string, files: EditedFiles, present: Config): WrittenList {
  const device = present.devices.find((one) => one.name === name)
  if (device === undefined) throw new GatewayError('NOT_FOUND', `there is no device "${name}" in the configuration`)
  const entry = device.origin?.via === undefined ? ownerOf('device', name, files) : undefined
  if (entry === undefined || 'template' in entry.mapping)
    return { device, kind: 'template', rows: new Map(device.tags.map((tag) => [tag.settings.name, effective(tag.settings, device)])) } // prettier-ignore
  const owner = tagsOwner(entry, files, 'shared')
  if (owner.kind === 'inline')
    return { device, kind: 'inline', rows: new Map(owner.rows.map((row) => [String(row.mapping.name), inlineCells(row)])) } // prettier-ignore
  const list = files.list(owner.file, owner.shown)
  const rows = [...list.names].map((tag) => {
    const cells = TAG_COLUMN_NAMES.map((column) => [column, list.cell(tag, column) ?? ''] as const)
    return [tag, new Map(cells.filter(([, text]) => text !== ''))] as const
  })
  return { device, kind: 'csv', rows: new Map(rows) }
}

function effective(settings: DeviceConfig['tags'][number]['settings'], device: DeviceConfig): Cells {
  const given = Object.entries(toTag(settings, device)).filter(([, value]) => value !== undefined && value !== null)
  return new Map(given.map(([key, value]) => [key, String(value).replaceAll('$$', '$')]))
}

/** As they were written: `0x10` stays what it is. */
function inlineCells({ part, path, mapping }: Entry): Cells {
  const given = Object.entries(mapping).filter(([key, value]) => TAG_COLUMN_NAMES.includes(key) && value !== null)
  return new Map(
    given.map(([key, value]) => [
      key,
      typeof value === 'string' ? value.trim() : (part.source.textOf([...path, key]) ?? JSON.stringify(value)),
    ]),
  )
}
