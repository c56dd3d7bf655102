/**
 * What hosts ask for (Sparkplug 3.0, 5.16): a rebirth by NCMD, and writes by DCMD where the options allow them. Writes go the way of
 * all writes: checked, read back and audited. What nobody knows is logged and passed over.
 */
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import type { Value } from '../../core/value.ts'
import { toJsonValue } from '../../core/value.ts'
import { CommandQueue, MOST_WAITING } from '../mqtt-client/command-queue.ts'
import type { EdgeNode, Metric } from './edge-node.ts'
import { MetricType } from './metric-type.ts'
import { readCommand, type CommandMetric, type CommandValue } from './payload-reader.ts'
import type { Topics } from './topics.ts'

/** A write that has not begun by then is never carried out: its sender has given up. */
const DEADLINE_MS = 10_000
/** Different complaints that are logged; a host that sends nonsense for ever must not fill the log. */
const MOST_COMPLAINTS = 100

export class Commands {
  readonly #context: SinkContext
  readonly #node: EdgeNode
  readonly #topics: Topics
  readonly #allowed: boolean
  readonly #complaints = new Set<string>()
  readonly #queue: CommandQueue

  /** `allowed`: writes are carried out. */
  constructor(context: SinkContext, node: EdgeNode, topics: Topics, allowed: boolean) {
    this.#context = context
    this.#node = node
    this.#topics = topics
    this.#allowed = allowed
    this.#queue = new CommandQueue(context.clock)
  }

  /** Takes a command; true when it asks for a rebirth. */
  receive(topic: string, payload: Uint8Array, retained: boolean): boolean {
    const device = this.#topics.commanded(topic)
    if (device === undefined && topic !== this.#topics.nodeCommand) return false
    // A broker would give it to us again at every connection.
    if (retained) {
      this.#complain(topic, 'a retained command is not carried out; publish commands without retain')
      return false
    }
    let metrics: CommandMetric[]
    try {
      metrics = readCommand(payload)
    } catch (error) {
      this.#complain(topic, messageOf(error))
      return false
    }
    if (device === undefined) return this.#ofNode(topic, metrics)
    for (const asked of metrics) this.#ofDevice(topic, device, asked)
    return false
  }

  #ofNode(topic: string, metrics: readonly CommandMetric[]): boolean {
    let rebirth = false
    for (const { name, alias, value } of metrics) {
      if (name !== 'Node Control/Rebirth') this.#complain(topic, `the edge node takes no command "${name ?? alias}"`)
      else if (value?.kind === 'boolean') rebirth ||= value.value
    }
    return rebirth
  }

  #ofDevice(topic: string, device: string, asked: CommandMetric): void {
    const metric = this.#find(device, asked)
    const what = `${device}/${metric?.name ?? asked.name ?? `alias ${asked.alias}`}`
    if (metric === undefined) return this.#complain(topic, `there is no metric "${what}"`)
    if (!this.#allowed) return this.#complain(topic, `"${what}" is not written: this sink has no commands: true`)
    const value = asked.value === undefined ? undefined : meaningOf(metric.type, asked.value)
    if (value === undefined) return this.#complain(topic, `the value for "${what}" is none of its type`)
    if (this.#queue.isFull) return this.#complain(topic, `${MOST_WAITING} writes wait already`)
    void this.#queue.add(DEADLINE_MS, (leftMs) => this.#write(topic, metric, value, leftMs))
  }

  #find(device: string, { name, alias }: CommandMetric): Metric | undefined {
    const byAlias = alias === undefined ? undefined : this.#node.byAlias(alias)
    if (byAlias?.device.id === device) return byAlias
    return this.#node.device(device)?.metrics.find((metric) => metric.name === name)
  }

  async #write(topic: string, { info }: Metric, value: Value, leftMs: number): Promise<void> {
    const { name, log, command } = this.#context
    const tag = info.settings.name
    try {
      await command({
        device: info.device,
        tag,
        value: toJsonValue(value),
        user: 'sparkplug',
        from: `${name} ${topic}`,
        deadlineMs: leftMs,
      })
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : 'INTERNAL'
      log.warn({ device: info.device, tag, code }, `a write from Sparkplug was not carried out: ${messageOf(error)}`)
    }
  }

  /** Each complaint once. */
  #complain(topic: string, sentence: string): void {
    const key = `${topic} ${sentence}`
    if (this.#complaints.has(key) || this.#complaints.size >= MOST_COMPLAINTS) return
    this.#complaints.add(key)
    this.#context.log.warn({ topic }, sentence)
  }
}

/** What a value means for a metric of this type; undefined when it is none of it. */
function meaningOf(type: MetricType, given: CommandValue): Value | undefined {
  switch (type) {
    case MetricType.Boolean:
      return given.kind === 'boolean' ? given.value : undefined
    case MetricType.String:
      return given.kind === 'string' ? given.value : undefined
    case MetricType.Bytes:
      return given.kind === 'bytes' ? given.value : undefined
    case MetricType.Int64:
      return given.kind === 'long' ? BigInt.asIntN(64, given.value) : wholeOf(given, true)
    case MetricType.UInt64:
      return given.kind === 'long' ? given.value : wholeOf(given, false)
    case MetricType.Float:
    case MetricType.Double:
      return given.kind === 'number' ? given.value : numberOf(given, 32)
    default:
      return given.kind === 'number' ? given.value : numberOf(given, signedBits(type))
  }
}

/** A whole number in two's complement of so many bits, or of 32; of 0 bits: without a sign. */
function numberOf(given: CommandValue, bits: number): number | undefined {
  if (given.kind === 'long') return Number(bits === 0 ? given.value : BigInt.asIntN(64, given.value))
  if (given.kind !== 'int') return undefined
  const { value } = given
  if (bits === 0) return value
  return value < 2 ** bits ? Number(BigInt.asIntN(bits, BigInt(value))) : value | 0
}

function wholeOf(given: CommandValue, signed: boolean): bigint | undefined {
  return given.kind === 'int' ? BigInt(signed ? given.value | 0 : given.value) : undefined
}

function signedBits(type: MetricType): number {
  if (type === MetricType.Int8) return 8
  if (type === MetricType.Int16) return 16
  return type === MetricType.Int32 ? 32 : 0
}
