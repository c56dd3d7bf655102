/** An explained tag as the API shows it. */
import type { z } from 'zod'
import type { SampleBatch } from '../core/batch.ts'
import type { FramePlace, Point } from '../core/driver.ts'
import type { SinkMessage } from '../core/sink.ts'
import { toJsonValue } from '../core/value.ts'
import type { Gateway } from '../gateway.ts'
import type { Delivery } from '../observe/explain/deliveries.ts'
import type { Explanation } from '../observe/explain/explain.ts'
import type { PlacedExchange } from '../observe/explain/next-sample.ts'
import type { SeenRow } from '../observe/explain/probes.ts'
import { viewExchanges } from '../observe/trace/exchange-view.ts'
import type { DeviceSession } from '../polling/session.ts'
import type { explainSchema, messageSchema } from './explain-schemas.ts'
import { isoOf, reasonOf, statusView } from './views.ts'
import { HIDDEN } from './hidden.ts'

/** Of a payload so much is shown. */
const SHOWN_BYTES = 16_384
/** Tags that were read together, by name, at most. */
const SHOWN_TAGS = 200

/** `seesAll`: reasons of sinks may name devices and tags of others. */
export function explainView(
  gateway: Gateway,
  explained: Explanation,
  askedAt: number,
  seesAll: boolean,
): z.input<typeof explainSchema> {
  const { tag, session, point, sample, stored } = explained
  const { passage } = sample
  const { settings, device } = tag
  return {
    device,
    tag: settings.name,
    address: settings.address,
    addressText: describe(session, point),
    type: settings.type,
    unit: settings.unit ?? null,
    everyMs: settings.everyMs,
    askedAt: new Date(askedAt).toISOString(),
    waitedMs: Math.round(sample.waitedMs),
    fate: explained.fate,
    reason: explained.reason ?? null,
    state: {
      name: session.state,
      since: isoOf(session.stateSince) ?? new Date(0).toISOString(),
      reason: session.reason,
    },
    wire: wireView(explained),
    raw:
      passage === undefined
        ? null
        : {
            ...rowView(passage.raw),
            receivedAt: isoOf(passage.receivedAt),
            reason: reasonOf(passage.raw.status, session, tag.id),
          },
    steps: explained.steps.map(({ before, after, ...step }) => ({
      ...step,
      before: before === undefined ? null : rowView(before),
      after: after === undefined ? null : rowView(after),
    })),
    store: stored === undefined ? null : storeView(gateway, explained, stored),
    sinks: explained.deliveries.map((delivery) => deliveryView(delivery, stored!, seesAll)),
  }
}

function wireView({ session, point, sample, source, sourceProblem }: Explanation) {
  const { exchanges } = sample
  const last = exchanges.at(-1)
  const isSubscribed = session.isSubscribed(point)
  const views = viewExchanges(exchanges, session.type, {})
  const why = sourceProblem ?? session.reasonOf(point.tag)
  const problem =
    last === undefined && source === undefined
      ? `No request of this tag was seen while it was waited for.${why === undefined ? '' : ` ${why}`}`
      : null
  return {
    kind: isSubscribed ? ('subscribed' as const) : ('polled' as const),
    exchange: views.at(-1) ?? null,
    place: last === undefined ? null : placeView(last.place),
    together: last === undefined ? { tags: [], total: 0 } : together(session, last),
    retries: Math.max(0, views.length - 1),
    earlier: views.slice(0, -1),
    source: source ?? null,
    problem,
  }
}

export const placeView = ({ block, start, length, bytes, reading }: FramePlace) => ({
  block,
  start: start ?? null,
  length,
  bytes: bytes === undefined ? null : hex(bytes),
  reading,
})

/** The other tags of the device whose values the same answer carries. */
function together(session: DeviceSession, { exchange }: PlacedExchange) {
  const found = session.points.filter((point) => session.placeIn(point, exchange) !== undefined)
  return { tags: found.slice(0, SHOWN_TAGS).map(({ settings }) => settings.name), total: found.length }
}

const rowView = ({ value, status, time }: SeenRow) => ({
  value: toJsonValue(value),
  status: statusView(status),
  time: isoOf(time),
})

function storeView({ store }: Gateway, { fate, isDurable }: Explanation, stored: SampleBatch) {
  const { status, time, seq = 0 } = stored.sampleAt(0)
  const value = stored.lastValueAt(0)
  return { logId: store.logId, seq, durable: isDurable, isThis: fate === 'stored', ...rowView({ value, status, time }) }
}

function deliveryView(
  { status, outcome, acknowledgedAt, refusal, messages }: Delivery,
  stored: SampleBatch,
  seesAll: boolean,
) {
  const { name, kind, state, pending, oldestPendingAgeMs, retries } = status
  const why = refusal ?? (outcome === 'pending' || outcome === 'disabled' ? status.reason : null)
  return {
    name,
    kind,
    state,
    routed: true,
    outcome,
    acknowledgedAt: isoOf(acknowledgedAt),
    afterMs: acknowledgedAt === undefined ? null : Math.max(0, Math.round(acknowledgedAt - stored.receivedAt)),
    reason: seesAll || why === null ? why : HIDDEN,
    pending,
    oldestPendingAgeMs,
    retries,
    nextAttemptAt: isoOf(status.nextAttemptAt),
    lastError: seesAll ? (status.lastError?.reason ?? null) : null,
    messages: messages?.map(messageView) ?? null,
  }
}

export function messageView({ place, member, facts, payload, decoded }: SinkMessage): z.input<typeof messageSchema> {
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  const cut = bytes > SHOWN_BYTES
  return {
    place,
    member: member ?? null,
    facts,
    bytes,
    text: typeof payload === 'string' ? (cut ? payload.slice(0, SHOWN_BYTES) : payload) : null,
    hex: typeof payload === 'string' ? null : hex(payload.subarray(0, SHOWN_BYTES)),
    decoded: decoded ?? null,
    cut,
  }
}

/** An address that no driver knows any more stays as it was written. */
function describe({ type }: DeviceSession, { address, settings }: Point<unknown>): string {
  return address === undefined ? settings.address : (type.describeAddress?.(address) ?? settings.address)
}

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex').toUpperCase()
