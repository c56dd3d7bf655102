/**
 * One Sparkplug session on one connection: births, data, deaths, and the sequence number that runs through them (Sparkplug 3.0,
 * 5.4 … 5.6). Whatever is sent goes through here, so that a rebirth stops the data at once and nothing comes between its births.
 */
import { HISTORICAL, type SampleBatch } from '../../core/batch.ts'
import { sleep } from '../../core/clock.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { Gap, SinkContext } from '../../core/sink.ts'
import { PUBLISH_OVERHEAD_BYTES, type Connection } from '../mqtt-client/connection.ts'
import { planData, type Group } from './data-plan.ts'
import { allLost, type Device, type EdgeNode } from './edge-node.ts'
import { gapText } from './gap-text.ts'
import type { BornMetric, PayloadEncoder } from './payload-encoder.ts'
import type { Topics } from './topics.ts'

/** Requests for a rebirth within this time of the last birth are answered together, when it is over. */
const COALESCE_MS = 1000
/** A DDATA gets no longer than this, unless it is one sample. */
const DATA_BYTES = 256 * 1024
/** Where a birth is too large for the broker, longer texts and bytes are told as null. */
const SHORT_TEXT = 200
const GOODBYE_MS = 1000

export interface SessionParts {
  readonly connection: Connection
  /** For messages to people. */
  readonly url: string
  readonly bdSeq: number
  readonly node: EdgeNode
  readonly topics: Topics
  readonly encoder: PayloadEncoder
  readonly context: SinkContext
  /** The last stretch of lost samples that was told. */
  readonly gap: () => Gap | undefined
  /** The session ended while nothing was written. */
  readonly onOver: (error: GatewayError) => void
}

export class Session {
  readonly #parts: SessionParts
  readonly #end = new AbortController()
  #seq = 0
  #groups = 1
  #born = false
  #bornAt = 0
  /** Births that are being sent. */
  #births: Promise<void> = Promise.resolve()
  /** Data waits for this. */
  #held: Promise<void> | undefined
  #rebirthDue = false
  #hurried = false
  #ended: Promise<void> | undefined
  /** Why it is over; undefined while it stands. */
  over: GatewayError | undefined
  /** Wall times, ms since 1970. */
  lastBirth: number | undefined
  lastRebirth: number | undefined
  rebirths = 0

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  get url(): string {
    return this.#parts.url
  }

  get bdSeq(): number {
    return this.#parts.bdSeq
  }

  get seq(): number {
    return this.#seq
  }

  get born(): boolean {
    return this.#born
  }

  /**
   * NBIRTH, then a DBIRTH for each device; a DDEATH for those that cannot be reached now. A device that is no longer configured is born when
   * samples of it still come, and dies behind them.
   */
  async birth(signal: AbortSignal): Promise<void> {
    const { connection, node, topics, encoder, context, gap } = this.#parts
    const alive = this.#born ? [...node.devices].filter((device) => device.alive) : []
    node.refresh()
    // Devices that are no longer configured.
    for (const device of alive) {
      if (node.device(device.id) === device && device.configured > 0) continue
      device.alive = true
      this.#deathOf(device)
    }
    const now = context.clock.now()
    this.#post(topics.nodeBirth, encoder.nodeBirth(this.bdSeq, this.#gapText(gap()), now))
    this.#seq = 0
    this.#born = true
    for (const device of node.devices) {
      if (device.configured === 0) continue
      await connection.drained(signal)
      this.#birthOf(device)
    }
    for (const device of node.devices) if (allLost(device)) this.#deathOf(device)
    this.lastBirth = context.clock.now()
    this.#bornAt = context.clock.monotonic()
  }

