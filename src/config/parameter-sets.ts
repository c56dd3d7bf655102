/** The parameter sets of a device: `parameterSets` and `parameterWrites` of its entry, with the entries from CSV or inline. */
import { z } from 'zod'
import type { DriverType } from '../core/driver.ts'
import { duration } from '../core/duration.ts'
import { nameFault } from '../core/name.ts'
import { RESTORE_FAILURES, type DeviceParameters, type Parameter, type ParameterSet } from '../core/parameters.ts'
import type { TagConfig } from './config.ts'
import { show } from './issue-words.ts'
import { closestFile, type Loading } from './loading.ts'
import { PARAMETER_COLUMN_NAMES, PARAMETER_COLUMNS } from './parameter-columns.ts'
import { formatPlace, type Place } from './problem.ts'
import type { Path } from './places.ts'
import type { Entry } from './plug-ins.ts'
import { checkSchema } from './schema-check.ts'
import { openTagCsv } from './tag-csv.ts'
import { inlineRows } from './tag-inline.ts'
import { readTagList } from './tag-list.ts'
import { formatPath, UNRESOLVED, type YamlMapping } from './yaml-source.ts'

/** Bounds of what one device may have. */
const MOST_SETS = 50
const MOST_PARAMETERS = 5000

const BY_NAME = new Map(PARAMETER_COLUMNS.map((column) => [column.name, column]))

/** What is said of a device that has parameters; part of its schema, with and without a template. */
export const parameterOptions = {
  parameterWrites: z
    .boolean()
    .default(false)
    .describe(
      'true: parameter sets that say `restore: true` may be written to this device. Nothing of them is ever written otherwise.',
    ),
  parameterSets: z
    .unknown()
    .optional()
    .describe('Named sets of parameters that are read, kept, compared with the device and put back: a list.'),
}

export const parameterSetSchema = z.object({
  name: z.string().describe('Name of the set, unique within its device; no slash.'),
  description: z.string().optional().describe('For the people who read it.'),
  restore: z
    .boolean()
    .default(false)
    .describe('true: it may be written to the device, where the device says `parameterWrites: true` too.'),
  onFailure: z
    .enum(RESTORE_FAILURES)
    .default('stop')
    .describe(
      'What a restore does after a parameter that could not be written: stop, or continue with the next one. Without a connection it always stops.',
    ),
  compareEvery: duration({ minMs: 1000, maxMs: 20 * 86_400_000 })
    .optional()
    .describe('How often the device is compared with the newest stored version by itself; never where absent.'),
  entries: z.unknown().describe('The parameters, in the order in which they are written: a list, or a CSV file.'),
})

/** Undefined where the entry says nothing of parameters. */
export function loadParameters(
  { mapping, path }: Pick<Entry, 'mapping' | 'path'>,
  type: DriverType,
  loading: Loading,
): DeviceParameters | undefined {
  const { source, problems } = loading
  const { parameterSets: list, parameterWrites } = mapping
  const at = [...path, 'parameterSets']
  if (list === undefined || list === null || list === UNRESOLVED) return undefined
  if (!Array.isArray(list)) {
    problems.add(source.placeOf(at), formatPath(at), `expected a list of parameter sets, got ${show(list)}`)
    return undefined
  }
  if (list.length > MOST_SETS)
    problems.add(source.placeOf(at), formatPath(at), `a device has at most ${MOST_SETS} parameter sets`)
  const names = new Map<string, Place>()
  const sets = list
    .slice(0, MOST_SETS)
    .flatMap((item: unknown, index) => loadSet(item, [...at, index], { names, type, loading }))
  return { writes: parameterWrites === true || parameterWrites === 'true', sets }
}

/**
 * A restore asks for no interlock and no second person: where a tag has such rules, the parameter at its address would be the way
 * around them. Told at the sets of the device.
 */
export function refuseRuledAddresses(
  parameters: DeviceParameters | undefined,
  tags: readonly TagConfig[],
  type: DriverType,
  complain: (message: string) => void,
): void {
  const writable = parameters?.sets.filter(({ restore }) => restore) ?? []
  if (parameters?.writes !== true || writable.length === 0) return
  const ruled = new Map(tags.filter(hasRules).map(({ address, settings }) => [type.describeAddress(address), settings.name])) // prettier-ignore
  if (ruled.size === 0) return
  for (const { name: set, parameters: own } of writable) {
    for (const { settings, address } of own) {
      const tag = ruled.get(type.describeAddress(address))
      if (tag === undefined || settings.readOnly === true) continue
      complain(
        `the parameter "${settings.name}" of the set "${set}" would be written where the tag "${tag}" has rules for its writes (interlock, steps, pace, a second person); mark it readOnly`,
      )
    }
  }
}

function hasRules({ settings }: TagConfig): boolean {
  const { interlock, approval, critical, writeStep, writeEveryMs, writeValues } = settings
  return [interlock, approval, critical, writeStep, writeEveryMs, writeValues].some(
    (one) => one !== undefined && one !== false,
  )
}

interface SetContext {
  readonly names: Map<string, Place>
  readonly type: DriverType
  readonly loading: Loading
}

function loadSet(item: unknown, path: Path, { names, type, loading }: SetContext): ParameterSet[] {
  const { source, problems } = loading
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    const message = `expected a mapping such as { name: drive, entries: drive.csv }, got ${show(item)}`
    problems.add(source.placeOf(path), formatPath(path), message)
    return []
  }
  const mapping = item as YamlMapping
  const head = checkSchema(parameterSetSchema, { source, path, value: mapping }, problems)
  const parameters = loadEntries(mapping.entries, [...path, 'entries'], type, loading)
  if (head === undefined) return []
  const at = [...path, 'name']
  const fault = nameFault(head.name, 'parameter set')
  const earlier = names.get(head.name)
  if (fault !== undefined) problems.add(source.placeOf(at), formatPath(at), fault)
  if (earlier !== undefined) {
    const message = `the parameter set "${head.name}" exists already, at ${formatPlace(earlier)}`
    problems.add(source.placeOf(at), formatPath(at), message)
    return []
  }
  names.set(head.name, source.placeOf(at))
  const { name, description, restore, onFailure, compareEvery } = head
  return [{ name, description, restore, onFailure, compareEveryMs: compareEvery, parameters }]
}

function loadEntries(entries: unknown, at: Path, type: DriverType, loading: Loading): Parameter[] {
  const { source, problems } = loading
  if (entries === UNRESOLVED) return []
  const complain = (message: string, suggestion?: string) =>
    problems.add(source.placeOf(at), formatPath(at), message, suggestion)
  const context = { type, everyMs: 1000, problems, kind: 'parameter' as const }
  let parameters: Parameter[]
  if (Array.isArray(entries))
    parameters = readTagList(inlineRows(source, at, entries, problems, PARAMETER_COLUMN_NAMES, BY_NAME), context)
  else if (typeof entries === 'string') {
    const [path, shown] = [loading.openPath(entries), loading.showPath(entries)]
    loading.onFile(path)
    const rows = openTagCsv(path, shown, problems, PARAMETER_COLUMNS)
    if (typeof rows === 'string') {
      complain(rows, closestFile(shown))
      return []
    }
    parameters = readTagList(rows, context)
  } else {
    complain(`expected the name of a CSV file or a list, got ${show(entries)}`)
    return []
  }
  if (parameters.length > MOST_PARAMETERS) complain(`a set has at most ${MOST_PARAMETERS} parameters`)
  return parameters
}
