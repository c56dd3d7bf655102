/**
 * What was imported, as the files of a configuration: bifrost.yaml and a tag list a device. Every file is made in memory first; writing is
 * the caller's business.
 */
import { formatDuration } from '../core/duration.ts'
import { oneLine } from '../core/one-line.ts'
import type { ImportedDevice, ImportedTag } from './importer.ts'

export interface FolderOptions {
  /** Tags that could be written there may be written here. */
  readonly keepWritable: boolean
  readonly kind: string
  /** The name of the file that was read. */
  readonly source: string
}

const COLUMNS = [
  'name', 'address', 'type', 'order', 'length', 'unit', 'every', 'low', 'high', 'scale', 'offset', 'clamp', 'writable', 'description',
] as const // prettier-ignore

type Column = (typeof COLUMNS)[number]

/** The files by name. The rows of a tag list are in the order of the tags, one line each, the header first. */
export function filesOf(devices: readonly ImportedDevice[], options: FolderOptions): Map<string, string> {
  const files = new Map<string, string>()
  const lines = [
    `# Imported from ${JSON.stringify(options.source)} (${options.kind}).`,
    '# What could not be carried over is in import-report.txt. Nothing is written to devices unless a tag says writable: true.',
    '# Check it with `bifrost check -c bifrost.yaml`, read a tag with `bifrost read -c bifrost.yaml DEVICE/TAG`.',
    'version: 1',
    'data: ./data',
    'http: { listen: 127.0.0.1:8080 }',
    devices.length === 0 ? 'devices: []' : 'devices:',
  ]
  for (const device of devices) {
    const list = listName(device.name, files)
    files.set(list, csvOf(device.tags, options))
    lines.push(`  # from ${oneLine(device.place)}`, ...entryOf(device, list))
  }
  lines.push('# Where values go; docs/reference/sinks.md has them all.', 'sinks: []', '')
  files.set('bifrost.yaml', lines.join('\n'))
  return files
}

function entryOf({ name, driver, options, everyMs, enabled }: ImportedDevice, list: string): string[] {
  return [
    `  - name: ${yaml(name)}`,
    `    driver: ${driver}`,
    `    options: ${yaml(options)}`,
    ...(enabled ? [] : ['    enabled: false']),
    `    every: ${durationText(everyMs)}`,
    `    tags: ${yaml(list)}`,
  ]
}

/** JSON is YAML; a dollar sign would begin a reference to the environment. */
const yaml = (value: unknown): string => JSON.stringify(value).replaceAll('$', '$$$$')

/** File names that every system takes, whatever the device is called. */
function listName(name: string, taken: ReadonlyMap<string, string>): string {
  const plain = name.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60) || 'device' // prettier-ignore
  for (let n = 1; ; n++) {
    const file = `${plain}${n === 1 ? '' : `-${n}`}.csv`
    if (!taken.has(file)) return file
  }
}

function csvOf(tags: readonly ImportedTag[], options: FolderOptions): string {
  const rows = tags.map((tag) => cellsOf(tag, options))
  const used = COLUMNS.filter((column) => rows.some((row) => row[column] !== undefined))
  return [used.join(','), ...rows.map((row) => used.map((column) => cell(row[column])).join(',')), ''].join('\n')
}

function cellsOf({ everyMs, wasWritable, ...tag }: ImportedTag, { keepWritable }: FolderOptions) {
  const row: Partial<Record<Column, string | number | boolean | undefined>> = { ...tag }
  row.every = everyMs === undefined ? undefined : durationText(everyMs)
  row.writable = keepWritable && wasWritable === true ? true : undefined
  return row
}

/** One word, exact: `1m 30s` for people is 90s in a file. */
const durationText = (ms: number): string => {
  const words = formatDuration(ms)
  return ms % 1000 === 0 && !words.includes(' ') && ms < 3_600_000 ? words : `${Math.max(1, Math.round(ms))}ms`
}

function cell(value: string | number | boolean | undefined): string {
  const text = `${value ?? ''}`
  return /[",;\t\r\n]|^[\s ]|[\s ]$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
