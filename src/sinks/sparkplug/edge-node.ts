/**
 * What the edge node tells of: one Sparkplug device a device, one metric a tag, and what the far side knows of each by now.
 * Rebuilt at every birth, so that a birth holds every metric that is sent after it (Sparkplug 3.0, 6.4.19 and 6.4.20).
 */
import type { Log } from '../../core/log.ts'
import type { Latest, LatestValue } from '../../core/sink.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'
import { formerTypeOf, metricTypeOf, type MetricType } from './metric-type.ts'
import { idProblem, type DeviceTopics, type Topics } from './topics.ts'

/** The alias of `Bifrost/Gap`; those of the tags follow, as ids are never used again. 0 would look like none. */
export const GAP_ALIAS = 1
const FIRST_TAG_ALIAS = 2

export interface Metric {
  readonly info: TagInfo
  readonly device: Device
  readonly name: string
  /** Unique over the edge node (6.4.6); the same for ever. */
  readonly alias: number
  readonly type: MetricType
  /** The sequence number of the newest value that the far side was told. */
  told: number
  /** Its last status says that the device cannot be reached. */
  lost: boolean
  /** The group of the batch being sorted that has its last row, and the time of that row. */
  group: number
  groupTime: number
}

export interface Device {
  readonly id: string
  readonly topics: DeviceTopics
  readonly metrics: Metric[]
  /** The tags that the configuration has now: those decide whether the device is lost. */
  configured: number
  lost: number
  /** Its DBIRTH was sent, and no DDEATH since. */
  alive: boolean
}

/** Statuses that say: nothing comes from this device now. */
const LOST = new Set<StatusCode>([
  Status.BadNoCommunication,
  Status.UncertainNoCommunicationLastUsableValue,
  Status.BadNotConnected,
  Status.BadTimeout,
  Status.BadOutOfService,
])

const isLost = (status: StatusCode): boolean => status !== 0 && LOST.has((status & 0xffff0000) >>> 0)

export interface EdgeNodeContext {
  readonly tags: TagTable
  readonly latest: Latest
  readonly log: Log
}

export class EdgeNode {
  readonly #context: EdgeNodeContext
  readonly #topics: Topics
  readonly #devices = new Map<string, Device>()
  readonly #metrics: (Metric | undefined)[] = []
  /** Tags of earlier configurations whose samples still come. */
  readonly #former = new Map<TagId, TagInfo>()
  readonly #refused = new Set<string>()

  constructor(context: EdgeNodeContext, topics: Topics) {
    this.#context = context
    this.#topics = topics
  }

  get devices(): Iterable<Device> {
    return this.#devices.values()
  }

  /** Device and metric as a command names them. */
  device(id: string): Device | undefined {
    return this.#devices.get(id)
  }

  /** The metric of a tag, where the last birth told it. */
  metricOf(tag: TagId): Metric | undefined {
    const metric = this.#metrics[tag]
    return metric !== undefined && metric.info === this.#context.tags.get(tag) ? metric : undefined
  }

  byAlias(alias: number): Metric | undefined {
    return this.#metrics[alias - FIRST_TAG_ALIAS]
  }

  /** Takes in a tag that no birth has told yet, for the next one; returns why it can never be told. */
  adopt(tag: TagId): string | undefined {
    const info = this.#context.tags.get(tag)
    if (info === undefined) return `tag ${tag} is no longer known`
    const problem = idProblem(info.device)
    if (problem !== undefined) return `device "${info.device}" cannot be a Sparkplug device: ${problem}`
    if (this.#context.tags.find(info.device, info.settings.name)?.id !== tag) this.#former.set(tag, info)
    return undefined
  }

  /** Takes devices and metrics from the tags there are now; what the far side knows of them begins anew with `born`. */
  refresh(): void {
    const before = [...this.#metrics]
    this.#metrics.length = 0
    for (const device of this.#devices.values()) {
      device.metrics.length = 0
      device.configured = device.lost = 0
      device.alive = false
    }
    for (const info of this.#context.tags.values()) this.#add(info, false, before[info.id])
    for (const info of this.#former.values()) this.#add(info, true, before[info.id])
    for (const [id, { metrics }] of this.#devices) if (metrics.length === 0) this.#devices.delete(id)
  }

  /** What a birth is about to tell of a metric. */
  born(metric: Metric): LatestValue {
    const latest = this.#context.latest.get(metric.info.id)
    metric.told = latest.seq
    this.#judge(metric, latest.status)
    return latest
  }

  /** Notes that a row is told, unless it is history; true when it makes its device lost. */
  tell(metric: Metric, seq: number, status: StatusCode, isHistory: boolean): boolean {
    if (isHistory) return false
    metric.told = seq
    return this.#judge(metric, status)
  }

  #judge(metric: Metric, status: StatusCode): boolean {
    const lost = isLost(status)
    if (lost === metric.lost) return false
    metric.lost = lost
    const { device } = metric
    if (this.#former.has(metric.info.id)) return false
    device.lost += lost ? 1 : -1
    return lost && allLost(device)
  }

  #add(info: TagInfo, isFormer: boolean, before: Metric | undefined): void {
    const device = this.#deviceOf(info.device)
    if (device === undefined) return
    // A tag whose type was changed and its successor have the same name.
    const name = isFormer && this.#isTaken(info) ? `${info.settings.name} (${info.settings.type})` : info.settings.name
    const metric = before?.info === info && before.name === name ? before : createMetric(info, device, name, isFormer)
    metric.lost = false
    device.metrics.push(metric)
    if (!isFormer) device.configured++
    this.#metrics[info.id] = metric
  }

  #isTaken({ id, device, settings }: TagInfo): boolean {
    if (this.#context.tags.find(device, settings.name) !== undefined) return true
    return [...this.#former.values()].some(
      (other) => other.id !== id && other.device === device && other.settings.name === settings.name,
    )
  }

  #deviceOf(id: string): Device | undefined {
    const known = this.#devices.get(id)
    if (known !== undefined) return known
    const problem = idProblem(id)
    if (problem !== undefined) {
      if (!this.#refused.has(id)) this.#context.log.warn({ device: id }, `"${id}" is left out of Sparkplug: ${problem}`)
      this.#refused.add(id)
      return undefined
    }
    const device = { id, topics: this.#topics.device(id), metrics: [], configured: 0, lost: 0, alive: false }
    this.#devices.set(id, device)
    return device
  }
}

/** True when the connection to the device is lost: every tag says so. */
export const allLost = ({ lost, configured }: Device): boolean => configured > 0 && lost === configured

const createMetric = (info: TagInfo, device: Device, name: string, isFormer: boolean): Metric => ({
  info,
  device,
  name,
  alias: FIRST_TAG_ALIAS + info.id,
  type: isFormer ? formerTypeOf(info.settings.type) : metricTypeOf(info.settings),
  told: 0,
  lost: false,
  group: 0,
  groupTime: 0,
})
