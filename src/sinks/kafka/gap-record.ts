/** What was lost, as a record of a topic of its own: key the log's id, value JSON. */
import type { Gap, SinkContext } from '../../core/sink.ts'
import { namedGap } from '../encode/gap-document.ts'
import type { Cluster } from './cluster.ts'
import { RecordBatch } from './record-batch.ts'
import { headersOf, withLength } from './records.ts'

/** The gap as a batch of one record; the topic's partitions are known. */
export function gapBatch(
  topic: string,
  gap: Gap,
  { logId, tags }: SinkContext,
  cluster: Cluster,
  hash: (key: Buffer) => number,
): RecordBatch {
  const key = Buffer.from(logId)
  const partition = (hash(key) & 0x7fff_ffff) % cluster.partitionsOf(topic)!
  const value = JSON.stringify(namedGap(gap, logId, tags))
  const batch = new RecordBatch(topic, partition)
  const frame = { key: withLength(key), headers: headersOf({ log: logId, type: 'gap' }) }
  batch.add(0, Math.max(0, Math.floor(gap.toTime)), frame, Buffer.alloc(0), value, `${gap.toSeq}`, Infinity)
  return batch
}
