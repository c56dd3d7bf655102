/** One OPC UA server as the rest of the gateway has it: what it does happens in the worker, this hands it on. */
import { SampleBatch } from '../../core/batch.ts'
import type {
  Context,
  Driver,
  Emit,
  Identity,
  Point,
  Poll,
  SourceFacts,
  StepResult,
  TagDefaults,
  WriteItem,
} from '../../core/driver.ts'
import type { DeviceHistory, HistoryRead, RefusedHistory } from '../../core/device-history.ts'
import type { LivenessView } from '../../core/driver-views.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { isBad, Status, type StatusCode } from '../../core/status.ts'
import type { TagSettings } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'
import { formatNode, type MemberStep, type OpcuaAddress } from './address.ts'
import type { BrowsedNode } from './browsed.ts'
import type { Tenant, WorkerHost } from './host.ts'
import {
  EMPTY_VIEW,
  type DeviceView,
  type HistoryAnswer,
  type ReadAnswer,
  type SentEvents,
  type SentPoint,
  type WriteAnswer,
} from './messages.ts'
import type { OpcuaOptions } from './options.ts'
import { placeOf } from './place.ts'

type OpcuaPoint = Point<OpcuaAddress>

/** What discovery needs to know of a device. */
export interface Site extends Pick<Context, 'name' | 'dial' | 'clock' | 'certificates'> {
  readonly endpoint: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly ignoreHostname: boolean
}

export class OpcuaDevice implements Driver<OpcuaAddress>, Tenant {
  readonly #options: OpcuaOptions
  readonly #context: Context
  readonly #host: WorkerHost
  readonly #number: number
  readonly #reasons = new Map<TagId, string>()
  /** Polls that the worker knows since it was opened. */
  readonly #known = new Set<string>()
  /** A server that is back is found within ten seconds. */
  readonly retryMaxMs = 5000
  readonly history?: DeviceHistory<OpcuaAddress>
  #opened = false
  #polls = 0
  #histories = 0
  #tickets = 0
  #emit: Emit | undefined
  #view: DeviceView = EMPTY_VIEW

  constructor(options: OpcuaOptions, context: Context, host: WorkerHost) {
    this.#options = options
    this.#context = context
    this.#host = host
    this.#number = host.number()
    if (options.history)
      this.history = {
        lookBackMs: options.historyLookBack,
        read: (points, from, to) => this.#readHistory(points, from, to),
      }
  }

  get log(): Context['log'] {
    return this.#context.log
  }

