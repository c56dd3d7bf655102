/** What an import says of itself: counts, and what has no place here. For people in lines, for programs as one value. */
import type { Changed, ImportedDevice, LeftOut } from './importer.ts'

export interface ImportReport {
  readonly kind: string
  readonly source: string
  readonly devices: number
  readonly tags: number
  readonly leftOut: readonly LeftOut[]
  readonly changed: readonly Changed[]
  /** Tags that could be written there, as device/tag. */
  readonly wasWritable: readonly string[]
  readonly keptWritable: boolean
}

export function reportOf(
  devices: readonly ImportedDevice[],
  rest: Omit<ImportReport, 'devices' | 'tags' | 'wasWritable'>,
): ImportReport {
  // prettier-ignore
  const wasWritable = devices.flatMap(({ name, tags }) =>
    tags.filter((tag) => tag.wasWritable === true).map((tag) => `${name}/${tag.name}`),
  )
  const tags = devices.reduce((sum, device) => sum + device.tags.length, 0)
  return { ...rest, devices: devices.length, tags, wasWritable }
}

export function reportLines(report: ImportReport): string[] {
  const { kind, source, devices, tags, leftOut, changed, wasWritable, keptWritable } = report
  const lines = [`${source} (${kind}): ${count(devices, 'device')}, ${count(tags, 'tag')}; ${leftOut.length} left out, ${changed.length} changed`] // prettier-ignore
  if (leftOut.length > 0) lines.push('', 'Left out:')
  for (const { place, what, why, next } of leftOut) lines.push(`  ${place}: ${what}: ${why}. ${next}`)
  if (changed.length > 0) lines.push('', 'Carried over otherwise:')
  for (const { place, what } of changed) lines.push(`  ${place}: ${what}`)
  if (wasWritable.length > 0)
    lines.push('', keptWritable ? 'Writable, as they were there:' : 'Could be written there; here they cannot (writable: true lets them, or --keep-writable):') // prettier-ignore
  for (const name of wasWritable) lines.push(`  ${name}`)
  return lines
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
