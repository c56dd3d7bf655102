/**
 * The live values as a plain store that React reads with useSyncExternalStore. Rows are mutable and updated in place, so that
 * 5,000 updates a second cost no objects; listeners hear of changes at most ten times a second.
 */
import type { DeltaRow, DeviceView, JsonValue, LiveMessage, SnapshotValue, Writing } from '../api.ts'
import { severityOf } from '../status.ts'

/** One tag with its present state. The store alone writes to it. */
export interface LiveTag {
  readonly id: number
  readonly device: string
  readonly tag: string
  /** `device/tag`. */
  readonly key: string
  readonly unit: string | null
  readonly type: string
  readonly writable: boolean
  readonly low: number | null
  readonly high: number | null
  readonly writeMin: number | null
  readonly writeMax: number | null
  readonly description: string | null
  readonly writing?: Writing
  /** What the text filter looks into, in lower case. */
  readonly searched: string
  value: JsonValue
  /** The name of the value, where the tag names its numbers. */
  text: string | null
  status: number
  time: number | null
  receivedAt: number | null
  /** Why it is not good, where more is known than the status says. */
  reason: string | null
}

export interface Connection {
  readonly state: 'connecting' | 'open' | 'lost'
  /** When this state began, ms since 1970 by the browser's clock. */
  readonly since: number
  /** When the gateway was last heard of; undefined before the first time. */
  readonly heardAt: number | undefined
}

export interface GatewayInfo {
  readonly version: string
  readonly logId: string
}

/** What is looked at where there are too many tags to have them all. */
export interface Wanted {
  readonly q: string
  readonly device: string | undefined
  readonly quality: 'all' | 'abnormal' | 'uncertain' | 'bad'
  /** `device/tag` that are there in any case, such as pens. */
  readonly keys: readonly string[]
}

type Listener = () => void
export type Watcher = (tag: LiveTag) => void

const RENDER_EVERY_MS = 100
/** With more tags the page has only a part of them: those that the gateway finds for its filter. */
export const MOST_TAGS = 100_000

export class LiveStore {
  tags: readonly LiveTag[] = []
  devices: readonly DeviceView[] = []
  gateway: GatewayInfo | undefined
  connection: Connection = { state: 'connecting', since: Date.now(), heardAt: undefined }
  /** Grows whenever listeners are told. */
  version = 0
  /** Grows when tags come or go. */
  structure = 0
  /** Grows when the severity of any tag's status changes. */
  severities = 0
  /** Changes of values since the page was opened. */
  updates = 0
  /** Grows with every snapshot: what was missed in between must be fetched. */
  snapshots = 0
  /** How many tags there are, where the page has only those that are `wanted`; undefined: it has all. */
  partOf: number | undefined
  wanted: Wanted = { q: '', device: undefined, quality: 'all', keys: [] }
  /** Hears when something else is wanted. */
  onWanted: (() => void) | undefined
  /** Gateway's clock minus the browser's, in ms. */
  clockOffsetMs = 0
  #byId = new Map<number, LiveTag>()
  #byKey = new Map<string, LiveTag>()
  #deviceByName = new Map<string, DeviceView>()
  /** Device to the newest good read of its tags, ms since 1970. */
  #goodAt = new Map<string, number>()
  #listeners = new Set<Listener>()
  #watchers = new Set<Watcher>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #toldAt = 0

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls `watcher` with every changed row as it arrives, without the render limit: for trends. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  find(key: string): LiveTag | undefined {
    return this.#byKey.get(key)
  }

  device(name: string): DeviceView | undefined {
    return this.#deviceByName.get(name)
  }

  /** When a good value of the device was last read, ms since 1970: its values know it sooner than the device's own view. */
  lastGoodAt(device: DeviceView): number | undefined {
    const seen = this.#goodAt.get(device.name)
    const told = device.lastGoodAt === null ? undefined : Date.parse(device.lastGoodAt)
    return seen === undefined || told === undefined ? (seen ?? told) : Math.max(seen, told)
  }

  /** The gateway's present time. */
  now(): number {
    return Date.now() + this.clockOffsetMs
  }

  setConnection(state: Connection['state']): void {
    if (state === this.connection.state) return
    this.connection = { ...this.connection, state, since: Date.now() }
    this.#tell()
  }

  /** Something came from the gateway. */
  heard(): void {
    this.connection = { ...this.connection, heardAt: Date.now() }
  }

  want(wanted: Wanted): void {
    this.wanted = wanted
    this.onWanted?.()
  }

  apply(message: LiveMessage): void {
    switch (message.type) {
      case 'hello':
        this.clockOffsetMs = message.serverTime - Date.now()
        this.gateway = { version: message.version, logId: message.logId }
        this.partOf = (message.tags ?? 0) > MOST_TAGS ? message.tags : undefined
        break
      case 'snapshot':
        this.#replace(message.values)
        this.#setDevices(message.devices)
        break
      case 'delta':
        this.clockOffsetMs = message.serverTime - Date.now()
        for (const row of message.values) this.#update(row)
        this.updates += message.values.length
        break
      case 'devices':
        this.#mergeDevices(message.devices)
    }
    this.#tellSoon()
  }

  #replace(values: readonly SnapshotValue[]): void {
    this.tags = values.map(toLiveTag).sort((a, b) => a.id - b.id)
    this.#byId = new Map(this.tags.map((tag) => [tag.id, tag]))
    this.#byKey = new Map(this.tags.map((tag) => [tag.key, tag]))
    this.#goodAt.clear()
    for (const tag of this.tags) this.#noteRead(tag)
    this.structure++
    this.severities++
    this.snapshots++
  }

  #update(row: DeltaRow): void {
    const tag = this.#byId.get(row[0])
    if (tag === undefined) return
    if (severityOf(tag.status) !== severityOf(row[2])) this.severities++
    tag.value = row[1]
    tag.status = row[2]
    tag.time = row[3]
    tag.receivedAt = row[4]
    tag.reason = row[5] ?? null
    tag.text = row[6] ?? null
    this.#noteRead(tag)
    for (const watcher of this.#watchers) watcher(tag)
  }

  #mergeDevices(changed: readonly DeviceView[]): void {
    const byName = new Map(changed.map((device) => [device.name, device]))
    const kept = this.devices.map((device) => byName.get(device.name) ?? device)
    const known = new Set(this.devices.map((device) => device.name))
    this.#setDevices([...kept, ...changed.filter((device) => !known.has(device.name))])
  }

  #setDevices(devices: readonly DeviceView[]): void {
    this.devices = devices
    this.#deviceByName = new Map(devices.map((device) => [device.name, device]))
  }

  #noteRead({ device, status, receivedAt }: LiveTag): void {
    if (receivedAt === null || severityOf(status) !== 'good') return
    if (receivedAt > (this.#goodAt.get(device) ?? 0)) this.#goodAt.set(device, receivedAt)
  }

  #tellSoon(): void {
    if (this.#timer !== undefined) return
    const wait = Math.max(0, this.#toldAt + RENDER_EVERY_MS - performance.now())
    this.#timer = setTimeout(() => this.#tell(), wait)
  }

  #tell(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#toldAt = performance.now()
    this.version++
    for (const listener of this.#listeners) listener()
  }
}

function toLiveTag(value: SnapshotValue): LiveTag {
  const searched = `${value.device}/${value.tag} ${value.unit ?? ''} ${value.description ?? ''}`.toLowerCase()
  return { ...value, key: `${value.device}/${value.tag}`, searched }
}
