/**
 * What the API shows of tags and devices (house.md §6). Values are written as text by hand: a page of 10,000 rows, or the
 * rows of a live message, must not hold the event loop.
 */
import { quantile } from '../core/histogram.ts'
import type { LatestValue } from '../core/sink.ts'
import { Status, isBad, isGood, isUncertain, statusInfo } from '../core/status.ts'
import { symbolOf } from '../core/symbols.ts'
import type { TagInfo } from '../core/tags.ts'
import { toJsonValue, type TagId, type Value } from '../core/value.ts'
import type { Gateway } from '../gateway.ts'
import { latestOf } from '../observe/latest-of.ts'
import type { System } from '../observe/system/system.ts'
import { createDeviceStats, type DeviceSession } from '../polling/session.ts'
import { ownerOf } from './owners.ts'
import { isReceived, type ShownDevice } from './shown-devices.ts'

/** A value as JSON text. */
export function valueText(value: Value | undefined): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return JSON.stringify(toJsonValue(value))
}

/** `{ code, name }`. */
export const statusView = (code: number): { code: number; name: string } => ({ code, name: statusInfo(code).name })

/** Statuses that tell of the device rather than of the point: its reason is theirs. */
const OF_THE_DEVICE: ReadonlySet<number> = new Set([
  Status.BadNoCommunication,
  Status.BadNotConnected,
  Status.BadTimeout,
  Status.BadOutOfService,
  Status.UncertainNoCommunicationLastUsableValue,
])

/** Why a value is not good, in a sentence; null when it is. */
export function reasonOf(status: number, device: ShownDevice | undefined, tag: TagId): string | null {
  if (isGood(status)) return null
  const { code, text } = statusInfo(status)
  const ofTag = driverReason(status, device, tag)
  return ofTag ?? (OF_THE_DEVICE.has(code) ? device?.reason : undefined) ?? text
}

/** What the driver knows of a bad tag, unless the device as a whole is the reason. */
export function driverReason(status: number, device: ShownDevice | undefined, tag: TagId): string | undefined {
  if (device === undefined || !isBad(status)) return undefined
  const isThere = device.state === 'Running' || device.state === 'Degraded'
  return isThere ? device.reasonOf(tag) : undefined
}

/** Makes the text of times; values of one reply have the same. */
export class IsoTexts {
  #ms = Number.NaN
  #text = 'null'

