/** A device that was found, as text for a configuration: an entry of `bifrost.yaml`, or the rows of a CSV tag list. */
import type { FoundDevice } from './driver.ts'
import { formatDuration } from './duration.ts'
import type { TagSettings } from './tags.ts'

/** A tag as it is proposed: what is absent keeps its default. */
export type ProposedTag = Pick<TagSettings, 'name' | 'address' | 'type'> &
  Partial<Pick<TagSettings, 'length' | 'unit' | 'everyMs' | 'low' | 'high' | 'writable' | 'description' | 'symbols'>>

/** A device as it is proposed. */
export interface ProposedDevice {
  readonly name: string
  readonly driver: string
  readonly options: Readonly<Record<string, unknown>>
  readonly tags: readonly Partial<ProposedTag>[]
}

/** A device that a scan found, under the name that its place gives. */
export function proposedDevice({ endpoint, options, tags }: FoundDevice, driver: string): ProposedDevice {
  const name = `${driver}-${endpoint}`.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '')
  return { name, driver, options, tags }
}

/** The same as one entry of `devices`, for programs. */
export const plainEntry = ({ name, driver, options, tags }: ProposedDevice) => ({
  name,
  driver,
  options,
  every: '1s',
  tags: tags.map(columnsOf),
})

/** The lines of one entry under `devices:`. Texts are quoted as JSON quotes them, which is YAML too. */
export function yamlEntry({ name, driver, options, tags }: ProposedDevice): string[] {
  const words = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const head = [
    `- name: ${JSON.stringify(name)}`,
    `  driver: ${driver}`,
    `  options: { ${words.join(', ')} }`,
    '  every: 1s',
  ]
  return [...head, ...yamlTags(tags).map((line) => `  ${line}`)]
}

/** The lines of `tags:` of a device. */
export const yamlTags = (tags: readonly Partial<ProposedTag>[]): string[] =>
  tags.length === 0 ? ['tags: []'] : ['tags:', ...tags.map((tag) => `  - { ${yamlTag(tag)} }`)]

/** The lines of a CSV file, header first (RFC 4180). */
export function csvLines(tags: readonly Partial<ProposedTag>[]): string[] {
  const rows = tags.map(columnsOf)
  const used = COLUMNS.filter((column) => rows.some((row) => row[column] !== undefined))
  return [used.join(','), ...rows.map((row) => used.map((column) => csvCell(row[column])).join(','))]
}

const COLUMNS = [
  'name', 'address', 'type', 'length', 'unit', 'every', 'low', 'high', 'writable', 'description', 'symbols',
] as const // prettier-ignore

type Row = Partial<Record<(typeof COLUMNS)[number], string | number | boolean>>

function columnsOf({ everyMs, ...rest }: Partial<ProposedTag>): Row {
  return { ...(rest as Row), ...(everyMs === undefined ? {} : { every: formatDuration(everyMs) }) }
}

function yamlTag(tag: Partial<ProposedTag>): string {
  const row = columnsOf(tag)
  return COLUMNS.filter((column) => row[column] !== undefined)
    .map((column) => `${column}: ${JSON.stringify(row[column])}`)
    .join(', ')
}

function csvCell(value: string | number | boolean | undefined): string {
  const text = `${value ?? ''}`
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
