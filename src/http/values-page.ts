/**
 * One page of latest values. The walk over all tags is cut into slices: a search over 100,000 tags holds the event loop no
 * longer than a slice. Pages follow the order of the configuration; the cursor names the last tag of the page before.
 */
import { GatewayError } from '../core/errors.ts'
import { isBad, isGood, isUncertain, statusByName, type StatusCode } from '../core/status.ts'
import type { TagInfo } from '../core/tags.ts'
import type { Gateway } from '../gateway.ts'
import { latestOf } from '../observe/latest-of.ts'
import { Slice } from '../core/slice.ts'
import { slicedSort } from '../observe/sliced-sort.ts'
import { tagsInSight, type Sight } from './auth/sight.ts'
import { cursorProblem, decodeCursor, encodeCursor } from './paging.ts'
import { shownDevice } from './shown-devices.ts'
import { IsoTexts, latestText } from './views.ts'

const LIST = 'values'

export const VALUES_SORTS = ['name', 'status', 'age'] as const

/** What `GET /api/v1/values` is asked. */
export interface ValuesQuery {
  readonly device?: string | undefined
  readonly status?: string | undefined
  readonly q?: string | undefined
  readonly sort?: (typeof VALUES_SORTS)[number] | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** The page as JSON text; nothing tells of what is not in sight. */
export async function valuesPage(gateway: Gateway, query: ValuesQuery, sight: Sight): Promise<string> {
  const matchesStatus = statusFilter(query.status)
  const matchesText = textFilter(query.q)
  const tags = await inOrder(gateway, tagsOf(gateway, query.device, sight), query.sort)
  const slice = new Slice()
  const times = new IsoTexts()
  const rows: string[] = []
  let next: string | null = null
  let given: TagInfo | undefined
  for (let at = startOf(tags, query.cursor); at < tags.length; at++) {
    const tag = tags[at]!
    await slice.breathe()
    if (!matchesText(tag)) continue
    const latest = latestOf(gateway, tag)
    if (!matchesStatus(latest.status)) continue
    if (rows.length === query.limit) {
      next = encode(at, tag, given!)
      break
    }
    given = tag
    rows.push(latestText(tag, latest, shownDevice(gateway, tag.device), { now: gateway.clock.now(), times }))
  }
  return `{"values":[${rows.join(',')}],"next":${JSON.stringify(next)}}`
}

/** A tag with what it is sorted by. */
type Keyed = readonly [key: number, tag: TagInfo]

async function inOrder(
  gateway: Gateway,
  tags: readonly TagInfo[],
  sort: ValuesQuery['sort'],
): Promise<readonly TagInfo[]> {
  if (sort === undefined) return tags
  if (sort === 'name') return slicedSort(tags, byName)
  const slice = new Slice()
  const keyed: Keyed[] = []
  for (const tag of tags) {
    const { status, receivedAt } = latestOf(gateway, tag)
    // The severity of a status stands in its two highest bits: bad is more than uncertain, uncertain more than good.
    keyed.push([sort === 'status' ? -(status >>> 30) : receivedAt, tag])
    await slice.breathe()
  }
  return (await slicedSort(keyed, ([a], [b]) => a - b, slice)).map(([, tag]) => tag)
}

function byName(a: TagInfo, b: TagInfo): number {
  if (a.device !== b.device) return a.device < b.device ? -1 : 1
  return a.settings.name < b.settings.name ? -1 : a.settings.name > b.settings.name ? 1 : 0
}

function tagsOf(gateway: Gateway, device: string | undefined, sight: Sight): readonly TagInfo[] {
  const { tags } = gateway.store
  if (device === undefined) return sight === undefined ? tags.all() : tagsInSight(tags.values(), sight)
  if (shownDevice(gateway, device) === undefined || sight?.(device) === false)
    throw new GatewayError('NOT_FOUND', `there is no device ${device}`)
  return gateway.store.tags.of(device)
}

const SEVERITIES = new Map([
  ['good', isGood],
  ['uncertain', isUncertain],
  ['bad', isBad],
])

function statusFilter(wanted: string | undefined): (status: StatusCode) => boolean {
  if (wanted === undefined) return () => true
  const severity = SEVERITIES.get(wanted.toLowerCase())
  // `good` is also the name of a code; as a filter it means every good value.
  if (severity !== undefined) return severity
  const info = statusByName(wanted)
  if (info !== undefined) return (status) => (status & 0xffff0000) >>> 0 === info.code
  const detail = `query parameter status: ${wanted} is neither good, uncertain, bad nor the name of a status code`
  throw new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/status' }] } })
}

function textFilter(q: string | undefined): (tag: TagInfo) => boolean {
  const wanted = q?.toLowerCase() ?? ''
  if (wanted === '') return () => true
  return ({ device, settings }) =>
    settings.name.toLowerCase().includes(wanted) ||
    device.toLowerCase().includes(wanted) ||
    (settings.description?.toLowerCase().includes(wanted) ?? false)
}

/** Position and id of the first row of the next page, and the id of the row before: an id finds the place again when the configuration has changed. */
const encode = (at: number, tag: TagInfo, before: TagInfo): string => encodeCursor(LIST, [at, tag.id, before.id])

function startOf(tags: readonly TagInfo[], cursor: string | undefined): number {
  if (cursor === undefined) return 0
  const [at, id, before] = decodeCursor(LIST, cursor, ['number', 'number', 'number']) as [number, number, number]
  if (tags[at]?.id === id) return at
  const found = tags.findIndex((tag) => tag.id === id)
  if (found >= 0) return found
  const last = tags.findIndex((tag) => tag.id === before)
  if (last >= 0) return last + 1
  throw cursorProblem('this page is gone, begin again without a cursor')
}
