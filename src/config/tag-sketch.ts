/**
 * One tag as a program gives it, before there is a configuration: read by the very columns of tag lists, so that what can be previewed can be
 * saved. Without a type it has the one that its address says, else the first that fits.
 */
import type { DriverType } from '../core/driver.ts'
import { nameFault } from '../core/name.ts'
import type { TagConfig } from './config.ts'
import { ProblemList, type Place } from './problem.ts'
import { closest } from './suggestion.ts'
import { TAG_COLUMN_NAMES, TAG_COLUMNS } from './tag-columns.ts'
import { readTagList, type TagRow } from './tag-list.ts'

export type TagSketch = Readonly<Record<string, string | number | boolean | null>>

export interface SketchedTag {
  /** More than one where it is an array; none where there are faults. */
  readonly tags: readonly TagConfig[]
  /** False: the device may know better. */
  readonly isTyped: boolean
  readonly faults: readonly { readonly column: string; readonly message: string }[]
}

/** What is tried where nobody gave a type. */
const LIKELY = ['uint16', 'bool', 'float64'] as const

const PLACE: Place = { file: 'tag', line: 1, column: 1 }

export function readTagSketch(type: DriverType, sketch: TagSketch): SketchedTag {
  const cells = { ...sketch, name: isGiven(sketch.name) ? sketch.name! : namedAfter(sketch.address) }
  const unknown = Object.keys(sketch).filter((key) => !TAG_COLUMN_NAMES.includes(key))
  if (unknown.length > 0) return { tags: [], isTyped: true, faults: unknown.map(unknownColumn) }
  if (isGiven(sketch.type)) return { ...read(type, cells), isTyped: true }
  const said = saidType(type, sketch.address)
  const candidates = (said === undefined ? LIKELY : [said]).map((one) => read(type, { ...cells, type: one }))
  const fitting = candidates.find(({ faults }) => faults.length === 0) ?? candidates[0]!
  return { ...fitting, isTyped: said !== undefined }
}

const namedAfter = (address: TagSketch[string] | undefined): string =>
  isGiven(address) && nameFault(String(address), 'tag') === undefined ? String(address) : 'tag'

const isGiven = (value: TagSketch[string] | undefined): boolean => value !== undefined && value !== null && value !== ''

function unknownColumn(column: string): { column: string; message: string } {
  const nearest = closest(column, TAG_COLUMN_NAMES)
  const hint = nearest === undefined ? `; known are ${TAG_COLUMN_NAMES.join(', ')}` : `, did you mean "${nearest}"?`
  return { column, message: `unknown key "${column}"${hint}` }
}

/** What the address says by itself. What is wrong with it is told when the tag is read. */
function saidType(type: DriverType, address: TagSketch[string] | undefined) {
  try {
    return type.tagDefaults?.(type.parseAddress(String(address)))?.type
  } catch {
    return undefined
  }
}

function read(type: DriverType, cells: TagSketch): Pick<SketchedTag, 'tags' | 'faults'> {
  const problems = new ProblemList()
  const row: TagRow = {
    each(visit) {
      for (const column of TAG_COLUMNS) {
        const value = cells[column.name]
        if (isGiven(value)) visit(column, String(value).trim())
      }
    },
    placeOf: () => PLACE,
    pathOf: (column) => column,
  }
  const tags = readTagList([row], { type, everyMs: 1000, problems })
  const faults = problems.problems.map(({ path, message, suggestion }) => ({
    column: path,
    message: suggestion === undefined ? message : `${message}, did you mean ${suggestion}?`,
  }))
  return { tags: faults.length === 0 ? tags : [], faults }
}
