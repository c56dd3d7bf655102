/**
 * Alerts of a gateway without a Prometheus: every few seconds the facts are looked at, and the receivers are told what is wrong and when it is
 * over. Off, and without any cost, unless receivers or a heartbeat are configured.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import type { AlertsConfig, ReceiverConfig, Severity } from '../core/alerts.ts'
import type { Clock } from '../core/clock.ts'
import type { Context } from '../core/driver.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { Evaluator, type Alert, type SilenceOf } from './evaluator.ts'
import type { Facts } from './facts.ts'
import { Groups } from './groups.ts'
import { startHeartbeat, type Heartbeat } from './heartbeat.ts'
import { Losses } from './losses.ts'
import { Outbox, sendWithin, type OutboxStatus } from './outbox.ts'
import type { Receiver } from './receiver.ts'
import { readState, StateFile, type KeptState } from './state-file.ts'

export interface ReceiverStatus extends OutboxStatus {
  readonly name: string
  readonly receiver: string
  readonly where: string
}

export interface Alerts {
  /** Whether anything is looked at. */
  readonly isOn: boolean
  /** Pending and firing ones. */
  readonly alerts: readonly Alert[]
  receivers(): readonly ReceiverStatus[]
  /** Firing ones by name. */
  counts(): readonly { readonly alert: string; readonly severity: Severity; readonly firing: number }[]
  heartbeat(): {
    readonly where: string
    readonly lastAt: number | undefined
    readonly lastError: string | undefined
  } | null
  /** Sends a test message past queue and limits; rejects with what went wrong, NOT_FOUND for a receiver that is not there. */
  test(receiver: string, by: string, signal: AbortSignal): Promise<void>
  /** From now on by this configuration. What waits for receivers that stay goes on waiting. */
  configure(config: AlertsConfig | undefined): Promise<void>
  /** `isStopping`: the next start knows that this was a stop. */
  close(): Promise<void>
}

/** The facts but for what alerts know themselves. */
export type GivenFacts = Omit<Facts, 'starts' | 'runsForMs' | 'wasKilled'>

export interface AlertsContext {
  readonly data: string
  readonly clock: Clock
  readonly log: Log
  readonly dial: Context['dial']
  readonly facts: () => Promise<GivenFacts>
  readonly silenceOf: SilenceOf
}

interface Told {
  readonly config: ReceiverConfig
  readonly receiver: Receiver
  readonly groups: Groups
  readonly outbox: Outbox
}

const MOST_STARTS = 20

export async function openAlerts(config: AlertsConfig | undefined, context: AlertsContext): Promise<Alerts> {
  const alerts = new LocalAlerts(context)
  await alerts.open(config)
  return alerts
}

const isWanted = (config: AlertsConfig | undefined): config is AlertsConfig =>
  config !== undefined && (config.receivers.length > 0 || config.heartbeat !== undefined)

class LocalAlerts implements Alerts {
  readonly #context: AlertsContext
  #config: AlertsConfig | undefined
  #evaluator = new Evaluator()
  #losses = new Losses(undefined)
  #told: readonly Told[] = []
  #file: StateFile | undefined
  #starts: readonly number[] = []
  readonly #startedAt: number
  #wasKilled = false
  #isStopped = false
  #beat: Heartbeat | undefined
  #timer: { cancel(): void } | undefined
  #looking: Promise<void> | undefined
  #isFailing = false

  constructor(context: AlertsContext) {
    this.#context = context
    this.#startedAt = context.clock.monotonic()
  }

  get isOn(): boolean {
    return this.#config !== undefined
  }

  get alerts(): readonly Alert[] {
    return this.#evaluator.alerts
  }

