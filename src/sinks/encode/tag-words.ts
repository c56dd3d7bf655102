/** Names of things at a far side (measurements, metrics, labels, fields) as templates of a tag's own words. */
import type { TagInfo } from '../../core/tags.ts'
import { fillTemplate, parseTemplate, type Template } from './template.ts'

const TAG_WORDS = ['device', 'tag', 'unit', 'type', 'log', 'sink'] as const

/** What is the same for all tags of a sink. */
export interface SinkNames {
  readonly logId: string
  readonly sink: string
}

/** A template of names, parsed; a text without placeholders is one too. */
export const parseName = (text: string): Template => parseTemplate(text, TAG_WORDS)

/** The template with the words of this tag. */
export const nameOf = (template: string, info: TagInfo, names: SinkNames): string =>
  fillTemplate(parseName(template), (word) => tagWord(word, info, names))

function tagWord(word: string, { device, settings }: TagInfo, { logId, sink }: SinkNames): string {
  switch (word) {
    case 'device':
      return device
    case 'tag':
      return settings.name
    case 'unit':
      return settings.unit ?? ''
    case 'type':
      return settings.type
    case 'log':
      return logId
    default:
      return sink
  }
}
