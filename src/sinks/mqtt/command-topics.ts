/**
 * Topics by which tags are written. A topic leads back to its tag through the table of tags, with the same rules by which topics are
 * made: nothing is parsed, so names that the rules changed work too.
 */
import type { TagInfo, TagTable } from '../../core/tags.ts'
import { fillTemplate, type Template } from '../encode/template.ts'
import { topicLevel, topicName, type Slashes, type TopicFields } from '../encode/topic.ts'

export interface CommandTemplates {
  readonly topic: Template
  /** `behind`: the topic of the command with `/reply` behind it; undefined: none. */
  readonly reply: Template | 'behind' | undefined
  readonly slashes: Slashes
  readonly client: string
  readonly log: string
}

export class CommandTopics {
  readonly #templates: CommandTemplates
  readonly #tags: TagTable
  #known = new Map<string, TagInfo>()
  #version = -1

  constructor(templates: CommandTemplates, tags: TagTable) {
    this.#templates = templates
    this.#tags = tags
  }

  /** The tag that this topic writes. */
  find(topic: string): TagInfo | undefined {
    return this.#current().get(topic)
  }

  /** Where answers go that name no topic of their own. */
  replyOf(topic: string, info: TagInfo | undefined): string | undefined {
    const { reply } = this.#templates
    if (reply === 'behind') return `${topic}/reply`
    return reply && info && this.#nameOf(reply, info)
  }

  /** What is subscribed to: `+` for the levels that depend on a tag. */
  filters(): string[] {
    const { topic } = this.#templates
    const filters = new Set<string>()
    for (const info of this.#tags.values()) filters.add(filterOf(topic, this.#fields(info), this.#templates.slashes))
    return [...filters]
  }

  #current(): ReadonlyMap<string, TagInfo> {
    if (this.#version === this.#tags.version) return this.#known
    this.#known = new Map([...this.#tags.values()].map((info) => [this.#nameOf(this.#templates.topic, info), info]))
    this.#version = this.#tags.version
    return this.#known
  }

  #nameOf(template: Template, info: TagInfo): string {
    return topicName(template, this.#fields(info), this.#templates.slashes)
  }

  #fields({ device, settings }: TagInfo): TopicFields {
    const { client, log } = this.#templates
    return { device, tag: settings.name, unit: settings.unit, type: settings.type, client, log }
  }
}

/** A level that holds anything of a tag stands for any text; one that names the gateway alone is as it is. */
export function filterOf(template: Template, fields: TopicFields, slashes: Slashes): string {
  // U+0000 is in no topic name.
  const marked = fillTemplate(template, (name) => {
    const value = topicLevel(fields[name as keyof TopicFields] ?? '', slashes)
    return name === 'client' || name === 'log' ? value : value.split('/').fill('\0').join('/')
  })
  return marked
    .replace(/^\$/, '_')
    .split('/')
    .map((level) => (level.includes('\0') ? '+' : level))
    .join('/')
}

/** True when a topic is one that the filter lets through (MQTT 5.0, 4.7); the filter has no `#`. */
export function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/')
  const wanted = filter.split('/')
  if (wanted.length !== levels.length || (topic.startsWith('$') && wanted[0] === '+')) return false
  return wanted.every((level, at) => level === '+' || level === levels[at])
}
