/** A device that was found, as text for a configuration: an entry of `bifrost.yaml`, or the rows of a CSV tag list. */
import type { TagSettings } from '../../core/tags.ts'

/** A tag as a person would write it. */
export type ProposedTag = Pick<TagSettings, 'name' | 'address' | 'type'> &
  Partial<Pick<TagSettings, 'unit' | 'description' | 'length'>> & { readonly every?: string }

/** The lines of one entry under `devices:`. Texts are quoted as JSON quotes them, which is YAML too. */
export function yamlEntry(
  name: string,
  options: Readonly<Record<string, unknown>>,
  tags: readonly ProposedTag[],
): string[] {
  const words = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const head = [
    `- name: ${JSON.stringify(name)}`,
    '  driver: modbus',
    `  options: { ${words.join(', ')} }`,
    '  every: 1s',
  ]
  if (tags.length === 0) return [...head, '  tags: []']
  return [...head, '  tags:', ...tags.map((tag) => `    - { ${yamlTag(tag)} }`)]
}

const COLUMNS = ['name', 'address', 'type', 'length', 'unit', 'every', 'description'] as const

function yamlTag(tag: ProposedTag): string {
  return COLUMNS.filter((column) => tag[column] !== undefined)
    .map((column) => `${column}: ${JSON.stringify(tag[column])}`)
    .join(', ')
}

/** The lines of a CSV file, header first (RFC 4180). */
export function csvLines(tags: readonly ProposedTag[]): string[] {
  const used = COLUMNS.filter((column) => tags.some((tag) => tag[column] !== undefined))
  return [used.join(','), ...tags.map((tag) => used.map((column) => csvCell(tag[column])).join(','))]
}

function csvCell(value: string | number | undefined): string {
  const text = `${value ?? ''}`
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
