/** The API of parameter sets over a real Modbus device: every answer is what the document says, every refusal a problem. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import { eventually } from '../testing/peers.ts'
import { startParameterRig, type RigOptions } from '../testing/parameter-rig.ts'
import { startHttp } from './server.ts'

const BASE = '/api/v1/devices/{device}/parameters'

interface Document {
  readonly components: object
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: AnySchema }> }> }>
  >
}

async function start(t: TestContext, options: RigOptions = {}) {
  const rig = await startParameterRig(t, options)
  const http = await startHttp(rig.gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const { paths, components } = (await (await fetch(`${http.url}/api/openapi.json`)).json()) as Document
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  /** The answer, which is of this status and holds nothing that the document does not name. */
  const call = async (status: number, method: 'get' | 'post', path: string, body?: unknown) => {
    const response = await fetch(`${http.url}${path}`, {
      method: method.toUpperCase(),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const answer = (await response.json()) as Record<string, never>
    assert.equal(response.status, status, JSON.stringify(answer))
    const parts = path.split('/').slice(6)
    const template = [BASE, ...parts.map((part, at) => ['{set}', part, '{version}'][at]!)].join('/')
    const { responses } = paths[template]![method]!
    const type = response.headers.get('content-type')!.split(';')[0]!
    const { schema } = (responses[String(status)] ?? responses.default)!.content![type]!
    const validate = ajv.compile(closed({ ...(schema as object), components }))
    assert.ok(validate(answer), `${path}: ${ajv.errorsText(validate.errors)}`)
    return answer
  }
  return { ...rig, http, call }
}

/** An answer may hold nothing that the document does not name. */
const closed = (schema: AnySchema): AnySchema =>
  JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    const isObject = typeof value === 'object' && value !== null && 'properties' in value
    return isObject ? { additionalProperties: false, ...value } : value
  }) as AnySchema

const SETS = '/api/v1/devices/drive/parameters'

test('from the first look to the restored device', async (t) => {
  const { call, device, writes } = await start(t)
  device.bank.holdingRegisters.set(10, 500)
  const [listed] = (await call(200, 'get', SETS)).sets as unknown as Record<string, unknown>[]
  assert.deepEqual(
    [listed!.set, listed!.parameters, listed!.restorable, listed!.newest, listed!.lastCompare],
    ['motor', 3, true, null, null],
  )
  const read = await call(200, 'post', `${SETS}/motor/read`)
  const [first] = read.parameters as unknown as object[]
  assert.deepEqual(first, {
    name: 'max-speed',
    unit: 'Hz',
    value: 50,
    raw: 500,
    status: { code: 0, name: 'Good' },
    reason: null,
  })
  assert.equal((await call(200, 'post', `${SETS}/motor/save`, { reason: 'first' })).isNew, true)
  assert.equal((await call(200, 'post', `${SETS}/motor/save`)).isNew, false)
  const version = await call(200, 'get', `${SETS}/motor/versions/1`)
  assert.deepEqual((version.values as unknown as object[])[0], {
    name: 'max-speed', address: 'hr:10', type: 'uint16', unit: 'Hz', value: 50, raw: 500, status: null,
  }) // prettier-ignore
  device.bank.holdingRegisters.set(10, 0)
  const found = await call(200, 'post', `${SETS}/motor/compare`)
  assert.deepEqual([found.equal, found.differences], [false, 1])
  const planned = await call(200, 'post', `${SETS}/motor/restore`)
  assert.deepEqual([planned.outcome, writes().length], ['planned', 0], 'without a word nothing is written')
  const restored = await call(200, 'post', `${SETS}/motor/restore`, { dryRun: false, reason: 'replaced' })
  assert.deepEqual([restored.outcome, device.bank.holdingRegisters.get(10)], ['restored', 500])
  assert.deepEqual((restored.parameters as unknown as object[])[0], {
    name: 'max-speed', state: 'written', unit: 'Hz', stored: 50, before: 0, after: 50,
    status: { code: 0, name: 'Good' }, code: null, reason: null,
  }) // prettier-ignore
  const detail = await call(200, 'get', `${SETS}/motor`)
  assert.deepEqual((detail.lastCompare as unknown as { differences: number }).differences, 0)
  assert.equal((detail.stored as unknown as object[]).length, 1)
})

test('every refusal is a problem that says what to do', async (t) => {
  const { call, writes } = await start(t, { writes: false })
  for (const [status, method, path, body, code] of [
    [404, 'get', `${SETS}/none`, undefined, 'NOT_FOUND'],
    [404, 'get', '/api/v1/devices/nobody/parameters', undefined, 'NOT_FOUND'],
    [404, 'get', `${SETS}/motor/versions/1`, undefined, 'NOT_FOUND'],
    [400, 'get', `${SETS}/motor/versions/one`, undefined, 'INVALID_REQUEST'],
    [404, 'post', `${SETS}/motor/compare`, { version: 3 }, 'NOT_FOUND'],
    [400, 'post', `${SETS}/motor/restore`, { dryrun: false }, 'INVALID_REQUEST'],
    [400, 'post', `${SETS}/motor/restore`, { dryRun: 'no' }, 'INVALID_REQUEST'],
    [403, 'post', `${SETS}/motor/restore`, { dryRun: false, force: true }, 'WRITE_FORBIDDEN'],
  ] as const)
    assert.equal((await call(status, method, path, body)).code, code, path)
  assert.equal(writes().length, 0)
})

test('who asks for a restore and goes away ends it after the parameter that it is at', async (t) => {
  const { call, http, device, writes, audit } = await start(t)
  await call(200, 'post', `${SETS}/motor/save`)
  for (const address of [10, 11, 12]) device.bank.holdingRegisters.set(address, 99)
  device.fault = (_, code) => (code === 6 ? { delayMs: 100 } : undefined)
  const asker = new AbortController()
  const asked = fetch(`${http.url}${SETS}/motor/restore`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"dryRun":false}',
    signal: asker.signal,
  })
  await eventually('it writes', () => writes().length === 1)
  asker.abort()
  await assert.rejects(asked)
  await eventually('it has ended', () => audit().at(-1)!.outcome === 'incomplete')
  assert.equal(writes().length, 1)
  const { stopped, written, notReached } = audit().at(-1)!.details as Record<string, unknown>
  assert.deepEqual([stopped, written, notReached], ['it was ended by who asked for it', 1, 2])
})
