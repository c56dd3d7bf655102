/**
 * The gateway's JSON as the page uses it, and the calls that fetch it. What travels over REST is as the OpenAPI document has it
 * (`api/operations.ts`), with times in ISO 8601; the live socket has its own messages, with times in ms since 1970.
 */
import { call, idempotent, ProblemError } from './api/client.ts'
import type { Operations } from './api/operations.ts'

export { ProblemError }

type Answer<Name extends keyof Operations> = Operations[Name]['answer']

export type JsonValue = number | boolean | string | null
type Device = Answer<'GET /api/v1/devices/{device}'>
/** What the page shows of a device. */
export type DeviceView = Pick<
  Device,
  | 'name'
  | 'driver'
  | 'endpoint'
  | 'enabled'
  | 'insecure'
  | 'state'
  | 'stateSince'
  | 'reason'
  | 'lastGoodAt'
  | 'tags'
  | 'pollMs'
  | 'duty'
  | 'maintenance'
>
export type SessionState = DeviceView['state']
export type SinkView = Answer<'GET /api/v1/sinks'>['sinks'][number]
/** A gateway that hands on its log to this one. */
export type ReceivedView = Answer<'GET /api/v1/received'>['received'][number]
export type StatusInfo = Pick<Answer<'GET /api/v1/status-codes'>['statusCodes'][number], 'code' | 'name' | 'text'>
type WriteAnswer = Answer<'PUT /api/v1/values/{device}/{tag}'>
export type WriteView = Exclude<WriteAnswer, { pending: unknown }>
/** A write that waits for a second person. */
export type PendingWrite = Answer<'GET /api/v1/writes/pending'>['pending'][number]
export type StatusRef = WriteView['status']

/** What a write of a tag asks for. */
export interface Writing {
  /** Wants a reason, and the device's name typed. */
  readonly critical?: boolean
  /** A second person has to approve it. */
  readonly approval?: boolean
  /** The condition under which it may be written. */
  readonly interlock?: string
  /** The largest change from the present value. */
  readonly step?: number
  /** The values that may be written, or that have a name: as text, with their name. */
  readonly choices?: readonly (readonly [value: string, name: string])[]
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
  /** What a write of it asks for besides the value; only of tags that whoever looks may write. */
  readonly writing?: Writing
  readonly value: JsonValue
  /** The name of the value, where the tag names its numbers. */
  readonly text: string | null
  readonly status: number
  readonly time: number | null
  readonly receivedAt: number | null
  /** Why it is not good, in a sentence. */
  readonly reason: string | null
}

/** id, value, status, time, receivedAt; the reason where the status does not say it; the name of the value where it has one. */
export type DeltaRow = readonly [number, JsonValue, number, number | null, number | null, (string | null)?, string?]

export type LiveMessage =
  | { type: 'hello'; schema: number; serverTime: number; version: string; logId: string; tags?: number }
  | { type: 'snapshot'; values: readonly SnapshotValue[]; devices: readonly DeviceView[] }
  | { type: 'delta'; serverTime: number; values: readonly DeltaRow[]; conflated: number }
  | { type: 'devices'; devices: readonly DeviceView[] }

/** timeMs, value (null: bad quality, a gap), min, max, status, and of the samples behind it the mean and how many they are. */
export type HistoryPoint = readonly [number, JsonValue, JsonValue, JsonValue, number, avg?: JsonValue, count?: number]

export interface HistoryView {
  readonly raw: boolean
  readonly points: readonly HistoryPoint[]
}

/** The gateway ends a write before this; who has heard nothing by then does not know whether it happened. */
const WRITE_TIMEOUT_MS = 20_000

export const fetchSinks = async (signal: AbortSignal): Promise<readonly SinkView[]> =>
  (await call('GET /api/v1/sinks', { signal })).sinks

export const fetchReceived = async (signal: AbortSignal): Promise<readonly ReceivedView[]> =>
  (await call('GET /api/v1/received', { signal })).received

export const fetchStatusCodes = async (signal: AbortSignal): Promise<readonly StatusInfo[]> =>
  (await call('GET /api/v1/status-codes', { signal })).statusCodes

/** Between two times in ms, at most about `points` points. */
export async function fetchHistory(
  key: { device: string; tag: string },
  range: { from: number; to: number; points: number },
  signal: AbortSignal,
): Promise<HistoryView> {
  const [from, to] = [new Date(range.from).toISOString(), new Date(range.to).toISOString()]
  const query = { from, to, points: range.points }
  const { raw, points } = await call('GET /api/v1/history/{device}/{tag}', { params: key, query, signal })
  // JSON Schema tells the length of a row, and nothing of its places.
  return { raw, points: points as readonly unknown[] as readonly HistoryPoint[] }
}

/** What the device reads back, or the write that waits for a second person. Throws a ProblemError for what was refused. */
export async function writeValue(
  key: { device: string; tag: string },
  { value, reason }: { value: JsonValue; reason?: string },
): Promise<WriteView | PendingWrite> {
  const answer = await call('PUT /api/v1/values/{device}/{tag}', {
    params: key,
    body: { value: value ?? '', reason },
    ...idempotent(),
    signal: AbortSignal.timeout(WRITE_TIMEOUT_MS),
  })
  return 'pending' in answer ? answer.pending : answer
}

/** Whether the gateway answers at all; never throws. */
export async function isAlive(timeoutMs: number): Promise<boolean> {
  try {
    return (await fetch('/livez', { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) })).ok
  } catch {
    return false
  }
}
