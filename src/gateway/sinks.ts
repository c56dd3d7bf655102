/**
 * The sinks of one gateway: a runner each, behind its place in the log. A sink that changes is made anew on the same cursor. One that
 * is removed keeps its place, and holds nothing back: should it come again, it goes on where it was, with a gap for what the log has
 * let go meanwhile. That is the same as over a restart.
 */
import { join } from 'node:path'
import { sinkEvent } from '../audit/actions.ts'
import type { Commands } from '../commands/commands.ts'
import type { SinkConfig } from '../config/config.ts'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import { correlationOf } from '../core/correlation.ts'
import type { Context } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Restarts } from '../core/restarts.ts'
import type { CommandOutcome, Sink, SinkCommand, SinkContext } from '../core/sink.ts'
import type { Tracer } from '../core/spans.ts'
import { isInsecure } from '../core/tls-options.ts'
import { createDeadLetters } from '../delivery/dead-letters.ts'
import { createRunner, type Runner } from '../delivery/runner.ts'
import { stuckAfterMs } from '../delivery/sink-calls.ts'
import { traceSink, WriteTrace } from '../delivery/traced-sink.ts'
import type { Store } from '../store/store.ts'

/** How long a sink may take to finish the write in flight. */
const SINK_STOP_MS = 2000

export interface SinksContext {
  readonly store: Store
  readonly commands: Commands
  readonly audit: Audit
  readonly clock: Clock
  readonly log: Log
  readonly dial: Context['dial']
  readonly resolve: Context['resolve']
  readonly restarts: Restarts
  /** The data folder. */
  readonly data: string
  /** Where application certificates are. */
  readonly certificates: { readonly folder: string }
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined
}

/** What is to become of the sinks; those that are not named go on. */
export interface SinkChange {
  readonly stop: readonly string[]
  /** New ones, and those that end and begin anew. */
  readonly start: readonly SinkConfig[]
  /** The names of all sinks from then on, in order. */
  readonly order: readonly string[]
}

interface Made {
  readonly config: SinkConfig
  readonly sink: Sink
  /** Absent: nothing is traced. */
  readonly trace: WriteTrace | undefined
  /** Another one like it. */
  readonly renew: () => Sink
  readonly log: Log
  /** Undefined: it does not want to hear of tags. */
  readonly listener: (() => void) | undefined
}

export class Sinks {
  readonly #context: SinksContext
  /** The very same list, as sinks come and go. */
  readonly runners: Runner[] = []
  /** Who wants to hear of tags, by sink. */
  readonly #listeners = new Map<string, () => void>()

  constructor(context: SinksContext) {
    this.#context = context
  }

  /** Makes a runner for each; nothing is connected before it is started. */
  async open(sinks: readonly SinkConfig[]): Promise<void> {
    const made = await Promise.all(sinks.map((config) => this.#make(config)))
    this.runners.push(...(await Promise.all(made.map((one) => this.#run(one)))))
  }

  start(): void {
    for (const runner of this.runners) runner.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.stop(SINK_STOP_MS)))
  }

  /** Makes those that begin; throws where one cannot be made, and then nothing has happened. The result carries the change out. */
  async prepare({ stop, start, order }: SinkChange): Promise<() => Promise<void>> {
    const made = await Promise.all(start.map((config) => this.#make(config)))
    return async () => {
      const again = new Set(made.map(({ config }) => config.name))
      const ending = this.runners.filter(({ name }) => stop.includes(name))
      await Promise.all(ending.map((runner) => runner.stop(SINK_STOP_MS, again.has(runner.name))))
      for (const { name } of ending) if (!again.has(name)) this.#listeners.delete(name)
      const begun = await Promise.all(made.map((one) => this.#run(one)))
      const all = [...this.runners.filter((runner) => !ending.includes(runner)), ...begun]
      const byName = new Map(all.map((runner) => [runner.name, runner]))
      this.runners.splice(0, Infinity, ...order.flatMap((name) => byName.get(name) ?? []))
      for (const runner of begun) runner.start()
    }
  }

  /** Tags have come, changed or gone. */
  tagsChanged(): void {
    for (const listener of this.#listeners.values()) listener()
  }

  async #make(config: SinkConfig): Promise<Made> {
    const { name, type, options } = config
    const { store, audit, clock, dial, resolve, certificates, tracer } = this.#context
    const log = this.#context.log.child({ component: 'sink', sink: name })
    const { logId, tags, latest } = store
    const trace = tracer && new WriteTrace(tracer)
    let listener: (() => void) | undefined
    const context: SinkContext = {
      name,
      log: this.#context.log.child({ component: type.name, sink: name }),
      clock,
      dial,
      resolve,
      logId,
      tags,
      latest,
      onTagsChanged: (heard) => (listener = heard),
      history: (range, signal) => store.read(range, signal),
      command: (asked) => this.#command(name, asked),
      ...(trace && { traceparent: trace.traceparent }),
      state: await store.openSinkState(name),
      audit: (action) => audit.record(sinkEvent(name, action)),
      certificates,
    }
    const create = (): Sink => type.create(options as never, context)
    const renew = (): Sink => {
      listener = undefined
      const sink = create()
      this.#listen(name, listener)
      return sink
    }
    const sink = create()
    return { config, sink, renew, trace, log, listener }
  }

  async #command(sink: string, asked: SinkCommand): Promise<CommandOutcome> {
    const { commands, tracer } = this.#context
    const correlation = asked.correlation ?? correlationOf()
    const span = tracer?.enter(`process ${sink}`, correlation, {
      kind: 'consumer',
      attributes: { 'bifrost.sink': sink },
    })
    let failed: string | undefined
    try {
      return await commands.write({ ...asked, correlation })
    } catch (error) {
      failed = error instanceof GatewayError ? error.code : 'INTERNAL'
      throw error
    } finally {
      span?.end(failed)
    }
  }

  #listen(name: string, listener: (() => void) | undefined): void {
    if (listener === undefined) this.#listeners.delete(name)
    else this.#listeners.set(name, listener)
  }

  async #run({ config, sink, renew, trace, log, listener }: Made): Promise<Runner> {
    const { name, type, options, enabled, replay } = config
    const { store, clock, data, restarts, tracer } = this.#context
    this.#listen(name, listener)
    const folder = join(data, 'dead-letters')
    const traced = (one: Sink): Sink => {
      if (tracer === undefined || trace === undefined) return one
      const named = { name, kind: type.name, server: serverOf(options) }
      return traceSink(one, tracer, named, trace, (seconds, span) => tracer.exemplify(runner.status().writeSeconds, seconds, span), clock) // prettier-ignore
    }
    const runner: Runner = createRunner({
      name,
      type: type.name,
      sink: traced(sink),
      ...(type.renews !== false && { renew: () => traced(renew()) }),
      stuckAfterMs: stuckAfterMs(options),
      onStuck: (reason) => restarts.count('sink', reason),
      batchRows: type.batchRows,
      cursor: await store.openCursor(name, replay),
      replayRowsPerSecond: replay.makeUpRowsPerSecond,
      clock,
      log,
      deadLetters: createDeadLetters({ folder, sink: name, logId: store.logId, tags: store.tags, clock }),
      enabled,
      isInsecure: isInsecure(options),
    })
    return runner
  }
}

/** Host and port of an option `url`; user and password are not looked at. */
function serverOf(options: unknown): { host: string; port: number | undefined } | undefined {
  const { url } = options as { url?: unknown }
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined
  const { hostname, port } = new URL(url)
  return hostname === '' ? undefined : { host: hostname, port: port === '' ? undefined : Number(port) }
}
