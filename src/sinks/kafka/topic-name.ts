/**
 * Topic names from templates. Kafka takes letters and digits of ASCII, `.`, `_` and `-`, at most 249 of them, and neither `.` nor `..`
 * alone: what a name has besides becomes `_`.
 */
import { GatewayError } from '../../core/errors.ts'
import type { TagInfo } from '../../core/tags.ts'
import { fillTemplate, parseTemplate, type Template } from '../encode/template.ts'

const PLACEHOLDERS = ['device', 'tag', 'type', 'log'] as const
const MAX_CHARACTERS = 249

/** Parses a topic template; CONFIG_INVALID when its own text could never stand in a topic name. */
export function parseTopicTemplate(text: string): Template {
  const template = parseTemplate(text, PLACEHOLDERS)
  const literal = template.filter((_, at) => at % 2 === 0).join('')
  const bad = /[^A-Za-z0-9._-]/u.exec(literal)
  if (bad !== null)
    throw new GatewayError('CONFIG_INVALID', `topic "${text}" may not contain ${JSON.stringify(bad[0])}; a topic has letters, digits, ".", "_" and "-"`) // prettier-ignore
  if (template.length === 1 && topicRefusal(text) !== undefined)
    throw new GatewayError('CONFIG_INVALID', `"${text}" cannot be a topic: ${topicRefusal(text)}`)
  return template
}

/** The topic of a tag; see `topicRefusal` for the names that still cannot be. */
export const topicOf = (template: Template, { device, settings }: TagInfo, logId: string): string =>
  fillTemplate(template, (name) => legal({ device, tag: settings.name, type: settings.type, log: logId }[name] ?? ''))

/** The topic of a tag as a place for people; undefined: it can have none. */
export function placeOfTag(template: Template, info: TagInfo, logId: string): string | undefined {
  const topic = topicOf(template, info, logId)
  return topicRefusal(topic) === undefined ? topic : undefined
}

/** The topic of a template whose text depends on no tag. */
export const topicOfLog = (template: Template, logId: string): string =>
  fillTemplate(template, (name) => legal(name === 'log' ? logId : ''))

/** Why this cannot be a topic; undefined: it can. */
export function topicRefusal(topic: string): string | undefined {
  if (topic.length > MAX_CHARACTERS) return `it is longer than ${MAX_CHARACTERS} characters`
  return topic === '.' || topic === '..' ? 'Kafka does not allow it' : undefined
}

const legal = (name: string): string => name.replace(/[^A-Za-z0-9._-]/gu, '_') || '_'
