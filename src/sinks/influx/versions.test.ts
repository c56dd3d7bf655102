/**
 * InfluxDB 2 and 3 against a recorder that answers as their documentation and source say (there is no package of them to test
 * with): addresses, tokens, lines, and what each refusal leads to. Also lines to the letter, and collisions.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { TagTable } from '../../core/tags.ts'
import { batchOf, startDelivery, tagSettings, tagTable, type DeliveryRig } from '../../testing/delivery-rig.ts'
import { shows } from '../../testing/delivery-waits.ts'
import { startReceiver, type Answer, type Received } from '../../testing/http-receiver.ts'
import { eventually } from '../../testing/peers.ts'
import { influx } from './sink.ts'

const type = influx as unknown as SinkType
const two = { version: 2, org: 'acme gmbh', bucket: 'plant', token: 'abc' }
const three = { version: 3, database: 'plant', token: 'abc' }

/** A table of every kind of tag. */
function everyKind(): TagTable {
  const tags = new TagTable()
  const add = (id: number, ...settings: Parameters<typeof tagSettings>) =>
    tags.add({ id, device: 'press 1', settings: tagSettings(...settings) })
  add(1, 'level', 'float32', { unit: 'm' })
  add(2, 'on', 'bool')
  add(3, 'count', 'int64')
  add(4, 'total', 'uint64')
  add(5, 'name', 'string')
  add(6, 'raw', 'bytes')
  return tags
}

/** Versions 2 and 3 refuse a body without points, after they have looked at token and bucket. */
async function start(t: TestContext, answer: (received: Received) => Answer) {
  const empty = { status: 400, body: { code: 'invalid', message: 'writing requires points' } }
  return startReceiver(t, (received) => (received.text === '' ? empty : answer(received)))
}

const linesIn = (requests: readonly Received[]) => requests.flatMap(({ text }) => text.split('\n')).filter((line) => line !== '') // prettier-ignore
const settled = (rig: DeliveryRig) => eventually('all is settled', () => rig.cursor.ledger().pending === 0)
const lettersOf = (rig: DeliveryRig) =>
  readFileSync(rig.deadLetterFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { seq: number; reason: string }) // prettier-ignore

test('version 2: address, token, and lines to the letter', async (t) => {
  const server = await start(t, () => ({ status: 204, headers: { 'X-Influxdb-Version': 'v2.7.1' } }))
  const rig = startDelivery(t, type, { url: `${server.url}/influx/`, ...two }, { tags: everyKind() })
  rig.cursor.append(
    batchOf([[1, 1.5], [2, true], [3, -5n], [4, 7n], [4, 2n ** 64n - 1n], [5, 'a "b" \\'], [6, Uint8Array.of(1, 2)]], 1), // prettier-ignore
  )
  rig.cursor.append(batchOf([[1, undefined, Status.BadTimeout], [2, undefined, Status.BadTimeout], [1, 3, 0, 5.25, true]], 8)) // prettier-ignore
  await settled(rig)
  const { path, headers } = server.requests.at(-1)!
  assert.equal(path, '/influx/api/v2/write?org=acme+gmbh&bucket=plant&precision=ns')
  assert.equal(headers.authorization, 'Token abc')
  assert.equal(headers['content-encoding'], 'gzip')
  const head = 'press\\ 1,tag='
  const end = (seq: number, q = 0) => `q=${q}i,seq=${seq}i,log="k3f9" 1732356000123000${String(seq).padStart(3, '0')}`
  assert.deepEqual(linesIn(server.requests), [
    `${head}level,unit=m value=1.5,${end(1)}`,
    `${head}on bool=true,${end(2)}`,
    `${head}count int=-5i,${end(3)}`,
    `${head}total uint=7u,${end(4)}`,
    `${head}total uint=18446744073709551615u,${end(5)}`,
    `${head}name text="a \\"b\\" \\\\",${end(6)}`,
    `${head}raw text="AQI=",${end(7)}`,
    `${head}level,unit=m value=1.5,${end(8, Status.BadTimeout)}`,
    `${head}on bool=true,${end(9, Status.BadTimeout)}`,
    `${head}level,unit=m value=3,q=0i,seq=10i,log="k3f9",h=true 5250010`,
  ])
})

