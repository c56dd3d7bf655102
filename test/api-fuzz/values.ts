/** Values that a schema of the document allows, as arbitraries of fast-check. */
import fc from 'fast-check'
import type { JsonSchema } from './document.ts'

/** `names`: what a field of this name may hold so that it means something here, such as a device that exists. */
export type Names = Readonly<Record<string, readonly string[]>>

export function valid(schema: JsonSchema, names: Names, name = ''): fc.Arbitrary<unknown> {
  const alternatives = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined
  if (alternatives !== undefined) return fc.oneof(...alternatives.map((one) => valid(one, names, name)))
  if ('const' in schema) return fc.constant(schema.const)
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]))
  const types = [schema.type ?? []].flat() as string[]
  if (types.length === 0) return fc.jsonValue({ maxDepth: 2 })
  return fc.oneof(...types.map((type) => ofType(type, schema, names, name)))
}

const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

function ofType(type: string, schema: JsonSchema, names: Names, name: string): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return integer(schema)
    case 'number':
      return fc.oneof(integer(schema), fc.double({ noNaN: true, noDefaultInfinity: true, ...bounds(schema) }))
    case 'string':
      return text(schema, names[name])
    case 'array': {
      const minLength = number(schema.minItems, 0)
      const maxLength = Math.max(minLength, Math.min(number(schema.maxItems, 4), 4))
      return fc.array(valid((schema.items ?? {}) as JsonSchema, names, name), { minLength, maxLength })
    }
    default:
      return object(schema, names)
  }
}

const bounds = (schema: JsonSchema) => ({
  ...(typeof schema.minimum === 'number' ? { min: schema.minimum } : {}),
  ...(typeof schema.maximum === 'number' ? { max: schema.maximum } : {}),
})

function integer(schema: JsonSchema): fc.Arbitrary<number> {
  const min = number(schema.minimum, number(schema.exclusiveMinimum, -2_000_001) + 1)
  const max = number(schema.maximum, 2_000_000)
  const small = fc.integer({ min: Math.max(min, -20), max: Math.max(Math.max(min, -20), Math.min(max, 20)) })
  return fc.oneof(
    small,
    fc.maxSafeInteger().map((n) => Math.min(max, Math.max(min, n))),
  )
}

function text(schema: JsonSchema, known: readonly string[] = []): fc.Arbitrary<string> {
  if (typeof schema.pattern === 'string') return fc.stringMatching(new RegExp(schema.pattern))
  if (schema.format === 'date-time') return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }).map((date) => date.toISOString()) // prettier-ignore
  const minLength = number(schema.minLength, 0)
  const maxLength = Math.min(number(schema.maxLength, 40), Math.max(40, minLength))
  const any = fc.string({ minLength, maxLength, unit: 'grapheme' })
  return known.length === 0 ? any : fc.oneof({ arbitrary: fc.constantFrom(...known), weight: 3 }, any)
}

function object(schema: JsonSchema, names: Names): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>
  const fields = Object.entries(properties).map(([key, value]) => [key, valid(value, names, key)] as const)
  const required = (schema.required ?? []) as string[]
  const known = fc.record(Object.fromEntries(fields), { requiredKeys: required })
  const more = schema.additionalProperties
  if (typeof more !== 'object' || more === null) return known
  const others = fc.dictionary(fc.string({ maxLength: 12 }), valid(more as JsonSchema, names), { maxKeys: 3 })
  return fc.tuple(others, known).map(([extra, own]) => ({ ...extra, ...own }))
}
