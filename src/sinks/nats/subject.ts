/**
 * Subjects from templates. A subject is tokens with dots between; no token is empty or holds a space, a control character or a wildcard
 * (`*`, `>`), and `$` at the beginning belongs to the server. What a name has of these becomes `_`; a dot too, unless `dots: levels` lets it
 * make further tokens.
 */
import { GatewayError } from '../../core/errors.ts'
import type { TagInfo } from '../../core/tags.ts'
import { fillTemplate, parseTemplate, type Template } from '../encode/template.ts'

const PLACEHOLDERS = ['device', 'tag', 'unit', 'type', 'log'] as const
/** A line of the protocol has 4,096 bytes at the server's default, and more in it than the subject. */
const MAX_SUBJECT_BYTES = 3500

export type Dots = 'replace' | 'levels'

/** Parses a subject template; CONFIG_INVALID when its own text could never be a subject. */
export function parseSubject(text: string): Template {
  const template = parseTemplate(text, PLACEHOLDERS)
  const literal = template.filter((_, at) => at % 2 === 0).join('')
  const bad = /[\s*>{}\p{Cc}]/u.exec(literal)
  if (bad !== null)
    throw new GatewayError('CONFIG_INVALID', `subject "${text}" may not contain ${JSON.stringify(bad[0])}`)
  if (text.startsWith('$'))
    throw new GatewayError(
      'CONFIG_INVALID',
      `subject "${text}" may not begin with $: such subjects belong to the server`,
    )
  if (`.${fillTemplate(template, () => 'x')}.`.includes('..'))
    throw new GatewayError(
      'CONFIG_INVALID',
      `subject "${text}" has an empty token: no dot at the ends, no two in a row`,
    )
  return template
}

/** The subject of a tag; see `subjectRefusal` for those that still cannot be. */
export function subjectOf(template: Template, { device, settings }: TagInfo, logId: string, dots: Dots): string {
  const fields: Record<string, string | undefined> = {
    device,
    tag: settings.name,
    unit: settings.unit,
    type: settings.type,
    log: logId,
  }
  const subject = fillTemplate(template, (name) => token(fields[name] ?? '', dots))
  return subject.startsWith('$') ? `_${subject.slice(1)}` : subject
}

/** Why this cannot be a subject; undefined: it can. */
export const subjectRefusal = (subject: string): string | undefined =>
  Buffer.byteLength(subject) > MAX_SUBJECT_BYTES ? `its subject is longer than ${MAX_SUBJECT_BYTES} bytes` : undefined

/** The tokens of a template before the first that has a placeholder, with a dot at the end: `bifrost.` of `bifrost.{device}.{tag}`. */
export function rootOf(subject: string): string {
  const literal = subject.split('{', 1)[0]!
  return subject.includes('{') ? literal.slice(0, literal.lastIndexOf('.') + 1) : `${literal}.`
}

/** All subjects that the template can make, as a filter with wildcards. */
export function filterOf(template: Template, dots: Dots): string {
  if (template.length === 1) return template[0]!
  if (dots === 'levels') return `${rootOf(template.map((piece, at) => (at % 2 === 0 ? piece : '{x}')).join(''))}>`
  return fillTemplate(template, () => '{').split('.').map((each) => (each.includes('{') ? '*' : each)).join('.') // prettier-ignore
}

function token(name: string, dots: Dots): string {
  const clean = name.toWellFormed().replace(/[\s*>\p{Cc}]/gu, '_')
  if (dots === 'replace') return clean.replaceAll('.', '_') || '_'
  return clean.split('.').map((each) => each || '_').join('.') // prettier-ignore
}
