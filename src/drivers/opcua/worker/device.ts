/** One server in the worker: its connection, what is read of it, what it reports, what is written to it, and how it does. */
import { hash } from 'node:crypto'
import type { DataValue, ReadResponse } from 'node-opcua-client'
import { SampleBatch } from '../../../core/batch.ts'
import type { SourceFacts } from '../../../core/driver.ts'
import { NotConnectedError } from '../../../core/errors.ts'
import type { ClientLibrary } from '../../../protocols/opcua/library.ts'
import type { TagId } from '../../../core/value.ts'
import { isStructure } from '../../../protocols/opcua/value.ts'
import { Transferred } from '../../../wire/worker-service.ts'
import {
  EMPTY_VIEW,
  type DeviceView,
  type OpenDevice,
  type ReadRequest,
  type SourceRequest,
  type SubscribeRequest,
} from '../messages.ts'
import { Browser } from './browser.ts'
import { Conditions } from './conditions.ts'
import { Connection, type Opened } from './connection.ts'
import { EventItems } from './event-items.ts'
import { EventTypes } from './event-types.ts'
import { KeepAlive } from './keep-alive.ts'
import { Histories } from './histories.ts'
import { Poll } from './poll.ts'
import type { ClientSecurity } from './security.ts'
import { SourceTime } from './source-time.ts'
import { Subscriptions } from './subscriptions.ts'
import { Writes } from './writes.ts'

export interface DeviceOutlets {
  readonly rows: (batch: SampleBatch) => void
  readonly reasons: (reasons: readonly (readonly [TagId, string | undefined])[]) => void
  readonly tell: (level: 'debug' | 'info' | 'warn', sentence: string) => void
}

export class Device {
  readonly connection: Connection
  readonly browser: Browser
  readonly history: Histories
  readonly times: SourceTime
  readonly writes: Writes
  readonly #outlets: DeviceOutlets
  readonly #keepAlive: KeepAlive
  readonly #polls = new Map<string, Poll>()
  readonly #reasons = new Map<TagId, string>()
  readonly #conditions = new Conditions()
  readonly #eventTypes = new EventTypes()
  #opened: Opened = 'new'
  #subscriptions: Subscriptions | undefined
  /** When the subscriptions were proved to be alive, by both clocks. */
  #proven = { monotonic: 0, wall: 0 }
  /** What the subscriptions are of: those of other points are made anew. */
  #subscribed = ''
  #endSubscribing: ((error: unknown) => void) | undefined
  /** Settles when the last call of `subscribe` has put away what it made. */
  #subscribing: Promise<void> = Promise.resolve()