test('version 3: address, token, durable and partial writes', async (t) => {
  const server = await start(t, () => ({ status: 204 }))
  const rig = startDelivery(t, type, { url: server.url, ...three, precision: 'ms' }, { tags: everyKind() })
  rig.cursor.append(batchOf([[1, 1.5]]))
  await settled(rig)
  const { path, headers, text } = server.requests.at(-1)!
  assert.equal(path, '/api/v3/write_lp?db=plant&precision=millisecond&accept_partial=true&no_sync=false')
  assert.equal(headers.authorization, 'Bearer abc')
  assert.equal(text, 'press\\ 1,tag=level,unit=m value=1.5,q=0i,seq=1i,log="k3f9" 1732356000123\n')
})

test('version 3 names the lines it refuses: one request, those rows to the dead letters', async (t) => {
  const refusal = (line: number) => ({
    original_line: 'press …',
    line_number: line,
    error_message: "invalid column type for column 'value', expected iox::column_type::field::string, got iox::column_type::field::float", // prettier-ignore
  })
  const body = { error: 'partial write of line protocol occurred', data: [refusal(2), refusal(4)] }
  const server = await start(t, () => ({ status: 400, body }))
  const rig = startDelivery(t, type, { url: server.url, ...three }, { tags: tagTable('a/x') })
  rig.cursor.append(batchOf([[1, 1], [99, 1], [1, 2], [1, 3], [1, 4]])) // prettier-ignore
  await settled(rig)
  assert.deepEqual(lettersOf(rig).map(({ seq }) => seq), [2, 3, 5]) // prettier-ignore
  assert.match(lettersOf(rig)[1]!.reason, /invalid column type for column 'value'/)
  assert.equal(server.requests.filter(({ text }) => text !== '').length, 1)
})

for (const [what, status, body] of [
  [
    'a conflict (422)',
    422,
    {
      code: 'unprocessable entity',
      message:
        'failure writing points to database: partial write: field type conflict: input field "value" on measurement "a" is type float, already exists as type string dropped=1',
    },
  ],
  ['a parse error (400)', 400, { code: 'invalid', message: 'unable to parse: invalid number' }],
  ['a refusal that names no line we know', 400, { error: 'partial write of line protocol occurred', data: [{}] }],
] as const) {
  test(`${what}: the row is found by halves`, async (t) => {
    const server = await start(t, ({ text }) => (text.includes('value=13,') ? { status, body } : { status: 204 }))
    const options = { url: server.url, ...(what.startsWith('a refusal') ? three : two) }
    const rig = startDelivery(t, type, options, { tags: tagTable('a/x') })
    rig.cursor.append(batchOf([11, 12, 13, 14, 15].map((value) => [1, value])))
    await settled(rig)
    assert.deepEqual(lettersOf(rig).map(({ seq }) => seq), [3]) // prettier-ignore
    assert.ok(lettersOf(rig)[0]!.reason.includes('message' in body ? body.message : body.error))
    assert.equal(rig.cursor.ledger().delivered, 4)
  })
}

for (const [what, answer, state, sentence] of [
  [
    '401',
    { status: 401, body: { code: 'unauthorized', message: 'unauthorized access' } },
    'Failed',
    /does not accept this token: unauthorized access/,
  ],
  [
    '403',
    { status: 403, body: { code: 'forbidden', message: 'insufficient permissions for write' } },
    'Failed',
    /does not permit this to this token: insufficient permissions/,
  ],
  [
    '404',
    { status: 404, body: { code: 'not found', message: 'bucket "plant" not found' } },
    'Failed',
    /bucket "plant" not found/,
  ],
] as const) {
  test(`version 2 answers ${what}: named with nothing to send, nothing is dropped`, async (t) => {
    const server = await startReceiver(t, () => answer)
    await shows(startDelivery(t, type, { url: server.url, ...two }), state, sentence)
  })
}

