/**
 * Topic names from templates (MQTT 5.0, 4.7: a topic name holds no `+`, `#` or U+0000, is at most 65,535 bytes of UTF-8, and a
 * leading `$` belongs to the broker). The rule for names that break this: the character becomes `_`; an empty name becomes
 * `_`; `/` in a name becomes `_` too, unless `slashes: levels` lets it make deeper levels.
 */
import { GatewayError } from '../../core/errors.ts'
import { fillTemplate, parseTemplate, type Template } from './template.ts'

/** What a topic template may name. */
const TOPIC_PLACEHOLDERS = ['device', 'tag', 'unit', 'type', 'client', 'log'] as const

export type TopicFields = Partial<Record<(typeof TOPIC_PLACEHOLDERS)[number], string | undefined>>
export type Slashes = 'replace' | 'levels'

export const MAX_TOPIC_BYTES = 65_535

/** Control characters, wildcards and code points that are no characters (MQTT 5.0, 1.5.4 and 4.7.1). */
const FORBIDDEN = /[+#\p{Cc}\p{Noncharacter_Code_Point}]/gu

/** Topics of AWS IoT Core that a client may publish in although they begin with $; whose broker that is, is asked elsewhere. */
const BASIC_INGEST = /^\$aws\/rules\/[A-Za-z0-9_]+\//

/** Parses a topic template; CONFIG_INVALID when its own text could never be a topic name. */
export function parseTopic(text: string): Template {
  const template = parseTemplate(text, TOPIC_PLACEHOLDERS)
  const literal = template.filter((_, at) => at % 2 === 0).join('')
  const bad = /[+#{}\p{Cc}]/u.exec(literal)
  if (bad !== null) {
    throw new GatewayError('CONFIG_INVALID', `topic "${text}" may not contain ${JSON.stringify(bad[0])}`)
  }
  if (text.startsWith('$') && !BASIC_INGEST.test(text)) {
    throw new GatewayError('CONFIG_INVALID', `topic "${text}" may not begin with $: such topics belong to the broker`)
  }
  return template
}

/** A topic name; never empty, never with forbidden characters. It may still be too long: see `MAX_TOPIC_BYTES`. */
export function topicName(template: Template, fields: TopicFields, slashes: Slashes): string {
  const topic = fillTemplate(template, (name) => topicLevel(fields[name as keyof TopicFields] ?? '', slashes))
  // A template that begins with $ itself has been looked at when it was parsed.
  return topic.startsWith('$') && template[0] === '' ? `_${topic.slice(1)}` : topic
}

/** A name as a part of a topic. */
export function topicLevel(name: string, slashes: Slashes): string {
  const clean = name.toWellFormed().replace(FORBIDDEN, '_')
  if (clean === '') return '_'
  return slashes === 'levels' ? clean : clean.replaceAll('/', '_')
}

/** A tag or device that is published, and where. */
export interface Publication {
  readonly what: string
  readonly topic: string
}

/** One sentence for each topic that several would share, and for each that is too long. */
export function topicConflicts(publications: Iterable<Publication>): string[] {
  const owner = new Map<string, string>()
  const sentences: string[] = []
  for (const { what, topic } of publications) {
    const other = owner.get(topic)
    if (other !== undefined && other !== what) sentences.push(`${other} and ${what} would share the topic "${topic}"`)
    else owner.set(topic, what)
    sentences.push(...topicTooLong([{ what, topic }]))
  }
  return sentences
}

/** One sentence for each topic that is too long, for messages that several tags may share. */
export const topicTooLong = (publications: readonly Publication[]): string[] =>
  publications
    .filter(({ topic }) => Buffer.byteLength(topic) > MAX_TOPIC_BYTES)
    .map(({ what }) => `the topic of ${what} is longer than 65,535 bytes`)
