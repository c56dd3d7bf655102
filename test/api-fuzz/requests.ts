/** Requests to one operation: as the document allows them, and spoiled at one place or at many. */
import fc from 'fast-check'
import type { Operation, Parameter } from './document.ts'
import { hostileStep, hostileText, hostileValue, RAW_BODIES, type RawBody } from './hostile.ts'
import { valid, type Names } from './values.ts'

export interface FuzzRequest {
  readonly method: string
  /** As it goes over the wire: path and query, encoded. */
  readonly target: string
  readonly body: RawBody | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** Each path parameter as a step, each query parameter as pairs. */
export function requestsTo(operation: Operation, names: Names): fc.Arbitrary<FuzzRequest> {
  const { method, path, parameters, body } = operation
  const inPath = parameters.filter((one) => one.in === 'path')
  const inQuery = parameters.filter((one) => one.in === 'query')
  const steps = fc.record(Object.fromEntries(inPath.map((one) => [one.name, stepOf(one, names)])))
  const pairs = fc.tuple(...inQuery.map((one) => pairsOf(one, names)), strayPairs).map((each) => each.flat())
  const bodies: fc.Arbitrary<RawBody | undefined> = body === undefined ? strayBody : bodyOf(operation, names)
  return fc.tuple(steps, pairs, bodies, strayHeaders).map(([values, query, sent, headers]) => {
    const address = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name)
    return { method, target: query.length === 0 ? address : `${address}?${query.join('&')}`, body: sent, headers }
  })
}

const encode = (text: string): string => encodeURIComponent(text.toWellFormed())

/** What a person would put in: names that exist come first. */
function stepOf({ name, schema }: Parameter, names: Names): fc.Arbitrary<string> {
  const fit = valid(schema, names, name).map((value) => encode(String(value)) || '%20')
  return fc.oneof({ arbitrary: fit, weight: 4 }, { arbitrary: hostileStep, weight: 1 })
}

function pairsOf({ name, schema, required = false }: Parameter, names: Names): fc.Arbitrary<string[]> {
  const pair = (text: string): string => `${encode(name)}=${encode(text)}`
  const fit = valid(schema, names, name).map((value) => [value].flat().map((one) => pair(String(one))))
  const wrong = hostileText.map((text) => [pair(text)])
  const twice = fc.tuple(hostileText, hostileText).map((texts) => texts.map(pair))
  const absent = fc.constant<string[]>([])
  return fc.oneof(
    { arbitrary: absent, weight: required ? 1 : 4 },
    { arbitrary: fit, weight: 5 },
    { arbitrary: wrong, weight: 1 },
    { arbitrary: twice, weight: 1 },
  )
}

const strayPairs: fc.Arbitrary<string[]> = fc.oneof(
  { arbitrary: fc.constant<string[]>([]), weight: 9 },
  {
    arbitrary: fc.constantFrom<string[]>(['__proto__[x]=1'], ['=', '&&'], ['%=1'], ['a[b][c]=1', 'a=2'], ['%00=%00']),
    weight: 1,
  },
)

/** What a header may hold at all (RFC 9110, 5.5); the rest never leaves a client. */
const headerText = hostileText.map((text) =>
  text
    .replace(/[^\x20-\x7e\xa0-\xff]/g, '')
    .slice(0, 2000)
    .trim(),
)

const strayHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 5 },
  {
    arbitrary: fc.dictionary(
      fc.constantFrom(
        'if-match',
        'cookie',
        'x-forwarded-for',
        'idempotency-key',
        'range',
        'if-none-match',
        'accept-encoding',
      ),
      headerText,
      { maxKeys: 3 },
    ),
    weight: 1,
  },
  {
    arbitrary: fc.constantFrom('text/html', '*/*', 'application/openmetrics-text', 'text/html;q=0.1, bad', ';').map((accept) => ({ accept })), // prettier-ignore
    weight: 1,
  },
)

/** Of an operation that takes none. */
const strayBody: fc.Arbitrary<RawBody | undefined> = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 9 },
  { arbitrary: fc.constantFrom(...RAW_BODIES.slice(0, 12)), weight: 1 },
)

const asJson = (value: unknown): RawBody => ({ type: 'application/json', text: JSON.stringify(value) ?? '' })

function bodyOf({ body }: Operation, names: Names): fc.Arbitrary<RawBody | undefined> {
  const fit = valid(body!, names)
  const spoiled = fc
    .tuple(fit, fc.nat(), hostileValue, fc.nat(3))
    .map(([value, at, bad, how]) => spoil(value, at, bad, how))
  return fc.oneof(
    { arbitrary: fit.map(asJson), weight: 5 },
    { arbitrary: spoiled.map(asJson), weight: 3 },
    { arbitrary: hostileValue.map(asJson), weight: 1 },
    { arbitrary: fc.constantFrom(...RAW_BODIES, undefined), weight: 2 },
  )
}

/** One field of it is wrong, missing, or one too many. */
function spoil(value: unknown, at: number, bad: unknown, how: number): unknown {
  if (typeof value !== 'object' || value === null) return bad
  const fields = Object.entries(value)
  if (how === 0 || fields.length === 0) return { ...value, surplus: bad }
  const [name] = fields[at % fields.length]!
  if (how === 1) return Object.fromEntries(fields.filter(([key]) => key !== name))
  return { ...value, [name]: bad }
}
