/** Tags that could not be told apart in Kafka: `check` names them. */
import type { TagInfo } from '../../core/tags.ts'
import type { KafkaOptions } from './options.ts'
import { keyOf } from './records.ts'
import { parseTopicTemplate, topicOf, topicRefusal } from './topic-name.ts'

/**
 * Two tags with one key in one topic, or a topic that cannot be. The key is device and tag with a slash between, so `a/b` of `c` and `b` of
 * `c/a` would meet; keyed by device, tags meet on purpose and are told apart by their headers.
 */
export function conflicts(
  { topic, keyBy }: KafkaOptions,
  tags: readonly { device: string; name: string }[],
): readonly string[] {
  const template = parseTopicTemplate(topic)
  const impossible = new Set<string>()
  const owner = new Map<string, string>()
  const sentences: string[] = []
  for (const { device, name } of tags) {
    const tag = { device, settings: { name, type: 'float64' } } as TagInfo
    const where = topicOf(template, tag, 'log')
    const refusal = topicRefusal(where)
    if (refusal !== undefined && !impossible.has(where)) {
      impossible.add(where)
      sentences.push(`the topic of "${device}/${name}" cannot be: ${refusal}`)
    }
    if (keyBy === 'device') continue
    const key = `${where} ${keyOf(tag, keyBy)}`
    const other = owner.get(key)
    const own = `tag "${name}" of device "${device}"`
    if (other !== undefined) sentences.push(`${other} and ${own} would share the key "${keyOf(tag, keyBy)}"`)
    else owner.set(key, own)
  }
  return sentences
}

/** How many topics these tags go to. */
export function topicCount({ topic }: KafkaOptions, tags: readonly { device: string; name: string }[]): number {
  const template = parseTopicTemplate(topic)
  const topics = tags.map(({ device, name }) =>
    topicOf(template, { device, settings: { name, type: 'float64' } } as TagInfo, 'log'),
  )
  return new Set(topics).size
}