  constructor(
    { options }: OpenDevice,
    library: ClientLibrary,
    security: () => Promise<ClientSecurity>,
    outlets: DeviceOutlets,
  ) {
    this.#outlets = outlets
    this.times = new SourceTime(options.timestamps)
    this.connection = new Connection({
      library,
      options,
      security,
      onLost: (error) => this.#lost(error),
      tell: outlets.tell,
    })
    this.#keepAlive = new KeepAlive({
      connection: this.connection,
      lost: (error) => this.#lost(this.connection.lost(error)),
    })
    this.writes = new Writes(this.connection, this.#conditions)
    this.browser = new Browser(this.connection)
    this.history = new Histories({ ...this.#pollContext(), promote: (values) => this.#promote(values) })
  }

  /** Throws NotConnectedError or ACCESS_REFUSED, each with a sentence for people. */
  async connect(signal: AbortSignal): Promise<void> {
    this.#clearReasons()
    const opened = await this.connection.open(signal)
    // A new session stays one until the subscriptions have been told.
    if (opened !== 'same') this.#opened = opened
    this.#keepAlive.start()
  }

  /** The next part of a step of a poll. */
  async read({ poll: id, step, points, once }: ReadRequest): Promise<Transferred> {
    const key = `${id} ${step}`
    let poll = this.#polls.get(key)
    if (poll === undefined) {
      if (points === undefined) throw new NotConnectedError('the worker does not know this poll yet')
      const register = once !== true && this.connection.options.registerNodes
      poll = new Poll(this.#pollContext(), points, register)
      if (once !== true) this.#polls.set(key, poll)
    }
    const { batch, unfinished } = once === true ? await readWhole(poll) : await poll.read()
    const parts = batch.toParts()
    return new Transferred({ batch: parts, unfinished }, [parts.buffer])
  }

  /** Until the signal aborts; rejects with NotConnectedError when the connection is lost. */
  subscribe(request: SubscribeRequest, signal: AbortSignal): Promise<void> {
    // Held and let go at once: the one before is still on its way.
    const turn = this.#subscribing.then(() => (signal.aborted ? undefined : this.#subscribe(request, signal)))
    this.#subscribing = turn.catch(() => {})
    return turn
  }

  async #subscribe(request: SubscribeRequest, signal: AbortSignal): Promise<void> {
    const of = hash('sha256', JSON.stringify([request.points, request.events]))
    if (this.#subscriptions === undefined || of !== this.#subscribed) {
      await this.#subscriptions?.end()
      this.#subscriptions = this.#create(request)
      this.#subscribed = of
      this.#opened = 'new'
    }
    const subscriptions = this.#subscriptions
    const opened = this.#opened
    this.#opened = 'same'
    try {
      await subscriptions.start(opened)
      // Lost while it began: nobody was told.
      if (!this.connection.isOpen) throw this.connection.lost(new NotConnectedError('lost while subscribing'))
      await new Promise<void>((resolve, reject) => {
        this.#endSubscribing = reject
        if (signal.aborted) resolve()
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    } finally {
      this.#endSubscribing = undefined
      // Not wanted any more while the connection stays (the log is full): the server must not fill its queues for nobody.
      if (signal.aborted && this.connection.isOpen) {
        this.#subscriptions = undefined
        await subscriptions.end()
      } else subscriptions.pause()
    }
  }

  /** How the values of a tag come; undefined: no subscription watches it. */
  sourceOf({ tag }: SourceRequest): SourceFacts | undefined {
    return this.#subscriptions?.sourceOf(tag)
  }

  async close(): Promise<void> {
    this.#keepAlive.stop()
    this.#endSubscribing?.(new NotConnectedError('closed'))
    this.#subscriptions?.pause()
    this.#subscriptions = undefined
    this.#polls.clear()
    await this.connection.close()
  }

  view(): DeviceView {
    const subscriptions = this.#subscriptions
    if (subscriptions === undefined) return { ...EMPTY_VIEW, ...this.#clock() }
    const wall = (monotonic: number) => Date.now() - (performance.now() - monotonic)
    const { provenAt } = subscriptions
    // The same proof has the same time, and proves nothing twice.
    if (provenAt !== this.#proven.monotonic) this.#proven = { monotonic: provenAt, wall: wall(provenAt) }
    const stale = subscriptions.staleSince(performance.now())
    return {
      staleSince: stale === undefined ? undefined : wall(stale),
      provenAt: stale === undefined && provenAt > 0 ? this.#proven.wall : 0,
      subscriptions: subscriptions.size,
      monitoredItems: subscriptions.items,
      rebuilds: { ...subscriptions.escalation.rebuilds },
      ...subscriptions.counts,
      canaries: subscriptions.canaries,
      ...this.#clock(),
      trouble: this.#keepAlive.trouble ?? subscriptions.trouble ?? this.#clockTrouble(),
    }
  }

  #clock(): Pick<DeviceView, 'skewMs' | 'clockResets' | 'trouble'> {
    return {
      skewMs: this.times.skewMs,
      clockResets: this.times.resets,
      trouble: this.#keepAlive.trouble ?? this.#clockTrouble(),
    }
  }

  #clockTrouble(): string | undefined {
    return this.times.isOff ? clockSentence(this.times.skewMs!, this.connection.options.timestamps.onSkew) : undefined
  }

  #create({ points, events }: SubscribeRequest): Subscriptions {
    return new Subscriptions({
      ...this.#pollContext(),
      expandAnswer: (response) => this.#expandAnswer(response),
      expand: (values) => this.#expandValues(values.map(({ value }) => value)),
      expandValues: (values) => this.#expandValues(values),
      emit: (batch) => this.#outlets.rows(batch),
      tell: this.#outlets.tell,
      lost: (error) => this.#lost(error),
      points,
      events,
      createEvents: (outlets) =>
        new EventItems({
          ...outlets,
          ...this.#pollContext(),
          events,
          conditions: this.#conditions,
          types: this.#eventTypes,
          tell: this.#outlets.tell,
        }),
    })
  }

  #pollContext() {
    return {
      connection: this.connection,
      times: this.times,
      misfit: (tag: TagId, reason: string | undefined) => this.#misfit(tag, reason),
      expand: (response: ReadResponse) => this.#expandAnswer(response),
    }
  }

  async #expandAnswer({ results }: ReadResponse): Promise<void> {
    const structured = (results ?? []).filter(({ value }) => isStructure(value?.dataType))
    if (structured.length > 0) await this.#promote(structured)
  }

  async #expandValues(values: readonly DataValue[]): Promise<void> {
    const structured = values.filter(({ value }) => isStructure(value?.dataType))
    if (structured.length > 0) await this.#promote(structured)
  }

  /** Structures of types that only the server knows are decoded with its own description of them. */
  async #promote(values: DataValue[]): Promise<void> {
    try {
      await this.connection.library.promoteOpaqueStructure(this.connection.session.session, values)
    } catch (error) {
      this.#outlets.tell('debug', `a structure could not be decoded: ${String(error)}`)
    }
  }

  #misfit(tag: TagId, reason: string | undefined): void {
    if (this.#reasons.get(tag) === reason) return
    if (reason === undefined) this.#reasons.delete(tag)
    else this.#reasons.set(tag, reason)
    this.#outlets.reasons([[tag, reason]])
  }

  #clearReasons(): void {
    if (this.#reasons.size === 0) return
    this.#outlets.reasons([...this.#reasons.keys()].map((tag) => [tag, undefined]))
    this.#reasons.clear()
  }

  #lost(error: NotConnectedError): void {
    this.#keepAlive.stop()
    this.#subscriptions?.pause()
    this.#endSubscribing?.(error)
  }
}

/** All of a step: somebody waits, once. */
async function readWhole(poll: Poll): Promise<{ batch: SampleBatch; unfinished: boolean }> {
  let { batch, unfinished } = await poll.read()
  while (unfinished) {
    const more = await poll.read()
    batch = join(batch, more.batch)
    unfinished = more.unfinished
  }
  return { batch, unfinished }
}

function join(a: SampleBatch, b: SampleBatch): SampleBatch {
  const both = new SampleBatch(a.length + b.length, b.receivedAt)
  for (const part of [a, b]) for (let row = 0; row < part.length; row++) both.pushRow(part, row)
  return both
}

/** `the clock of the server is 3 h 10 min behind ours`. */
function clockSentence(skewMs: number, onSkew: 'gateway' | 'keep'): string {
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  const much =
    seconds < 120
      ? `${seconds} s`
      : seconds < 7200
        ? `${Math.round(seconds / 60)} min`
        : `${Math.round(seconds / 3600)} h`
  const what =
    onSkew === 'gateway' ? 'Samples have the time of their arrival until it is right' : 'Samples keep its time'
  return `The clock of the server is ${much} ${skewMs > 0 ? 'ahead of' : 'behind'} ours. ${what}; set it (NTP), or see \`timestamps\`.`
}
