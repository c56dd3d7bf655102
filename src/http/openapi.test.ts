import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import { simulated } from '../drivers/simulated/driver.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { eventually } from '../testing/peers.ts'
import { readMatrix } from './auth/matrix.ts'
import { startHttp } from './server.ts'

interface Operation {
  summary?: string
  parameters?: { name: string; in: string; required?: boolean; schema: AnySchema }[]
  responses: Record<string, { description?: string; content?: Record<string, { schema: AnySchema }> }>
}
interface Document {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
}

test('the OpenAPI document is 3.1, names every route, and every answer is what it says', async (t) => {
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'plant',
        type: simulated,
        tags: [
          { name: 'wave', address: 'sine:period=10s,min=0,max=10', unit: 'm' },
          { name: 'setpoint', address: 'cell:name=s,initial=5', writable: true },
          { name: 'broken', address: 'status:code=BadSensorFailure' },
          { name: 'big', type: 'int64', address: 'constant:value=9007199254740993' },
        ],
      },
      { name: 'off', type: simulated, enabled: false, tags: [{ name: 'x', address: 'counter' }] },
    ],
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const wave = gateway.store.tags.find('plant', 'wave')!
  await eventually('values', () => gateway.store.latest.get(wave.id).value !== undefined)
  await gateway.store.flush()

  const document = resolved((await (await fetch(`${http.url}/api/openapi.json`)).json()) as Document)
  assert.match(document.openapi, /^3\.1\.\d+$/)
  assert.ok(document.info.title.length > 0 && document.info.version.length > 0)
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const shown: string[] = []
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      shown.push(`${method.toUpperCase()} ${path}`)
      assert.ok(operation.summary, `${method} ${path} has no summary`)
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1])
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      assert.deepEqual(declared.map((parameter) => parameter.name).sort(), inPath.sort(), path)
      assert.ok(declared.every((parameter) => parameter.required === true))
      for (const parameter of operation.parameters ?? []) ajv.compile(parameter.schema)
      for (const response of Object.values(operation.responses)) {
        assert.ok(response.description !== undefined)
        for (const { schema } of Object.values(response.content ?? {})) ajv.compile(schema)
      }
    }
  }
  assert.deepEqual(
    shown.sort(),
    readMatrix()
      .map(({ method, path }) => `${method} ${path}`)
      .sort(),
  )

  const check = async (
    method: 'get' | 'put',
    template: string,
    path: string,
    status: number,
    init: RequestInit = {},
  ) => {
    const response = await fetch(http.url + path, { method: method.toUpperCase(), ...init })
    assert.equal(response.status, status, path)
    const type = response.headers.get('content-type')!.split(';')[0]!
    const { responses } = document.paths[template]![method]!
    const schema = (responses[String(status)] ?? responses.default)?.content?.[type]?.schema
    assert.ok(schema !== undefined, `${path}: ${status} ${type} is not in the document`)
    const body = type.endsWith('json') ? await response.json() : await response.text()
    const validate = ajv.compile(strict(schema))
    assert.ok(validate(body), `${path}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body).slice(0, 500)}`)
    return body as Record<string, unknown>
  }
  const tag = '/api/v1/values/{device}/{tag}'
  const json = { headers: { 'content-type': 'application/json' } }
  await check('get', '/api/v1/values', '/api/v1/values', 200)
  await check('get', tag, '/api/v1/values/plant/wave', 200)
  await check('get', tag, '/api/v1/values/plant/broken', 200)
  await check('get', tag, '/api/v1/values/off/x', 200)
  assert.equal((await check('get', tag, '/api/v1/values/plant/big', 200)).value, '9007199254740993')
  await check('get', tag, '/api/v1/values/plant/none', 404)
  await check('put', tag, '/api/v1/values/plant/setpoint', 200, { ...json, body: '{"value":7}' })
  await check('put', tag, '/api/v1/values/plant/wave', 403, { ...json, body: '{"value":7}' })
  await check('put', tag, '/api/v1/values/plant/setpoint', 400, { ...json, body: '{}' })
  await check('get', '/api/v1/history/{device}/{tag}', '/api/v1/history/plant/wave', 200)
  await check('get', '/api/v1/history/{device}/{tag}', '/api/v1/history/plant/broken', 200)
  await check('get', '/api/v1/export', '/api/v1/export?format=csv', 200)
  await check('get', '/api/v1/export', '/api/v1/export?format=ndjson&tags=none', 404)
  await check('get', '/api/v1/devices', '/api/v1/devices', 200)
  await check('get', '/api/v1/devices/{device}', '/api/v1/devices/off', 200)
  await check('get', '/api/v1/sinks', '/api/v1/sinks', 200)
  await check('get', '/api/v1/received', '/api/v1/received', 200)
  await check('get', '/api/v1/lines', '/api/v1/lines', 200)
  await check('get', '/api/v1/log', '/api/v1/log', 200)
  await check('get', '/api/v1/status-codes', '/api/v1/status-codes', 200)
  await check('get', '/api/v1/live', '/api/v1/live', 400)
  await check('get', '/problems/{code}', '/problems/BUSY', 200)
  await check('get', '/', '/', 200)
  await check('get', '/metrics', '/metrics', 200)
  for (const path of ['/livez', '/readyz', '/startupz']) {
    await check('get', path, path, 200)
    await check('get', path, path, 200, { headers: { accept: 'application/json' } })
  }
})

/** With the parts in place of what refers to them. */
function resolved(document: Document): Document {
  const { schemas } = (document as unknown as { components: { schemas: Record<string, unknown> } }).components
  return JSON.parse(JSON.stringify(document), (_key, value: unknown) => {
    const ref = typeof value === 'object' && value !== null && '$ref' in value ? String(value.$ref) : undefined
    return ref === undefined ? value : schemas[ref.replace('#/components/schemas/', '')]
  }) as Document
}

/** An answer may hold nothing that the document does not name. */
function strict(schema: AnySchema): AnySchema {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    const isObject =
      typeof value === 'object' && value !== null && 'properties' in value && !('additionalProperties' in value)
    return isObject ? { ...value, additionalProperties: false } : value
  }) as AnySchema
}