  of(ms: number): string {
    if (ms === this.#ms) return this.#text
    this.#ms = ms
    this.#text = JSON.stringify(isoOf(ms))
    return this.#text
  }
}

/** One tag's latest value as the JSON text of the REST API. */
export function latestText(
  tag: TagInfo,
  latest: LatestValue,
  device: ShownDevice | undefined,
  { now, times = new IsoTexts() }: { now: number; times?: IsoTexts },
): string {
  const { settings } = tag
  const had = latest.value !== undefined
  const age = had ? Math.max(0, Math.round(now - latest.receivedAt)) : null
  return (
    `{"id":${tag.id},"device":${JSON.stringify(tag.device)},"tag":${JSON.stringify(settings.name)},"value":${valueText(latest.value)},` +
    `"text":${JSON.stringify(symbolOf(latest.value, settings.symbols))},` +
    `"unit":${JSON.stringify(settings.unit ?? null)},"type":"${settings.type}",` +
    `"status":{"code":${latest.status},"name":"${statusInfo(latest.status).name}"},` +
    `"time":${had ? times.of(latest.time) : 'null'},"receivedAt":${latest.receivedAt > 0 ? times.of(latest.receivedAt) : 'null'},` +
    `"ageMs":${age},"writable":${settings.writable},"reason":${JSON.stringify(reasonOf(latest.status, device, tag.id))}}`
  )
}

/** A time as ISO 8601 in UTC; null where it is none. */
export function isoOf(ms: number | undefined): string | null {
  if (ms === undefined || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return null
  return new Date(ms).toISOString()
}

/** Tags of a device by quality. */
export interface TagCounts {
  total: number
  good: number
  uncertain: number
  bad: number
}

export function countTags(gateway: Gateway, { name }: ShownDevice): TagCounts {
  const tags = gateway.store.tags.of(name)
  const counts: TagCounts = { total: tags.length, good: 0, uncertain: 0, bad: 0 }
  for (const tag of tags) {
    const { status } = latestOf(gateway, tag)
    if (isGood(status)) counts.good++
    else if (isUncertain(status)) counts.uncertain++
    else counts.bad++
  }
  return counts
}

/** A device as the API and the live socket show it. */
export function deviceView(gateway: Gateway, system: System, device: ShownDevice, tags = countTags(gateway, device)) {
  const { name, endpoint, state, stateSince, reason } = device
  const { driver, lastGoodAt, stats } = isReceived(device) ? receivedFacts(gateway, name) : device
  return {
    name,
    kind: isReceived(device) ? 'received' : 'polled',
    owner: isReceived(device) ? null : ownerOf(gateway.config, 'device', name),
    driver,
    endpoint,
    enabled: state !== 'Disabled',
    insecure: !isReceived(device) && device.isInsecure,
    state,
    stateSince: isoOf(stateSince) ?? new Date(0).toISOString(),
    reason,
    lastGoodAt: isoOf(lastGoodAt),
    lastGoodAgeMs: lastGoodAt === undefined ? null : Math.max(0, Math.round(gateway.clock.now() - lastGoodAt)),
    tags,
    polls: { total: stats.polls, ok: stats.pollsOk, failed: stats.pollsFailed, overruns: stats.overruns },
    requests: { ok: stats.requestsOk, failed: stats.requestsFailed, timeout: stats.requestsTimeout },
    reconnects: stats.reconnects,
    backfilled: stats.backfilled,
    pollMs: percentiles(stats.pollDuration),
    latenessMs: percentiles(stats.lateness),
    duty: isReceived(device) ? null : system.polls.duty(device),
    samplesPerSecond: isReceived(device) ? null : system.polls.samplesPerSecond(device),
    maintenance: maintenanceView(gateway, name),
    liveness: livenessView(gateway, isReceived(device) ? undefined : device.liveness()),
  }
}

function maintenanceView({ maintenance }: Gateway, device: string) {
  const window = maintenance.windows.length === 0 ? undefined : maintenance.windowOf(device)
  if (window === undefined) return null
  const { id, by, reason, until } = window
  return { id, by, reason, until: new Date(until).toISOString() }
}

function livenessView(gateway: Gateway, view: ReturnType<DeviceSession['liveness']>) {
  if (view === undefined) return null
  const { staleSince, provenAt, skewMs, ...counts } = view
  return {
    subscriptions: counts.subscriptions,
    monitoredItems: counts.monitoredItems,
    rebuilds: counts.rebuilds,
    missed: counts.missed,
    republished: counts.republished,
    overflows: counts.overflows,
    canaries: counts.canaries,
    clockResets: counts.clockResets,
    staleForSeconds: staleSince === undefined ? 0 : Math.max(0, gateway.clock.now() - staleSince) / 1000,
    provenAt: provenAt > 0 ? isoOf(provenAt) : null,
    clockOffsetMs: skewMs === undefined ? null : Math.round(skewMs),
  }
}

/** Nobody here polls a device that comes from another gateway. */
const NOT_POLLED = createDeviceStats()

function receivedFacts(gateway: Gateway, name: string) {
  let newest = 0
  for (const { id, device } of gateway.store.tags.of(name)) {
    const latest = gateway.store.latest.get(id)
    if (!isGood(latest.status) || latest.value === undefined) continue
    newest = Math.max(newest, gateway.receiver!.devices.vouch(device, latest).receivedAt)
  }
  return { driver: 'received', lastGoodAt: newest > 0 ? newest : undefined, stats: NOT_POLLED }
}

function percentiles(histogram: DeviceSession['stats']['pollDuration']) {
  const at = (share: number): number | null => toMs(quantile(histogram, share))
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

const toMs = (seconds: number | undefined): number | null =>
  seconds === undefined ? null : Math.round(seconds * 1e5) / 100
