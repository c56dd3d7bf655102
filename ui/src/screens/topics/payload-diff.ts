/** What has changed between two payloads: field by field where both are JSON objects, else as a whole. */

export interface FieldDiff {
  /** JSON Pointer (RFC 6901) without the first slash; empty: all of it. */
  readonly field: string
  readonly before: string | undefined
  readonly now: string | undefined
  readonly what: 'changed' | 'same' | 'added' | 'removed'
}

export interface PayloadDiff {
  readonly fields: readonly FieldDiff[]
  /** Fields beyond the bound. */
  readonly more: number
}

const MOST_FIELDS = 200
/** JSON.parse would round it: then all of it is shown as it came. */
const LONG_NUMBER = /(?<![\d.])\d{16,}(?![\d.eE])/

export interface Payload {
  readonly text: string | null
  readonly hex: string | null
  readonly decoded: unknown
}

export function diffOf(before: Payload, now: Payload): PayloadDiff {
  const [old, young] = [fieldsOf(contentOf(before)), fieldsOf(contentOf(now))]
  const names = [...new Set([...young.keys(), ...old.keys()])]
  const fields = names.slice(0, MOST_FIELDS).map((field): FieldDiff => {
    const [was, is] = [old.get(field), young.get(field)]
    const what = was === undefined ? 'added' : is === undefined ? 'removed' : was === is ? 'same' : 'changed'
    return { field, before: was, now: is, what }
  })
  return { fields, more: names.length - fields.length }
}

/** JSON with two blanks a level, so that people can read it; other texts as they are. */
export function prettyOf(payload: Payload): string {
  const content = contentOf(payload)
  return typeof content === 'string' ? content : JSON.stringify(content, undefined, 2)
}

function contentOf({ text, hex, decoded }: Payload): unknown {
  if (text === null) return decoded ?? hex ?? ''
  if (LONG_NUMBER.test(text)) return text
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : text
  } catch {
    return text
  }
}

function fieldsOf(content: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof content === 'object' && content !== null && Object.keys(content).length > 0)
    for (const [name, value] of Object.entries(content))
      fieldsOf(value, `${path}${path === '' ? '' : '/'}${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, into)
  else into.set(path, typeof content === 'string' ? content : JSON.stringify(content))
  return into
}
