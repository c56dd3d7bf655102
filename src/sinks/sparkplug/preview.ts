/**
 * What the samples of a batch would be in Sparkplug, for people: the DDATA of each device by the encoder of the payloads, and what it
 * says in words. With a writer of its own: the session may be in the middle of a payload.
 */
import type { SampleBatch } from '../../core/batch.ts'
import type { SinkMessage, SinkPlace } from '../../core/sink.ts'
import type { TagInfo } from '../../core/tags.ts'
import { toJsonValue } from '../../core/value.ts'
import type { EdgeNode, Metric } from './edge-node.ts'
import { PayloadEncoder, type EncoderOptions } from './payload-encoder.ts'
import { readCommand } from './payload-reader.ts'
import { idProblem, type Topics } from './topics.ts'

const PLACE = { separator: '/', facts: { qos: 0, retained: false } } as const

/** The DDATA topic of the tag's device; undefined: it cannot be a Sparkplug device. */
export function sparkplugPlace({ device, settings }: TagInfo, topics: Topics): SinkPlace | undefined {
  if (idProblem(device) !== undefined) return undefined
  return { ...PLACE, place: topics.device(device).data, member: settings.name }
}

/** One DDATA a device, with the number `seq`; tags that no birth told are left out. */
export function sparkplugMessages(
  batch: SampleBatch,
  node: EdgeNode,
  options: EncoderOptions,
  seq: number,
  now: number,
): SinkMessage[] {
  const byTopic = new Map<string, { readonly rows: number[]; readonly metrics: Metric[] }>()
  for (let row = 0; row < batch.length; row++) {
    const metric = node.metricOf(batch.tag[row]!)
    if (metric === undefined) continue
    const { data } = metric.device.topics
    const group = byTopic.get(data) ?? { rows: [], metrics: [] }
    byTopic.set(data, group)
    group.rows.push(row)
    group.metrics.push(metric)
  }
  const encoder = new PayloadEncoder(options)
  return [...byTopic].map(([place, { rows, metrics }]) => {
    encoder.begin(now)
    for (const [at, row] of rows.entries()) encoder.add(batch, row, metrics[at]!, false)
    const payload = encoder.data(seq)
    const member = metrics.length === 1 ? metrics[0]!.name : undefined
    return { ...PLACE, place, member, payload, decoded: { seq, metrics: decoded(payload, node) } }
  })
}

const decoded = (payload: Uint8Array, node: EdgeNode) =>
  readCommand(payload).map(({ name, alias, value }) => ({
    name: name ?? (alias === undefined ? null : (node.byAlias(alias)?.name ?? null)),
    alias: alias ?? null,
    value: value === undefined ? null : toJsonValue(value.value),
  }))
