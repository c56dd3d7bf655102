/**
 * Fields of a form out of the JSON Schema by which the gateway checks a file, and back: what a person typed as the values that would stand in
 * the file. Drafts are texts by the path of the setting; an empty one is not given, so that the default holds. Nothing is checked here beyond
 * what the gateway checks: a form that is stricter than the file would be wrong twice.
 */

/** What is used of JSON Schema. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly enum?: readonly (string | number)[]
  readonly const?: string | number
  readonly items?: JsonSchema
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly examples?: readonly unknown[]
  readonly secret?: boolean
  readonly file?: boolean
  readonly folder?: boolean
  readonly textFile?: boolean
}

export type FieldKind = 'text' | 'number' | 'flag' | 'choice' | 'list' | 'numbers' | 'secret' | 'textFile'

export interface Field {
  /** `serial.baud`: also its key among the drafts. */
  readonly path: string
  readonly name: string
  readonly kind: FieldKind
  readonly description: string | undefined
  /** As text; empty: there is none. */
  readonly fallback: string
  readonly choices: readonly string[]
  readonly required: boolean
  readonly range: { readonly min: number | undefined; readonly max: number | undefined }
}

/** Fields that belong together: the options of an object within the options. */
export interface FieldGroup {
  readonly name: string
  readonly description: string | undefined
  readonly fields: readonly Field[]
}

export interface FormPlan {
  /** What is asked first: what is needed, and what nearly every device has of its own. */
  readonly first: readonly Field[]
  readonly more: readonly Field[]
  readonly groups: readonly FieldGroup[]
}

export type Drafts = Readonly<Record<string, string>>

/** What people look for first, whatever the protocol. */
const USUAL = ['transport', 'host', 'port', 'unit', 'endpoint', 'securityPolicy', 'order', 'address']

/** `only`: these properties of the schema, and no others. */
export function planForm(schema: JsonSchema, only?: readonly string[]): FormPlan {
  const needed = [...(schema.required ?? []), ...(schema.anyOf ?? []).flatMap(({ required = [] }) => required)]
  const entries = Object.entries(schema.properties ?? {}).filter(([name]) => only === undefined || only.includes(name))
  const fields: Field[] = []
  const groups: FieldGroup[] = []
  for (const [name, property] of entries)
    if (property.properties === undefined) fields.push(fieldOf(name, name, property, schema.required ?? []))
    else groups.push({ name, description: property.description, fields: fieldsWithin(name, property) })
  const isFirst = ({ name }: Field) => needed.includes(name) || USUAL.includes(name)
  const few = fields.length <= 6
  return {
    first: fields.filter((field) => few || isFirst(field)),
    more: few ? [] : fields.filter((field) => !isFirst(field)),
    groups,
  }
}

export const allFields = ({ first, more, groups }: FormPlan): readonly Field[] => [
  ...first,
  ...more,
  ...groups.flatMap(({ fields }) => fields),
]

function fieldsWithin(at: string, { properties = {}, required = [] }: JsonSchema): Field[] {
  return Object.entries(properties).flatMap(([name, property]) =>
    property.properties === undefined
      ? [fieldOf(`${at}.${name}`, name, property, required)]
      : fieldsWithin(`${at}.${name}`, property),
  )
}

function fieldOf(path: string, name: string, schema: JsonSchema, required: readonly string[]): Field {
  const choices = choicesOf(schema)
  return {
    path,
    name,
    kind: kindOf(schema, choices),
    description: schema.description,
    fallback: toDraft(schema.default),
    choices: choices.map(String),
    required: required.includes(name),
    range: { min: schema.minimum, max: schema.maximum },
  }
}

function choicesOf({ enum: values, anyOf = [] }: JsonSchema): readonly (string | number)[] {
  if (values !== undefined) return values
  const constants = anyOf.map((one) => one.const)
  return constants.length > 0 && constants.every((one) => one !== undefined) ? constants : []
}

function kindOf({ type, secret, textFile, items }: JsonSchema, choices: readonly unknown[]): FieldKind {
  if (secret === true) return 'secret'
  if (textFile === true) return 'textFile'
  if (choices.length > 0) return 'choice'
  if (type === 'boolean') return 'flag'
  if (type === 'array') return items?.type === 'integer' || items?.type === 'number' ? 'numbers' : 'list'
  return type === 'integer' || type === 'number' ? 'number' : 'text'
}

/** A value as it would be typed. */
export function toDraft(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(String).join(', ')
  if (typeof value === 'string') return value
  return typeof value === 'object' ? '' : JSON.stringify(value)
}

/** What was typed, as it would stand in the file; undefined: nothing was. What is no number stays as it is, for the gateway to say so. */
export function fromDraft(draft: string, { kind, choices }: Field): unknown {
  const text = draft.trim()
  if (text === '') return undefined
  if (kind === 'flag') return text === 'true'
  if (kind === 'list' || kind === 'numbers') {
    const items = text.split(',').map((item) => item.trim())
    return items.filter((item) => item !== '').map((item) => (kind === 'numbers' ? numberOr(item) : item))
  }
  const isNumeric =
    kind === 'number' || (kind === 'choice' && choices.every((choice) => typeof numberOr(choice) === 'number'))
  return isNumeric ? numberOr(text) : draft.trim()
}

const numberOr = (text: string): number | string => (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text)

/** All that was given, nested as in the file. */
export function toOptions(fields: readonly Field[], drafts: Drafts): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  for (const field of fields) {
    const value = fromDraft(drafts[field.path] ?? '', field)
    if (value === undefined) continue
    const steps = field.path.split('.')
    let at = options
    for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>
    at[steps.at(-1)!] = value
  }
  return options
}

/** Drafts of options as they stand in a file. */
export function toDrafts(options: unknown, at = ''): Record<string, string> {
  const drafts: Record<string, string> = {}
  for (const [name, value] of Object.entries((options ?? {}) as Record<string, unknown>)) {
    const path = at === '' ? name : `${at}.${name}`
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      Object.assign(drafts, toDrafts(value, path))
    else drafts[path] = toDraft(value)
  }
  return drafts
}
