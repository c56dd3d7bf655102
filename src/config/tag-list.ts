/**
 * From rows to tags: reads each cell, fills in defaults, lets the driver expand, parse and check the address, and refuses
 * names that come twice. Where a row stands (CSV or YAML) it knows only through `TagRow`. 100,000 rows pass through here at
 * every start, so that nothing is allocated for places before there is something to complain about.
 */
import type { DriverType } from '../core/driver.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { withDefaults, type TagSettings } from '../core/tags.ts'
import type { TagConfig } from './config.ts'
import { formatPlace, type Place, type ProblemList } from './problem.ts'
import { settingsFaults, type TagColumn, type TagDraft } from './tag-columns.ts'

/** One tag as written, wherever it stands. */
export interface TagRow {
  /** Calls `visit` for everything that is said of the tag. */
  each(visit: (column: TagColumn, text: string) => void): void
  /** Where the text of a column stands, or the row where the column is absent; `character` counts from 1 within the text. */
  placeOf(column: string, character?: number): Place
  pathOf(column: string): string
  /** The row that it is in all lists of a template; absent where this list has a row of its own. */
  readonly shared?: TagRow | undefined
}

export interface TagListContext {
  readonly type: DriverType
  readonly everyMs: number
  readonly problems: ProblemList
  /** What a row is called in messages; a tag where absent. */
  readonly kind?: 'parameter' | undefined
  /** Shared rows and the tags they became for this driver and interval: the very same ones again. */
  readonly made?: Map<TagRow, readonly TagConfig[]> | undefined
}

/** More than this many problems in one list are not told: the first ones say enough. */
const MOST_PROBLEMS = 1000

/** The tags of one device. Rows with problems are left out; the problems are in the list. */
export function readTagList(rows: Iterable<TagRow>, context: TagListContext): TagConfig[] {
  const { problems } = context
  const tags: TagConfig[] = []
  const origins = new Map<string, TagRow>()
  const start = problems.problems.length
  for (const row of rows) {
    const { shared } = row
    const made = shared === undefined ? undefined : context.made?.get(shared)
    if (made?.every(({ settings }) => !origins.has(settings.name)) === true) {
      for (const tag of made) {
        origins.set(tag.settings.name, row)
        tags.push(tag)
      }
      continue
    }
    const [count, first] = [problems.count, tags.length]
    const settings = readSettings(row, context)
    if (settings !== undefined) addTag(settings, row, tags, origins, context)
    if (problems.count === count && shared !== undefined) context.made?.set(shared, tags.slice(first))
    if (problems.problems.length - start < MOST_PROBLEMS) continue
    problems.add(
      row.placeOf('name'),
      row.pathOf('name'),
      `more than ${MOST_PROBLEMS} problems; the rest of this list was not read`,
    )
    break
  }
  return tags
}

function readSettings(row: TagRow, { everyMs, problems }: TagListContext): TagSettings | undefined {
  const before = problems.count
  const draft: TagDraft = { everyMs, clamp: false, writable: false }
  let faulty: Set<string> | undefined
  row.each((column, text) => {
    const fault = column.read(text, draft)
    if (fault === undefined) return
    faulty ??= new Set()
    faulty.add(column.name)
    problems.add(row.placeOf(column.name, fault.character), row.pathOf(column.name), fault.message, fault.suggestion)
  })
  for (const column of ['name', 'address', 'type'] as const) {
    if (draft[column] === undefined && !faulty?.has(column))
      problems.add(row.placeOf(column), row.pathOf(column), `${column} is missing`)
  }
  for (const { column, message } of settingsFaults(draft))
    problems.add(row.placeOf(column), row.pathOf(column), message)
  if (draft.interlock !== undefined) noteInterlock(draft.interlock, row, problems)
  return problems.count === before ? (draft as TagSettings) : undefined
}

/** Whether the tags that it names exist is known when all are read; until then, where it stands. */
function noteInterlock(text: string, row: TagRow, { interlocks }: ProblemList): void {
  if (interlocks.has(text)) return
  interlocks.set(text, { placeOf: (column) => row.placeOf('interlock', column), path: row.pathOf('interlock') })
}

function addTag(
  settings: TagSettings,
  row: TagRow,
  tags: TagConfig[],
  origins: Map<string, TagRow>,
  context: TagListContext,
): void {
  const first = origins.get(settings.name)
  if (first !== undefined) {
    const where = formatPlace(first.placeOf('name'))
    context.problems.add(
      row.placeOf('name'),
      row.pathOf('name'),
      `the ${context.kind ?? 'tag'} "${settings.name}" exists already, at ${where}`,
    )
    return
  }
  origins.set(settings.name, row)
  const members = callDriver(row, context, () => context.type.expand?.(settings)) ?? undefined
  for (const member of members ?? [settings]) {
    if (member !== settings && origins.has(member.name) && member.name !== settings.name) {
      const where = formatPlace(origins.get(member.name)!.placeOf('name'))
      context.problems.add(
        row.placeOf('name'),
        row.pathOf('name'),
        `its member "${member.name}" exists already, at ${where}`,
      )
      continue
    }
    origins.set(member.name, row)
    const tag = parseTag(member, row, context)
    if (tag !== undefined) tags.push(tag)
  }
}

function parseTag(settings: TagSettings, row: TagRow, context: TagListContext): TagConfig | undefined {
  return callDriver(row, context, () => {
    const address = context.type.parseAddress(settings.address)
    const fault = context.type.check?.(address, settings)
    if (fault === undefined) return { settings: withDefaults(settings, context.type.tagDefaults?.(address)), address }
    context.problems.add(row.placeOf('address'), row.pathOf('address'), fault)
    return undefined
  })
}

/** Runs a driver's parser; what it refuses becomes a problem at the very character. */
function callDriver<T>(row: TagRow, { type, problems }: TagListContext, call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    const details = error instanceof GatewayError ? error.details : {}
    const character = typeof details.column === 'number' ? details.column : 1
    const suggestion =
      typeof details.suggestion === 'string' && !/did you mean/i.test(messageOf(error)) ? details.suggestion : undefined
    const examples =
      suggestion === undefined && !/did you mean|such as|like /i.test(messageOf(error))
        ? `; ${type.name} addresses look like ${type.addressExamples.slice(0, 3).join(', ')}`
        : ''
    problems.add(row.placeOf('address', character), row.pathOf('address'), `${messageOf(error)}${examples}`, suggestion)
    return undefined
  }
}
