/**
 * A driver for tests of polling: a plug-in of the contract in `core/driver.ts` whose devices do what the test says. Each point
 * is one request of its own; answers take time on the clock of the test.
 */
import { z } from 'zod'
import { SampleBatch } from '../core/batch.ts'
import { sleep } from '../core/clock.ts'
import {
  defineDriver,
  defineTool,
  type Context,
  type Driver,
  type Emit,
  type LineAccess,
  type Point,
  type Poll,
  type WriteItem,
} from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'
import { Status, type StatusCode } from '../core/status.ts'
import type { Value } from '../core/value.ts'

/** What a fake device does; tests change it while it runs. */
export class FakeDevice {
  /** `silent`: connects but never answers; `mute`: does not even connect. */
  mode: 'well' | 'refuse' | 'mute' | 'silent' | 'drop' | 'throw' | 'stuck' = 'well'
  answerMs = 10
  timeoutMs = 1000
  /** Tags that answer with this status. */
  readonly bad = new Map<number, StatusCode>()
  writeStatus: StatusCode = Status.Good
  readonly values = new Map<number, Value>()
  /** Tags that the driver answers for without asking, as one with a breaker of its own. */
  readonly unasked = new Set<number>()
  /** `close`, `connect` never ends, whatever the signal says. */
  closeHangs = false
  connectHangs = false
  connects = 0
  connecting = 0
  closes = 0
  /** Every request in order: `r0` reads tag 0, `w0` writes it; with the monotonic time at which it began. */
  readonly requests: { readonly what: string; readonly at: number }[] = []
  inFlight = 0
  mostInFlight = 0
  /** Which unit a tag is read from, where there are several. */
  unitOf: ((tag: number) => number) | undefined
  /** What the driver serves beside the polls. */
  serve: (access: LineAccess, signal: AbortSignal) => Promise<void> = async () => {}
  learned: unknown = undefined
}

const options = z.object({ line: z.string(), device: z.instanceof(FakeDevice), inFlight: z.number().default(1) })

/** Reads one tag by its number through the line, as a tool of people does. */
const peek = defineTool({
  name: 'peek',
  summary: 'Reads one tag.',
  examples: [],
  input: z.strictObject({ tag: z.int() }),
  positions: ['tag'],
  run: ({ tag }, driver, access, signal) =>
    access.run((inner) => (driver as unknown as FakeConnection).request(`p${tag}`, inner), 'command', signal),
  toLines: (status: StatusCode) => [String(status)],
})

/** The driver type; `options.device` is the device, `options.line` the line it hangs on. */
export const fakeDriver = defineDriver({
  name: 'fake',
  summary: 'A device of a test.',
  options,
  addressExamples: [],
  parseAddress: (text) => text,
  describeAddress: (address: string) => address,
  line: ({ line }) => line,
  inFlight: ({ inFlight }) => inFlight,
  tools: [peek],
  create: ({ device }, context) => new FakeConnection(device, context),
})

class FakeConnection implements Driver<string> {
  readonly #device: FakeDevice
  readonly #context: Context

  constructor(device: FakeDevice, context: Context) {
    this.#device = device
    this.#context = context
  }

  async connect(signal: AbortSignal): Promise<void> {
    if (this.#device.connectHangs) await new Promise(() => undefined)
    const device = this.#device
    device.connects++
    device.connecting++
    try {
      await sleep(this.#context.clock, device.mode === 'mute' ? 5000 : 1, signal)
    } finally {
      device.connecting--
    }
    if (device.mode === 'refuse') throw new NotConnectedError('connect ECONNREFUSED 10.0.0.5:502')
    if (device.mode === 'mute') throw new NotConnectedError('10.0.0.5:502 did not accept within 5s')
  }

  prepare(points: readonly Point<string>[]): Poll {
    const { unitOf } = this.#device
    return {
      ...(unitOf === undefined ? {} : { unit: (step: number) => unitOf(points[step]!.tag) }),
      steps: points.length,
      read: async (step, emit, signal) => {
        const { tag } = points[step]!
        if (this.#device.unasked.has(tag)) return this.#answerAlone(tag, emit)
        const status = await this.request(`r${tag}`, signal)
        const batch = new SampleBatch(1, this.#context.clock.now())
        const outcome = status === Status.Good ? (this.#device.bad.get(tag) ?? Status.Good) : status
        batch.push(tag, outcome === Status.Good ? (this.#device.values.get(tag) ?? tag) : undefined, outcome)
        emit(batch)
      },
    }
  }

  #answerAlone(tag: number, emit: Emit): 'unasked' {
    const batch = new SampleBatch(1, this.#context.clock.now())
    batch.push(tag, undefined, Status.BadTimeout)
    emit(batch)
    return 'unasked'
  }

  async write(items: readonly WriteItem<string>[], signal: AbortSignal): Promise<StatusCode[]> {
    const statuses: StatusCode[] = []
    for (const { point, value, watch } of items) {
      if (watch?.begin() === false) {
        statuses.push(Status.BadRequestNotComplete)
        continue
      }
      const status = await this.request(`w${point.tag}`, signal)
      if (status === Status.Good && this.#device.writeStatus === Status.Good) this.#device.values.set(point.tag, value)
      statuses.push(status === Status.Good ? this.#device.writeStatus : status)
    }
    return statuses
  }

  unitOf({ tag }: Point<string>): number {
    return this.#device.unitOf?.(tag) ?? 0
  }

  async close(): Promise<void> {
    if (this.#device.closeHangs) await new Promise(() => undefined)
    this.#device.closes++
  }

  serve(access: LineAccess, signal: AbortSignal): Promise<void> {
    return this.#device.serve(access, signal)
  }

  profile(): unknown {
    return this.#device.learned
  }

  forget(): void {
    this.#device.learned = undefined
  }

  reasonOf(tag: number): string | undefined {
    return this.#device.bad.has(tag) ? `tag ${tag} is bad` : undefined
  }

  async request(what: string, signal: AbortSignal): Promise<StatusCode> {
    const device = this.#device
    const { clock } = this.#context
    device.requests.push({ what, at: clock.monotonic() })
    device.mostInFlight = Math.max(device.mostInFlight, ++device.inFlight)
    try {
      if (device.mode === 'throw') throw new Error('a defect of the driver')
      if (device.mode === 'stuck') await new Promise(() => {})
      await sleep(clock, device.mode === 'silent' ? device.timeoutMs : device.answerMs, signal)
      if (device.mode === 'drop') throw new NotConnectedError('the far side reset the connection')
      return device.mode === 'silent' ? Status.BadTimeout : Status.Good
    } finally {
      device.inFlight--
    }
  }
}
