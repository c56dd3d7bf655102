/**
 * The OpenAPI document as TypeScript: one entry an operation, with its parameters, body, answer and the problems that it may come back
 * with. `ui/src/api/operations.ts` is made of it by `npm run docs`. Written here because the generators that there are need the compiler
 * API of TypeScript 5.
 */
interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly description?: string
}

interface Media {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

interface Operation {
  readonly summary?: string
  readonly parameters?: readonly {
    name: string
    in: string
    required?: boolean
    schema: Schema
    description?: string
  }[]
  readonly requestBody?: Media & { readonly required?: boolean }
  readonly responses: Readonly<Record<string, Media>>
  readonly 'x-problems': readonly string[]
}

export interface OpenapiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const HEADER = `/** What the API of the gateway takes and answers. Made of its OpenAPI document by \`npm run docs\`; not to be edited. */\n`

/** The whole module. */
export function clientTypes({ paths, components }: OpenapiDocument): string {
  const shared = Object.entries(components.schemas).map(
    ([name, schema]) => `${comment(schema.description)}export type ${name} = ${typeOf(schema)}\n`,
  )
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => entry(`${method.toUpperCase()} ${path}`, operation)),
  )
  return `${HEADER}\n${shared.join('\n')}\nexport interface Operations {\n${operations.join('\n')}}\n`
}

function entry(name: string, operation: Operation): string {
  const { summary, parameters = [], requestBody, responses } = operation
  const schemasIn = (place: string): string => {
    const fields = parameters.filter((one) => one.in === place)
    const lines = fields.map((one) => field(one.name, { ...one.schema, ...(one.description === undefined ? {} : { description: one.description }) }, one.required === true)) // prettier-ignore
    return fields.length === 0 ? 'undefined' : `{\n${lines.join('')}}`
  }
  const body = requestBody?.content?.['application/json']?.schema
  const bodyType =
    body === undefined ? 'undefined' : `${typeOf(body)}${requestBody?.required === true ? '' : ' | undefined'}`
  const answers = Object.entries(responses).flatMap(([status, { content = {} }]) =>
    status.startsWith('2')
      ? Object.entries(content).map(([type, { schema }]) => (type === 'application/json' ? typeOf(schema) : 'string'))
      : [],
  )
  const answer = [...new Set(answers)].join(' | ') || 'undefined'
  const problems = operation['x-problems'].map((code) => `'${code}'`).join(' | ') || 'never'
  return `${comment(summary)}'${name}': {
    params: ${schemasIn('path')}
    query: ${schemasIn('query')}
    body: ${bodyType}
    answer: ${answer}
    problems: ${problems}
  }`
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1)!
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].map(bracketed).join(' | ')
  if (schema.allOf !== undefined) return schema.allOf.map((one) => bracketed(typeOf(one))).join(' & ')
  const types = [schema.type ?? []].flat()
  if (types.length === 0) return 'unknown'
  return [...new Set(types.map((type) => ofType(type, schema)))].map(bracketed).join(' | ')
}

function ofType(type: string, schema: Schema): string {
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'string' || type === 'boolean' || type === 'null') return type
  if (type === 'array') return `readonly (${typeOf(schema.items ?? {})})[]`
  const { properties = {}, required = [], additionalProperties: more } = schema
  const fields = Object.entries(properties).map(([name, value]) => field(name, value, required.includes(name)))
  if (fields.length > 0) return `{\n${fields.join('')}}`
  return typeof more === 'object' ? `Readonly<Record<string, ${typeOf(more)}>>` : 'Readonly<Record<string, unknown>>'
}

const field = (name: string, schema: Schema, isRequired: boolean): string =>
  `${comment(schema.description)}readonly ${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}${isRequired ? '' : '?'}: ${typeOf(schema)}${isRequired ? '' : ' | undefined'}\n`

const comment = (text: string | undefined): string =>
  text === undefined ? '' : `/** ${text.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')} */\n`

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value))

/** A union within a union or an array needs none, a function type would. */
const bracketed = (type: string): string => (type.includes('=>') ? `(${type})` : type)