  async connect(signal: AbortSignal): Promise<void> {
    // The library in the worker looks the name up by itself: here it is said whether that may be reached at all.
    const { host, port } = placeOf(this.#options.endpoint)
    await this.#context.resolve?.(host, port)
    if (!this.#opened) {
      const setup = { device: this.#number, name: this.#context.name, options: this.#options }
      await this.#host.open(this, { ...setup, certificates: this.#context.certificates?.folder }, signal)
      this.#opened = true
    }
    await this.#call('connect', {}, signal)
  }

  subscribes({ address }: OpcuaPoint): boolean {
    if (address.kind === 'events') return true
    return address.kind === 'value' && this.#options.mode === 'subscribe' && !address.polled
  }

  prepare(points: readonly OpcuaPoint[], onDemand = false): Poll {
    const id = onDemand ? 0 : ++this.#polls
    const values = points.filter(({ address }) => address.kind === 'value')
    const others = points.filter(({ address }) => address.kind !== 'value')
    const size = this.#options.maxNodesPerRequest
    const steps = Math.max(Math.ceil(values.length / size), Math.min(1, others.length))
    return {
      steps,
      read: async (step, emit, signal): Promise<StepResult> => {
        // A method and a notifier have no value to be read.
        if (step === 0 && others.length > 0) emit(unreadable(others, this.#context.clock.now()))
        if (values.length === 0) return 'unasked'
        return this.#readStep({ id, step, points: values.slice(step * size, (step + 1) * size) }, emit, signal)
      },
    }
  }

  /** The subscription and the monitored item, or the Read that asks for it. */
  async sourceOf({ tag, address, settings }: OpcuaPoint, signal: AbortSignal): Promise<SourceFacts> {
    const watched = await this.#call<SourceFacts | undefined>('source', { tag }, signal)
    if (watched !== undefined) return watched
    const node = address.kind === 'value' ? formatNode(address.node) : settings.address
    return {
      service: 'Read',
      node,
      'every ms': settings.everyMs,
      'nodes per request': this.#options.maxNodesPerRequest,
    }
  }

  /** Rejects with NotConnectedError when the connection is lost. */
  async subscribe(points: readonly OpcuaPoint[], emit: Emit, signal: AbortSignal): Promise<void> {
    this.#emit = emit
    try {
      const values = points.filter(({ address }) => address.kind === 'value')
      const events = points.filter(({ address }) => address.kind === 'events')
      const request = { points: values.map(toSent), events: events.map(toSentEvents) }
      await this.#call('subscribe', request, signal)
    } finally {
      // Unless the next has begun already.
      if (this.#emit === emit) this.#emit = undefined
    }
  }

  async write(items: readonly WriteItem<OpcuaAddress>[], signal: AbortSignal): Promise<StatusCode[]> {
    const ticket = ++this.#tickets
    const sent = items.map(({ point, value }) => ({ address: point.address, type: point.settings.type, value }))
    const prepared = await this.#call<WriteAnswer>('prepareWrite', { ticket, items: sent }, signal)
    const statuses = [...prepared.statuses]
    for (const [at, remark] of prepared.remarks.entries()) if (remark !== undefined) items[at]!.watch?.remark(remark)
    const begun: number[] = []
    for (const [at, { watch }] of items.entries()) {
      if (isBad(statuses[at]!)) continue
      statuses[at] = Status.BadRequestNotComplete
      if (watch?.begin() ?? true) begun.push(at)
    }
    if (begun.length === 0) return statuses
    const answer = await this.#call<WriteAnswer>('write', { ticket, items: begun }, signal)
    for (const [i, at] of begun.entries()) {
      statuses[at] = answer.statuses[i] ?? Status.BadUnknownResponse
      const remark = answer.remarks[i]
      if (remark !== undefined) items[at]!.watch?.remark(remark)
    }
    return statuses
  }

  async identify(signal: AbortSignal): Promise<Identity> {
    return this.#call<Identity>('identify', {}, signal)
  }

  /** What tags of these points would be, as the server describes their nodes. */
  async describe(points: readonly OpcuaPoint[], signal: AbortSignal): Promise<(TagDefaults | undefined)[]> {
    const nodes = points.flatMap(({ address }) => (address.kind === 'value' ? [address.node] : []))
    const described = await this.ask<(BrowsedNode | undefined)[]>('describe', { nodes }, signal)
    let at = 0
    return points.map(({ address }) =>
      // Events and the arguments of a method are JSON.
      address.kind === 'value' ? defaultsOf(address.member, described[at++]) : { type: 'string' },
    )
  }

  /** Where the server is, and how it is reached without a session. */
  get site(): Site {
    const { endpoint, connectTimeout, requestTimeout, ignoreHostname } = this.#options
    const { name, dial, clock, certificates } = this.#context
    const times = { connectTimeoutMs: connectTimeout, requestTimeoutMs: requestTimeout }
    return { endpoint, ...times, ignoreHostname, name, dial, clock, certificates }
  }

  /** An operation of the worker for this device, for the tools. Rejects with NotConnectedError while it is not connected. */
  ask<T>(operation: string, args: object, signal: AbortSignal): Promise<T> {
    return this.#call<T>(operation, args, signal)
  }

  async close(): Promise<void> {
    const wasOpened = this.#opened
    this.evicted()
    await this.#host.leave(this.#number, wasOpened)
  }

  trouble(): string | undefined {
    return this.#view.trouble
  }

  reasonOf(tag: TagId): string | undefined {
    return this.#reasons.get(tag)
  }

  liveness(): LivenessView | undefined {
    return this.#view.subscriptions > 0 || this.#view.canaries > 0 ? this.#view : undefined
  }

  rows(batch: SampleBatch): void {
    this.#emit?.(batch)
  }

  reasons(reasons: readonly (readonly [TagId, string | undefined])[]): void {
    for (const [tag, reason] of reasons) {
      if (reason === undefined) this.#reasons.delete(tag)
      else this.#reasons.set(tag, reason)
    }
  }

  view(view: DeviceView): void {
    const isNews = view.trouble !== this.#view.trouble
    this.#view = view
    if (isNews) this.#context.changed?.()
  }

  async audit(action: string, what: string): Promise<void> {
    await this.#context.audit?.({ action, from: 'gateway', what, outcome: 'done' })
  }

  evicted(): void {
    this.#opened = false
    this.#known.clear()
  }

  async #readStep(
    { id, step, points }: { id: number; step: number; points: readonly OpcuaPoint[] },
    emit: Emit,
    signal: AbortSignal,
  ): Promise<StepResult> {
    const key = `${id} ${step}`
    const once = id === 0
    const isNew = once || !this.#known.has(key)
    const request = { poll: id, step, once, ...(isNew ? { points: points.map(toSent) } : {}) }
    const { batch, unfinished } = await this.#call<ReadAnswer>('read', request, signal)
    if (!once) this.#known.add(key)
    if (batch.length > 0) emit(SampleBatch.fromParts(batch))
    if (unfinished) return 'again'
  }

  #readHistory(points: readonly OpcuaPoint[], from: number, to: number): HistoryRead {
    const read = ++this.#histories
    const refused: RefusedHistory[] = []
    const range = { points: points.filter(({ address }) => address.kind === 'value').map(toSent), from, to }
    let isFirst = true
    return {
      refused,
      next: async (emit, signal) => {
        if (range.points.length === 0) return
        const request = { read, ...(isFirst ? { range } : {}) }
        isFirst = false
        const answer = await this.#call<HistoryAnswer>('history', request, signal)
        refused.push(...answer.refused)
        if (answer.batch.length > 0) emit(SampleBatch.fromParts(answer.batch))
        return answer.unfinished ? 'again' : undefined
      },
    }
  }

  #call<T = void>(operation: string, args: object, signal: AbortSignal): Promise<T> {
    if (!this.#opened) return Promise.reject(new NotConnectedError(`${this.#options.endpoint} is not connected`))
    return this.#host.call<T>(operation, { device: this.#number, ...args }, signal)
  }
}

function toSent({ tag, address, settings }: OpcuaPoint): SentPoint {
  const { node, member } = address as OpcuaAddress & { kind: 'value' }
  const { type, everyMs, staleAfterMs } = settings
  const deadband = member.length > 0 ? undefined : rawDeadband(settings)
  return { tag, type, node, member, everyMs, deadband, staleAfterMs }
}

/** The deadband in the server's own numbers: percent are of the tag's range, which is not the one that the server knows. */
function rawDeadband({ deadband, scale = 1, low, high }: TagSettings): SentPoint['deadband'] {
  if (deadband === undefined) return undefined
  const span = low === undefined || high === undefined ? undefined : high - low
  const absolute = 'absolute' in deadband ? deadband.absolute : span === undefined ? 0 : (deadband.percent / 100) * span
  return absolute > 0 ? absolute / Math.abs(scale) : undefined
}

/** A member whose type nobody has told is taken as text, which every value can be. */
function defaultsOf(member: readonly MemberStep[], node: BrowsedNode | undefined): TagDefaults | undefined {
  const { variable } = node ?? {}
  if (variable === undefined) return undefined
  const { tagType, elementType, unit, symbols } = variable
  const isElement = member.length === 1 && typeof member[0] !== 'string'
  const type = member.length === 0 ? tagType : isElement ? elementType : 'string'
  return { type, ...(unit === undefined ? {} : { unit }), ...(symbols === undefined ? {} : { symbols }) }
}

const toSentEvents = ({ tag, address, settings }: OpcuaPoint): SentEvents => ({
  tag,
  address: address as OpcuaAddress & { kind: 'events' },
  everyMs: settings.everyMs,
})

function unreadable(points: readonly OpcuaPoint[], now: number): SampleBatch {
  const batch = new SampleBatch(points.length, now)
  for (const { tag } of points) batch.push(tag, undefined, Status.BadNotReadable)
  return batch
}
