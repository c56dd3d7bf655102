/** The OpenAPI document as the fuzzer needs it: a list of operations, with every reference resolved. */

/** A JSON Schema of the document. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: JsonSchema
}

interface Content {
  readonly [type: string]: { readonly schema: JsonSchema }
}

export interface Operation {
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: JsonSchema | undefined
  /** By status; `default` for all others. */
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
  /** Codes of the problems that it may answer with. */
  readonly problems: readonly string[]
}

interface RawOperation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Operation['responses']
  readonly 'x-problems'?: readonly string[]
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>
}

export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => {
      const { parameters = [], requestBody, responses, 'x-problems': problems = [] } = resolved(raw, document)
      const body = requestBody?.content['application/json']?.schema
      return { method: method.toUpperCase(), path, parameters, body, responses, problems }
    }),
  )
}

/** With every `$ref` in its place; the document has none that lead to themselves. */
function resolved<T>(part: T, document: unknown): T {
  if (Array.isArray(part)) return part.map((each: unknown) => resolved(each, document)) as T
  if (typeof part !== 'object' || part === null) return part
  const { $ref } = part as { $ref?: unknown }
  if (typeof $ref === 'string') return resolved(at($ref, document), document) as T
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [key, resolved(value as unknown, document)]),
  ) as T
}

const at = (ref: string, document: unknown): unknown =>
  ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step], document)
