/**
 * Edits of a YAML file that people write by hand: only the bytes of what changes are replaced, so that comments, anchors, quotes, numbers in
 * hex, indentation, line ends and a byte order mark stay as they are. Each result is parsed again and compared with what was wanted before
 * it is given back: an edit does what it should, or throws CONFLICT and changes nothing.
 */
import { isDeepStrictEqual } from 'node:util'
import { parseDocument, type Document } from 'yaml'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { Path } from '../places.ts'
import { formatPath } from '../yaml-source.ts'
import { locate, type Choice } from './locate.ts'
import { splicesFor, type Splice } from './splices.ts'

/** One value of a file: what JSON can hold. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

/**
 * `set`: a value gets another one; a key that a mapping does not have yet is added. `insert`: a further item of a list, at its end or
 * before item `at`; the list is made where there is none. `delete`: a key or an item goes. `rename`: a key gets another name.
 * `choice` says that what does not stand in this place itself may be replaced: see `Choice`.
 */
export type YamlEdit =
  | {
      readonly kind: 'set'
      readonly path: Path
      readonly value: Plain
      readonly choice?: Choice | undefined
      /** A key that is added stands behind this one, where that is there; null: before all others. */
      readonly after?: string | null | undefined
    }
  | { readonly kind: 'insert'; readonly path: Path; readonly value: Plain; readonly at?: number | undefined }
  | { readonly kind: 'delete'; readonly path: Path }
  | { readonly kind: 'rename'; readonly path: Path; readonly key: string }

/**
 * The text after all edits, one after the other; `file` is how messages call it. Throws CONFLICT where one cannot be made without
 * touching anything else.
 */
export function editYaml(text: string, edits: readonly YamlEdit[], file: string): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  return mark + edits.reduce((so, edit) => editOnce(so, edit, file), text.slice(mark.length))
}

function editOnce(text: string, edit: YamlEdit, file: string): string {
  const document = parse(text)
  if (document.errors.length > 0)
    throw refusal(`the file is not YAML: ${document.errors[0]!.message.split('\n')[0]}`, edit, file)
  const found = locate(document, edit, text, file)
  const wanted = applied(valueOf(document), edit.path, edit)
  for (const splice of splicesFor(found, edit)) {
    const result = text.slice(0, splice.from) + splice.text + text.slice(splice.to)
    if (holds(result, wanted, document)) return result
  }
  throw refusal('this cannot be changed without touching anything else: edit the file by hand', edit, file)
}

/** The text is a file in which everything is as it is wanted, and no anchor was lost. */
function holds(text: string, wanted: unknown, before: Document.Parsed): boolean {
  const document = parse(text)
  if (document.errors.length > before.errors.length) return false
  try {
    return isDeepStrictEqual(valueOf(document), wanted)
  } catch {
    return false // an alias that has no anchor any more
  }
}

const parse = (text: string): Document.Parsed =>
  parseDocument(text, { merge: true, prettyErrors: false, uniqueKeys: true, keepSourceTokens: false })

/** Aliases are the same object again, so that a file of aliases of aliases costs no more than its text. */
function valueOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100_000 })
  } catch (error) {
    throw new GatewayError('CONFLICT', `this file cannot be edited: ${messageOf(error)}`, { cause: error })
  }
}

/** A copy of the value with the edit made; what lies beside the path is the very same. */
function applied(value: unknown, path: Path, edit: YamlEdit): unknown {
  const [step, ...rest] = path
  if (step === undefined) {
    if (edit.kind !== 'insert') return edit.kind === 'set' ? edit.value : value
    const list = Array.isArray(value) ? [...(value as unknown[])] : []
    list.splice(edit.at ?? list.length, 0, edit.value)
    return list
  }
  if (Array.isArray(value)) {
    const list = [...(value as unknown[])]
    if (rest.length === 0 && edit.kind === 'delete') list.splice(Number(step), 1)
    else list[Number(step)] = applied(list[Number(step)], rest, edit)
    return list
  }
  const mapping = { ...(value as Record<PropertyKey, unknown> | null | undefined) }
  if (rest.length > 0 || edit.kind === 'set' || edit.kind === 'insert') {
    setOwn(mapping, step, applied(mapping[step], rest, edit))
    return mapping
  }
  if (edit.kind === 'delete') delete mapping[step]
  if (edit.kind === 'delete') return mapping
  return Object.fromEntries(
    Object.entries(mapping).map(([key, inner]) => [key === String(step) ? edit.key : key, inner]),
  )
}

// A key such as `__proto__` must become a plain entry.
function setOwn(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
}

function refusal(message: string, edit: YamlEdit, file: string): GatewayError {
  return new GatewayError('CONFLICT', `${file} ${formatPath(edit.path)}: ${message}`, {
    details: { file, path: edit.path },
  })
}

export type { Choice, Splice }
