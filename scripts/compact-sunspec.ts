/**
 * Makes `templates/sunspec/models/*.json` from the model files of the SunSpec Alliance (github.com/sunspec/models, folder json,
 * Apache-2.0): keeps what a gateway needs, drops prose, one line a point. `node scripts/compact-sunspec.ts FOLDER`.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

interface SourcePoint {
  readonly name: string
  readonly type: string
  readonly size: number
  readonly sf?: string | number
  readonly units?: string
  readonly label?: string
  readonly access?: string
  readonly mandatory?: string
  readonly static?: string
  readonly symbols?: readonly { readonly name: string; readonly value: number }[]
}

interface SourceGroup {
  readonly name: string
  readonly label?: string
  readonly count?: string | number
  readonly points?: readonly SourcePoint[]
  readonly groups?: readonly SourceGroup[]
}

const target = join(import.meta.dirname, '..', 'templates', 'sunspec', 'models')

function compactPoint(point: SourcePoint): Record<string, unknown> {
  const { name, type, size, sf, units, label, symbols } = point
  return {
    name,
    type,
    size,
    sf,
    units,
    label,
    writable: point.access === 'RW' ? true : undefined,
    mandatory: point.mandatory === 'M' ? true : undefined,
    static: point.static === 'S' ? true : undefined,
    symbols: symbols === undefined ? undefined : Object.fromEntries(symbols.map((one) => [one.name, one.value])),
  }
}

function groupLines(group: SourceGroup, head: Record<string, unknown>, indent: string): string {
  const { name, label, count, points = [], groups = [] } = group
  const start = JSON.stringify({ ...head, name, label, count }).slice(0, -1)
  const pointLines = points.map((point) => `\n${indent} ${JSON.stringify(compactPoint(point))}`).join(',')
  const inner = groups.map((one) => `\n${indent} ${groupLines(one, {}, `${indent} `)}`).join(',')
  return `${start},"points":[${pointLines}]${groups.length === 0 ? '' : `,"groups":[${inner}]`}}`
}

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('which folder holds model_*.json?')
for (const file of globSync('model_*.json', { cwd: folder })) {
  const { id, group } = JSON.parse(readFileSync(join(folder, basename(file)), 'utf8')) as {
    id: number
    group: SourceGroup
  }
  writeFileSync(join(target, `${id}.json`), `${groupLines(group, { id }, '')}\n`)
}
