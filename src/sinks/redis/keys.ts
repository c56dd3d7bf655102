/** Keys from templates. A key holds any bytes, so names stand in it as they are; only two tags may not meet in one. */
import type { TagInfo } from '../../core/tags.ts'
import { fillTemplate, parseTemplate, type Template } from '../encode/template.ts'

const PLACEHOLDERS = ['device', 'tag', 'type', 'unit', 'log'] as const

/** Parses a key template; CONFIG_INVALID when it names what does not exist. */
export const parseKey = (text: string): Template => parseTemplate(text, PLACEHOLDERS)

/** True when the template has this placeholder. */
export const names = (template: Template, placeholder: string): boolean =>
  template.some((piece, at) => at % 2 === 1 && piece === placeholder)

/** The key of a tag. */
export const keyOf = (template: Template, { device, settings }: TagInfo, log: string): string =>
  fillTemplate(template, (name) => {
    if (name === 'device') return device
    if (name === 'tag') return settings.name
    if (name === 'type') return settings.type
    return name === 'unit' ? (settings.unit ?? '') : log
  })

interface TagName {
  readonly device: string
  readonly name: string
}

const plainKey = (template: Template, device: string, tag: string): string =>
  fillTemplate(template, (part) => (part === 'device' ? device : part === 'tag' ? tag : ''))

/** Sentences for keys that would be a stream and a hash at once, or hold samples and gaps. */
export function kindConflicts(stream: string, latest: string, gaps: string, tags: readonly TagName[]): string[] {
  const hash = parseKey(latest)
  const hashes = new Map(latest === '' ? [] : tags.map(({ device, name }) => [plainKey(hash, device, name), device]))
  const sentences = new Set<string>()
  const template = parseKey(stream)
  for (const { device, name } of stream === '' ? [] : tags) {
    const key = plainKey(template, device, name)
    if (key === gaps) sentences.add(`the samples of "${device}" and the gaps would share the key "${key}"`)
    const other = hashes.get(key)
    if (other !== undefined)
      sentences.add(`the stream of "${device}" and the hash of "${other}" would share the key "${key}"`)
  }
  return [...sentences]
}

/**
 * Sentences for keys in which two devices or tags meet although the template tells them apart: `{device}:{tag}` makes one key of
 * "a:b" with "c" and of "a" with "b:c", and no reader could say whose entry it is. Type and unit tell nobody apart.
 */
export function keyConflicts(text: string, tags: readonly TagName[]): string[] {
  const template = parseKey(text)
  const byDevice = names(template, 'device')
  const byTag = names(template, 'tag')
  const owners = new Map<string, string>()
  const sentences = new Set<string>()
  for (const { device, name } of tags) {
    const key = plainKey(template, device, name)
    const what = byTag ? (byDevice ? `"${device}/${name}"` : `tag "${name}"`) : byDevice ? `device "${device}"` : 'all'
    const other = owners.get(key)
    if (other !== undefined && other !== what) sentences.add(`${other} and ${what} would share the key "${key}"`)
    else owners.set(key, what)
  }
  return [...sentences]
}