  receivers(): readonly ReceiverStatus[] {
    return this.#told.map(({ config: { name, receiver }, outbox, receiver: { where } }) => ({
      name,
      receiver,
      where,
      ...outbox.status(),
    }))
  }

  counts() {
    const firing = this.alerts.filter(({ state }) => state === 'firing')
    return [...Map.groupBy(firing, ({ alert }) => alert)].map(([alert, all]) => ({
      alert,
      severity: all[0]!.severity,
      firing: all.length,
    }))
  }

  heartbeat() {
    const { heartbeat } = this.#config ?? {}
    if (this.#beat === undefined || heartbeat === undefined) return null
    const { lastAt, lastError } = this.#beat
    return { where: new URL(heartbeat.url).origin, lastAt, lastError }
  }

  async test(name: string, by: string, signal: AbortSignal): Promise<void> {
    const told = this.#told.find(({ config }) => config.name === name)
    if (told === undefined) {
      const names = this.#told.map(({ config }) => config.name)
      const known = names.length === 0 ? 'none is configured (alerts.receivers)' : `there are ${names.join(', ')}`
      throw new GatewayError('NOT_FOUND', `there is no receiver ${name}; ${known}`)
    }
    const { clock } = this.#context
    const now = clock.now()
    const summary = `A test of the receiver ${name}, asked for by ${by}. Nothing is wrong.`
    const alert: Alert = { id: randomUUID().slice(0, 16), alert: 'BifrostTest', severity: 'info', labels: {}, summary, next: 'Nothing.', isEvent: true, state: 'firing', since: now, endedAt: undefined, silence: undefined } // prettier-ignore
    const message = { id: randomUUID(), group: 'BifrostTest', alerts: [alert], truncated: 0, at: now }
    await sendWithin(told.receiver, message, clock, signal)
  }

  /** With the start of the gateway: what the file says of the time before is told. */
  async open(config: AlertsConfig | undefined): Promise<void> {
    if (!isWanted(config)) return
    const state = await readState(this.#context.data, this.#context.log)
    this.#losses = new Losses(state?.losses)
    await this.#configure(config, state)
  }

  async configure(config: AlertsConfig | undefined): Promise<void> {
    // Most changes are of something else: what is under way is not broken off for them, and pauses and counts stay.
    if (this.#config !== undefined && isDeepStrictEqual(config, this.#config)) return
    // Switched on later than at the start, the file is of a time before: what it says is over and told to nobody.
    if (this.#file === undefined) this.#losses = new Losses(undefined, true)
    await this.#configure(config, undefined)
  }

  async #configure(config: AlertsConfig | undefined, state: KeptState | undefined): Promise<void> {
    const before = await this.#halt()
    if (this.#isStopped || !isWanted(config)) {
      this.#config = undefined
      this.#told = []
      this.#evaluator = new Evaluator()
      this.#losses = new Losses(undefined, true)
      this.#sayLost(before?.receivers ?? {}, [])
      // What is off remembers nothing: what was firing may be over long before it is on again.
      if (before !== undefined) await this.#file?.save()
      return
    }
    const { data, clock } = this.#context
    this.#config = config
    if (this.#file === undefined) {
      this.#begin(state)
      this.#file = new StateFile(data, () => this.#state(), this.#context)
      await this.#start(config, state?.receivers ?? {})
      await this.#file.save()
    } else await this.#start(config, before?.receivers ?? {})
    for (const { outbox } of this.#told) outbox.start()
    this.#timer = clock.every(config.everyMs, () => this.#look())
  }

  async close(): Promise<void> {
    if (this.#isStopped) return
    await this.#halt()
    this.#isStopped = true
    await this.#file?.save()
  }

  #begin(state: KeptState | undefined): void {
    this.#evaluator = new Evaluator(state?.firing)
    this.#wasKilled = state?.isStopped === false
    this.#starts = [...(state?.starts ?? []), this.#context.clock.now()].slice(-MOST_STARTS)
  }

  async #start(config: AlertsConfig, kept: KeptState['receivers']): Promise<void> {
    const { receiverTypes } = await import('./receivers.ts')
    const { clock, log, dial } = this.#context
    const sender = { name: config.name ?? hostname(), page: config.page ?? '' }
    const firing = new Set(this.alerts.map(({ id }) => id))
    this.#sayLost(kept, config.receivers)
    this.#told = config.receivers.map((one) => {
      const type = receiverTypes.find(({ name }) => name === one.receiver)!
      const receiver = type.create(one.options as never, { name: one.name, log, clock, dial, sender })
      const { groups = [], waiting = [] } = kept[one.name] ?? {}
      const outbox = new Outbox(receiver, waiting, { ...config, name: one.name, clock, log, onChange: () => this.#file?.changed() }) // prettier-ignore
      const known = groups.map((group) => ({ ...group, told: group.told.filter((id) => firing.has(id)) }))
      return { config: one, receiver, groups: new Groups(known), outbox }
    })
    if (config.heartbeat !== undefined) {
      const status = () => ({ gateway: sender.name, at: new Date(clock.now()).toISOString(), firing: this.counts() })
      this.#beat = startHeartbeat(config.heartbeat, { clock, log, dial, status })
    }
  }

  /** A receiver that is configured no more gets nothing more. */
  #sayLost(kept: KeptState['receivers'], receivers: readonly ReceiverConfig[]): void {
    for (const [name, { waiting }] of Object.entries(kept))
      if (waiting.length > 0 && !receivers.some((one) => one.name === name))
        this.#context.log.warn({ receiver: name, messages: waiting.length }, 'The receiver is not configured any more: what waited for it is told to nobody.') // prettier-ignore
  }

  /** Ends what runs; what waits is in the state that it gives. */
  async #halt(): Promise<KeptState | undefined> {
    this.#timer?.cancel()
    this.#beat?.close()
    this.#beat = undefined
    await this.#looking
    await Promise.all(this.#told.map(({ outbox }) => outbox.close()))
    return this.#file === undefined ? undefined : this.#state()
  }

  #look(): void {
    this.#looking ??= this.#lookNow()
      .catch((error: unknown) => {
        if (!this.#isFailing) this.#context.log.error({ error: messageOf(error) }, 'What local alerts are judged by cannot be read.') // prettier-ignore
        this.#isFailing = true
      })
      .finally(() => (this.#looking = undefined))
  }

  async #lookNow(): Promise<void> {
    const { clock, facts: read, silenceOf } = this.#context
    const config = this.#config!
    const facts = { ...(await read()), starts: this.#starts, runsForMs: clock.monotonic() - this.#startedAt, wasKilled: this.#wasKilled } // prettier-ignore
    const before = this.#evaluator.alerts.filter(({ state }) => state === 'firing').length
    const over = this.#evaluator.look(facts, this.#losses, silenceOf, clock.monotonic())
    const { alerts } = this.#evaluator
    const queued = this.#told.reduce((sum, { outbox }) => sum + outbox.waiting.length, 0)
    for (const { config: receiver, groups, outbox } of this.#told)
      groups.look(alerts, over, receiver, config, facts.now, outbox)
    const firing = alerts.filter(({ state }) => state === 'firing').length
    const isMore = this.#told.reduce((sum, { outbox }) => sum + outbox.waiting.length, 0) > queued
    // What waits is on the disk before it leaves: a message is told twice rather than never.
    if (isMore) await this.#file?.save()
    else if (over.length > 0 || firing !== before) this.#file?.changed()
    for (const { outbox } of this.#told) outbox.start()
    this.#isFailing = false
  }

  #state(): KeptState {
    return {
      version: 1,
      isStopped: this.#isStopped || this.#config === undefined,
      starts: this.#starts,
      firing: this.alerts.filter(({ state }) => state === 'firing'),
      losses: this.#losses.kept(),
      receivers: Object.fromEntries(
        this.#told.map(({ config: { name }, groups, outbox }) => [
          name,
          { groups: groups.kept(), waiting: outbox.waiting },
        ]),
      ),
    }
  }
}
