/**
 * One page of latest values. The walk over all tags is cut into slices: a search over 100,000 tags holds the event loop no
 * longer than a slice. Pages follow the order of the configuration; the cursor names the last tag of the page before.
 */
import { GatewayError } from '../core/errors.ts'
import { isBad, isGood, isUncertain, statusByName, type StatusCode } from '../core/status.ts'
import type { TagInfo } from '../core/tags.ts'
import type { Gateway } from '../gateway.ts'
import { latestOf } from '../observe/latest-of.ts'
import { Slice } from '../observe/slice.ts'
import { shownDevice } from './shown-devices.ts'
import { latestText } from './views.ts'

/** What `GET /api/v1/values` is asked. */
export interface ValuesQuery {
  readonly device?: string | undefined
  readonly status?: string | undefined
  readonly q?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** The page as JSON text. */
export async function valuesPage(gateway: Gateway, query: ValuesQuery): Promise<string> {
  const matchesStatus = statusFilter(query.status)
  const matchesText = textFilter(query.q)
  const tags = tagsOf(gateway, query.device)
  const slice = new Slice()
  const rows: string[] = []
  let next: string | null = null
  for (let at = startOf(tags, query.cursor); at < tags.length; at++) {
    const tag = tags[at]!
    await slice.breathe()
    if (!matchesText(tag)) continue
    const latest = latestOf(gateway, tag)
    if (!matchesStatus(latest.status)) continue
    if (rows.length === query.limit) {
      next = encodeCursor(at, tag.id)
      break
    }
    rows.push(latestText(tag, latest, shownDevice(gateway, tag.device), gateway.clock.now()))
  }
  return `{"values":[${rows.join(',')}],"next":${JSON.stringify(next)}}`
}

function tagsOf(gateway: Gateway, device: string | undefined): readonly TagInfo[] {
  if (device === undefined) return [...gateway.store.tags.values()]
  if (shownDevice(gateway, device) === undefined) throw new GatewayError('NOT_FOUND', `there is no device ${device}`)
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

/** Position and id of the first row of the next page: the id finds the place again when the configuration has changed. */
const encodeCursor = (at: number, id: number): string => Buffer.from(`${at}.${id}`).toString('base64url')

function startOf(tags: readonly TagInfo[], cursor: string | undefined): number {
  if (cursor === undefined) return 0
  const match = /^(\d+)\.(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  const at = Number(match?.[1])
  const id = Number(match?.[2])
  if (tags[at]?.id === id) return at
  const found = match === null ? -1 : tags.findIndex((tag) => tag.id === id)
  if (found >= 0) return found
  const detail = 'query parameter cursor: this page is gone, begin again without a cursor'
  throw new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/cursor' }] } })
}