  /** A host asks for all births again. */
  requestRebirth(): void {
    if (!this.#born || this.#rebirthDue || this.over !== undefined) return
    this.#rebirthDue = true
    const isSoon = this.#pause() > 0
    const rebirth = this.#rebirth()
    // Who asks again right after a rebirth that had to wait does not stop the data: else a storm of requests would for ever.
    if (!isSoon || !this.#hurried) this.#hold(rebirth)
  }

  /** Sends the rows of a batch; those that can never be sent are noted in `rejected`. Resolves when the broker has read all. */
  async write(batch: SampleBatch, rejected: Map<number, string>, signal: AbortSignal): Promise<void> {
    if (this.#adopt(batch, rejected)) await this.#birthAgain(signal)
    const groups = planData(batch, this.#parts.node, this.#groups, rejected)
    this.#groups += groups.length
    for (const group of groups) {
      for (let at = 0; at < group.rows.length;) {
        await this.#gate(signal)
        at = this.#sendData(batch, group, at, rejected)
      }
    }
    for (const device of this.#parts.node.devices) if (device.configured === 0) this.#deathOf(device)
    await this.#parts.connection.flushed(signal)
    this.#check()
  }

  /** NDATA that tells of lost samples. */
  async tellGap(gap: Gap, signal: AbortSignal): Promise<void> {
    const { connection, topics, encoder, context } = this.#parts
    await this.#gate(signal)
    this.#seq = (this.#seq + 1) & 0xff
    this.#post(topics.nodeData, encoder.gap(this.#gapText(gap)!, this.#seq, context.clock.now()))
    await connection.flushed(signal)
    this.#check()
  }

  /** Ends it for a reason of ours: NDEATH, DISCONNECT. Resolves when the connection is closed. */
  finish(reason: GatewayError): Promise<void> {
    this.over ??= reason
    this.#end.abort(this.over)
    this.#ended ??= this.#finish()
    return this.#ended
  }

  async #finish(): Promise<void> {
    const { connection, topics, encoder, context } = this.#parts
    if (connection.lost !== undefined) return
    if (this.#born) {
      const limit = new AbortController()
      const timer = context.clock.after(GOODBYE_MS, () => limit.abort())
      const death = encoder.nodeDeath(this.bdSeq, context.clock.now())
      await connection.say(topics.nodeDeath, death, false, limit.signal).catch(() => undefined)
      timer.cancel()
    }
    // Births are the first messages of a session (2.3): without one the broker tells of the death, by the will.
    if (this.#born || connection.isVersion5) await connection.close(true)
    else connection.destroy()
  }

  async #rebirth(): Promise<void> {
    const { context, onOver } = this.#parts
    try {
      await this.#births
      const pause = this.#pause()
      if (pause > 0) await sleep(context.clock, pause, this.#end.signal)
      this.#hurried = pause > 0
      this.#rebirthDue = false
      const births = this.#birthAgain(this.#end.signal)
      this.#hold(births)
      await births
      this.rebirths++
      this.lastRebirth = this.lastBirth
    } catch (error) {
      this.#rebirthDue = false
      // A session that was ended has told so itself.
      if (this.#end.signal.aborted) return
      onOver(error instanceof GatewayError ? error : new GatewayError('INTERNAL', messageOf(error), { cause: error }))
    }
  }

  /** How long the next rebirth has to wait. */
  #pause(): number {
    return this.#bornAt + COALESCE_MS - this.#parts.context.clock.monotonic()
  }

  /** One birth after another: none begins within another. */
  #birthAgain(signal: AbortSignal): Promise<void> {
    const births = this.#births.catch(() => undefined).then(() => this.birth(signal))
    this.#births = births
    return births
  }

  /** Data waits until `until` settles. */
  #hold(until: Promise<void>): void {
    const held = until.catch(() => undefined).finally(() => (this.#held === held ? (this.#held = undefined) : 0))
    this.#held = held
  }

  /** Resolves when data may be sent. */
  async #gate(signal: AbortSignal): Promise<void> {
    while (this.#held !== undefined) await orAborted(this.#held, signal)
    await this.#parts.connection.drained(signal)
    if (this.#held !== undefined) return this.#gate(signal)
    signal.throwIfAborted()
    this.#check()
  }

  /** Takes in tags that no birth has told; true when there are some that a birth can tell. */
  #adopt(batch: SampleBatch, rejected: Map<number, string>): boolean {
    const { node } = this.#parts
    let hasNew = false
    for (let row = 0; row < batch.length; row++) {
      if (node.metricOf(batch.tag[row]!) !== undefined) continue
      const refusal = node.adopt(batch.tag[row]!)
      if (refusal === undefined) hasNew = true
      else rejected.set(row, refusal)
    }
    return hasNew
  }

  /** Sends one DDATA from row `at` of the group on; returns the row it stopped before. */
  #sendData(batch: SampleBatch, group: Group, at: number, rejected: Map<number, string>): number {
    const { node, encoder, context, connection } = this.#parts
    const { device, rows, metrics } = group
    const limit = connection.maxPacketBytes - Buffer.byteLength(device.topics.data) - PUBLISH_OVERHEAD_BYTES
    if (!device.alive) this.#birthOf(device)
    encoder.begin(context.clock.now())
    let isLost = false
    while (at < rows.length && !isLost) {
      const row = rows[at]!
      const metric = metrics[at]!
      const seq = batch.seq?.[row] ?? 0
      const isHistory = (batch.flags[row]! & HISTORICAL) !== 0 || seq < metric.told
      if (!encoder.add(batch, row, metric, isHistory)) {
        rejected.set(row, `its value is none of type ${metric.info.settings.type}, which its birth told`)
        at++
        continue
      }
      if (encoder.bytes > limit || (encoder.bytes > DATA_BYTES && encoder.count > 1)) {
        const isAlone = encoder.count === 1
        if (isAlone) rejected.set(row, `its message has ${encoder.bytes} bytes, and the broker takes ${limit} at most`)
        encoder.undo()
        if (!isAlone) break
        at++
        continue
      }
      isLost = node.tell(metric, seq, batch.status[row]!, isHistory)
      at++
    }
    if (encoder.count > 0) {
      this.#seq = (this.#seq + 1) & 0xff
      this.#post(device.topics.data, encoder.data(this.#seq))
    }
    if (isLost || (at === rows.length && allLost(device))) this.#deathOf(device)
    return at
  }

  #birthOf(device: Device): void {
    const { node, encoder, context, connection } = this.#parts
    const now = context.clock.now()
    const metrics: BornMetric[] = device.metrics.map((metric) => ({ metric, latest: node.born(metric) }))
    const timeOf = ({ latest }: BornMetric) => (latest.value === undefined ? now : latest.time)
    metrics.sort((one, other) => timeOf(one) - timeOf(other))
    const seq = (this.#seq + 1) & 0xff
    const { birth } = device.topics
    const limit = connection.maxPacketBytes - Buffer.byteLength(birth) - PUBLISH_OVERHEAD_BYTES
    let payload = encoder.deviceBirth(metrics, seq, now)
    if (payload.length > limit) payload = encoder.deviceBirth(metrics, seq, now, SHORT_TEXT)
    if (payload.length > limit) {
      const size = `the birth of "${device.id}" with ${metrics.length} metrics has ${payload.length} bytes`
      throw new GatewayError('SINK_REFUSED', `${size}, and ${this.url} takes ${limit} at most; raise its limit`)
    }
    this.#post(birth, payload)
    this.#seq = seq
    device.alive = true
  }

  #deathOf(device: Device): void {
    if (!device.alive) return
    const { encoder, context } = this.#parts
    device.alive = false
    this.#seq = (this.#seq + 1) & 0xff
    this.#post(device.topics.death, encoder.deviceDeath(this.#seq, context.clock.now()))
  }

  #gapText(gap: Gap | undefined): string | undefined {
    const { context, connection } = this.#parts
    return gap && gapText(gap, context.logId, context.tags, connection.maxPacketBytes)
  }

  #post(topic: string, payload: Buffer): void {
    this.#check()
    this.#parts.connection.post(topic, payload)
  }

  #check(): void {
    if (this.over !== undefined) throw this.over
  }
}

/** Resolves as `until` does; rejects when the signal aborts. */
function orAborted(until: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    void until.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
