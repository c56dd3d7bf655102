/** What is wrong with an answer by the document: status, problem code, content type and shape. */
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js'
import { ERRORS, type ErrorCode } from '../../src/core/errors.ts'
import type { JsonSchema, Operation } from './document.ts'
import type { FuzzAnswer } from './exchange.ts'

const PROBLEM = 'application/problem+json'
/** Where an address leads nowhere, no operation was asked. */
const OF_NO_OPERATION: ReadonlySet<string> = new Set(['NOT_FOUND', 'METHOD_NOT_ALLOWED', 'INVALID_REQUEST'])

export class Judge {
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false })
  readonly #compiled = new WeakMap<JsonSchema, ValidateFunction>()

  /** Sentences; none where all is well. `wasAltered`: the address may not lead to this operation. */
  complaints({ method, path, responses, problems }: Operation, { status, type, text }: FuzzAnswer): string[] {
    const where = `${method} ${path} answered ${status} ${type}`
    const response = responses[status] ?? responses.default
    if (response === undefined) return [`${where}: a status that the document does not have`]
    if (status === 204 || status === 302 || status === 304) return []
    const schema = response.content?.[type]?.schema
    if (schema === undefined) return [`${where}: a content type that the document does not have there`]
    let body: unknown = text
    if (type.endsWith('json') && !type.endsWith('ndjson')) {
      try {
        body = JSON.parse(text)
      } catch {
        return [`${where}: no JSON: ${text.slice(0, 200)}`]
      }
    }
    const validate = this.#validator(schema)
    if (!validate(body)) return [`${where}: ${this.#ajv.errorsText(validate.errors)} in ${text.slice(0, 300)}`]
    if (type !== PROBLEM) return status >= 400 && responses[status] === undefined ? [`${where}: no problem`] : []
    const { code, status: said } = body as { code: ErrorCode; status: number }
    if (ERRORS[code].http !== status || said !== status) return [`${where}: ${code} has another status`]
    if (code === 'INTERNAL') return [`${where}: a defect: ${text}`]
    if (problems.includes(code) || OF_NO_OPERATION.has(code)) return []
    return [`${where}: the document does not have the problem ${code} there: ${text.slice(0, 300)}`]
  }

  #validator(schema: JsonSchema): ValidateFunction {
    let compiled = this.#compiled.get(schema)
    if (compiled === undefined) {
      compiled = this.#ajv.compile(strict(schema))
      this.#compiled.set(schema, compiled)
    }
    return compiled
  }
}

/** An answer may hold nothing that the document does not name. */
function strict(schema: JsonSchema): AnySchema {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    const isObject =
      typeof value === 'object' && value !== null && 'properties' in value && !('additionalProperties' in value)
    return isObject ? { ...value, additionalProperties: false } : value
  }) as AnySchema
}
