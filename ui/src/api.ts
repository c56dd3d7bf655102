/**
 * The gateway's JSON as the page uses it (docs/design/modules.md), and the calls that fetch it. Times over the live socket are
 * ms since 1970; over REST they are ISO 8601.
 */
export type JsonValue = number | boolean | string | null
export type SessionState = 'Running' | 'Connecting' | 'Degraded' | 'Failed' | 'Disabled'

export interface StatusRef {
  readonly code: number
  readonly name: string
}

export interface StatusInfo extends StatusRef {
  readonly text: string
}

/** One value as the snapshot describes it. */
export interface SnapshotValue {
  readonly id: number
  readonly device: string
  readonly tag: string
  readonly unit: string | null
  readonly type: string
  readonly writable: boolean
  readonly low: number | null
  readonly high: number | null
  readonly writeMin: number | null
  readonly writeMax: number | null
  readonly description: string | null
  readonly value: JsonValue
  /** The name of the value, where the tag names its numbers. */
  readonly text: string | null
  readonly status: number
  readonly time: number | null
  readonly receivedAt: number | null
  /** Why it is not good, in a sentence. */
  readonly reason: string | null
}

export interface DeviceView {
  readonly name: string
  readonly driver: string
  readonly endpoint: string
  readonly enabled: boolean
  readonly state: SessionState
  readonly stateSince: string
  readonly reason: string | null
  readonly lastGoodAt: string | null
  readonly tags: { readonly total: number; readonly good: number; readonly uncertain: number; readonly bad: number }
  readonly pollMs: { readonly p50: number | null; readonly p99: number | null }
}

/** id, value, status, time, receivedAt; the reason where the status does not say it; the name of the value where it has one. */
export type DeltaRow = readonly [number, JsonValue, number, number | null, number | null, (string | null)?, string?]

export type LiveMessage =
  | { type: 'hello'; schema: number; serverTime: number; version: string; logId: string }
  | { type: 'snapshot'; values: readonly SnapshotValue[]; devices: readonly DeviceView[] }
  | { type: 'delta'; serverTime: number; values: readonly DeltaRow[]; conflated: number }
  | { type: 'devices'; devices: readonly DeviceView[] }

export interface SinkView {
  readonly name: string
  readonly kind: string
  readonly state: SessionState
  readonly stateSince: string
  readonly reason: string | null
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Readonly<Record<string, number>>
  readonly oldestPendingAgeMs: number | null
}

/** A gateway that hands on its log to this one. */
export interface ReceivedView {
  readonly name: string
  readonly connected: boolean
  readonly since: string
  /** Why it is away, in a sentence. */
  readonly reason: string | null
  readonly from: string | null
  readonly samples: number
  readonly rejected: number
}

/** timeMs, value (null: bad quality, a gap), min, max, status, and of the samples behind it the mean and how many they are. */
export type HistoryPoint = readonly [number, JsonValue, JsonValue, JsonValue, number, avg?: JsonValue, count?: number]

export interface HistoryView {
  readonly raw: boolean
  readonly points: readonly HistoryPoint[]
}

export interface WriteView {
  readonly value: JsonValue
  readonly status: StatusRef
  readonly readBack: JsonValue
  readonly readBackStatus: StatusRef | null
  readonly durationMs: number
  /** How it was done, where the status does not say it. */
  readonly remark: string | null
}

/** What the device said to a write that failed. */
export interface WriteOutcome {
  readonly status?: StatusRef
  readonly readBack?: JsonValue
  readonly readBackStatus?: StatusRef
}

/** What the gateway refused, in its own words (RFC 9457): the sentence is the message, `help` the next step. */
export class ProblemError extends Error {
  readonly httpStatus: number
  readonly code: string | undefined
  readonly help: string | undefined
  readonly result: WriteOutcome

  constructor(httpStatus: number, problem: ProblemBody) {
    super(problem.detail ?? problem.title ?? `HTTP ${httpStatus}`)
    this.httpStatus = httpStatus
    this.code = problem.code
    this.help = problem.help
    this.result = problem.result ?? {}
  }
}

interface ProblemBody {
  readonly detail?: string
  readonly title?: string
  readonly code?: string
  readonly help?: string
  readonly result?: WriteOutcome
}

/** The gateway ends a write before this; who has heard nothing by then does not know whether it happened. */
const WRITE_TIMEOUT_MS = 20_000

export async function fetchSinks(signal: AbortSignal): Promise<readonly SinkView[]> {
  return (await request<{ sinks: readonly SinkView[] }>('/api/v1/sinks', { signal })).sinks
}

export async function fetchReceived(signal: AbortSignal): Promise<readonly ReceivedView[]> {
  return (await request<{ received: readonly ReceivedView[] }>('/api/v1/received', { signal })).received
}

export async function fetchStatusCodes(signal: AbortSignal): Promise<readonly StatusInfo[]> {
  const body = await request<{ statusCodes: readonly StatusInfo[] }>('/api/v1/status-codes', { signal })
  return body.statusCodes
}

/** Between two times in ms, at most about `points` points. */
export function fetchHistory(
  key: { device: string; tag: string },
  range: { from: number; to: number; points: number },
  signal: AbortSignal,
): Promise<HistoryView> {
  const query = new URLSearchParams({
    from: new Date(range.from).toISOString(),
    to: new Date(range.to).toISOString(),
    points: String(range.points),
  })
  return request(`/api/v1/history/${path(key)}?${query}`, { signal })
}

export function writeValue(
  key: { device: string; tag: string },
  body: { value: JsonValue; reason?: string },
): Promise<WriteView> {
  return request(`/api/v1/values/${path(key)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(WRITE_TIMEOUT_MS),
  })
}

/** Whether the gateway answers at all; never throws. */
export async function isAlive(timeoutMs: number): Promise<boolean> {
  try {
    return (await fetch('/livez', { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) })).ok
  } catch {
    return false
  }
}

const path = (key: { device: string; tag: string }): string =>
  `${encodeURIComponent(key.device)}/${encodeURIComponent(key.tag)}`

async function request<T>(url: string, init: RequestInit): Promise<T> {
  const response = await fetch(url, init)
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body as T
  throw new ProblemError(response.status, body ?? {})
}