test('version 2 over its quota, then unavailable: waited for as long as it says', async (t) => {
  const answers: Answer[] = [
    { status: 429, headers: { 'Retry-After': '1' }, body: { code: 'too many requests', message: 'write limit' } },
    { status: 503, headers: { 'Retry-After': '0' }, body: { code: 'unavailable' } },
  ]
  const server = await start(t, () => answers.shift() ?? { status: 204 })
  const rig = startDelivery(t, type, { url: server.url, ...two }, { tags: tagTable('a/x') })
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Degraded', /answered 429: write limit/)
  await settled(rig)
  assert.equal(rig.cursor.ledger().delivered, 1)
})

test('batches that are too large (413) are halved, and stay so', async (t) => {
  const server = await start(t, ({ text }) => ({ status: text.length > 1000 ? 413 : 204 }))
  const rig = startDelivery(t, type, { url: server.url, ...two }, { tags: tagTable('a/x') })
  rig.cursor.append(batchOf(Array.from({ length: 100 }, (_, at) => [1, at])))
  await settled(rig)
  assert.equal(rig.cursor.ledger().delivered, 100)
  assert.ok(Number(rig.runner.status().facts['samples at once']) < 100)
})

test('templates: measurement, tags, and one field a tag', async (t) => {
  const server = await start(t, () => ({ status: 204 }))
  const options = {
    measurement: 'plant-{sink}',
    tags: { site: 'north', machine: '{device}', empty: '{unit}', 'a key': '{type}' },
    fields: { number: '{tag}', status: '{tag}_q', sequence: '{tag}_seq' },
    uniqueTimes: false,
  }
  const rig = startDelivery(t, type, { url: server.url, ...two, ...options }, { tags: tagTable('press/level') })
  rig.cursor.append(batchOf([[1, 2]]))
  await settled(rig)
  assert.deepEqual(linesIn(server.requests), [
    'plant-plant,a\\ key=float64,machine=press,site=north level=2,level_q=0i,level_seq=1i,log="k3f9" 1732356000123000000',
  ])
})

const conflicts = (options: object, ...names: readonly (readonly [string, string])[]) =>
  type.conflicts!(type.options.parse({ url: 'http://h', ...two, ...options }), names.map(([device, name]) => ({ device, name }))) // prettier-ignore

test('two tags in one series and field are named, two fields of one point are not', () => {
  assert.deepEqual(conflicts({}, ['a', 'x'], ['a', 'y'], ['b', 'x']), [])
  assert.deepEqual(conflicts({ tags: {} }, ['a', 'x'], ['a', 'y']), [
    '"a/x" and "a/y" would share the series and field a value',
  ])
  assert.deepEqual(conflicts({ tags: {}, fields: { number: '{tag}' } }, ['a', 'x'], ['a', 'y']), [])
  // Names that differ only in what a line cannot hold.
  assert.equal(conflicts({}, ['a', 'x y'], ['a', 'x\ny']).length, 1)
})

const good = { url: 'http://h', ...two }
for (const [what, options, path, sentence] of [
  ['no bucket', { ...good, bucket: undefined }, 'bucket', /is needed with version: 2/],
  ['a user in version 2', { ...good, username: 'a', password: 'b' }, 'username', /is not for version: 2/],
  [
    'a token in version 1',
    { url: 'http://h', version: 1, database: 'd', token: 'x' },
    'token',
    /is not for version: 1/,
  ],
  ['no database', { url: 'http://h', version: 3 }, 'database', /is needed/],
  ['a reserved field', { ...good, fields: { number: 'time' } }, 'fields.number', /keeps the name "time"/],
  ['a reserved tag', { ...good, tags: { _field: 'x' } }, 'tags._field', /./],
  ['an unknown placeholder', { ...good, measurement: '{dev}' }, 'measurement', /no placeholder \{dev\}/],
  ['an empty measurement', { ...good, measurement: '' }, 'measurement', /./],
  ['version 4', { ...good, version: 4 }, 'version', /./],
] as const) {
  test(`the configuration: ${what} is refused`, () => {
    const result = type.options.safeParse(options)
    assert.ok(!result.success)
    const issues = result.error.issues.map((issue) => [issue.path.join('.'), issue.message] as const)
    const [, message] = issues.find(([at]) => at === path) ?? assert.fail(JSON.stringify(issues))
    assert.match(message, sentence)
  })
}
