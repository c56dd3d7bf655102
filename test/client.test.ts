/** The typed client of the API: its types are what the document says, and what it calls is what the gateway serves. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientModule } from '../scripts/generate-client.ts'
import { clientTypes } from '../scripts/client-types.ts'
import { call, ProblemError } from '../ui/src/api/client.ts'
import { eventually } from '../src/testing/peers.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { PLANT_DEVICES } from '../src/testing/people.ts'
import { startHttp } from '../src/http/server.ts'

test('ui/src/api/operations.ts is what the document says (npm run docs)', async () => {
  const file = join(import.meta.dirname, '..', 'ui', 'src', 'api', 'operations.ts')
  assert.equal(await clientModule(), readFileSync(file, 'utf8'), 'run npm run docs')
})

test('a schema as a type', () => {
  const text = clientTypes({
    components: {
      schemas: { Problem: { type: 'object', properties: { code: { enum: ['A', 'B'] } }, required: ['code'] } },
    },
    paths: {
      '/things/{id}': {
        put: {
          summary: 'Change it */ now',
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
            { name: 'if-so', in: 'query', schema: { type: ['integer', 'null'] } },
          ],
          requestBody: { required: true, content: { 'application/json': { schema: { type: 'array', items: { anyOf: [{ type: 'number' }, { const: 'x' }] } } } } }, // prettier-ignore
          responses: {
            200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } } },
            404: { content: { 'application/problem+json': { schema: {} } } },
          },
          'x-problems': ['A'],
        },
      },
    },
  })
  const bare = text.replaceAll(/\s+/g, ' ')
  assert.match(bare, /export type Problem = \{ readonly code: 'A' \| 'B' \}/)
  assert.match(bare, /\/\*\* Change it \* \/ now \*\/ 'PUT \/things\/\{id\}': \{ params: \{ readonly id: string \}/)
  assert.match(bare, /query: \{ readonly "if-so"\?: number \| null \| undefined \}/)
  assert.match(bare, /body: readonly \(number \| 'x'\)\[\] answer: Problem problems: 'A' \}/)
})

test('calls over the wire: parameters that need encoding, bodies, keys, and refusals as ProblemError', async (t) => {
  const gateway = await startTestGateway(t, { devices: PLANT_DEVICES })
  const { url, close } = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(close)
  await eventually('values', async () => {
    const page = await call('GET /api/v1/values', { query: { limit: 2, q: 'wave', status: 'good' } }, url)
    return page.values.length === 2 && page.next !== null
  })
  const params = { device: 'press-1', tag: 'set-point' }
  const written = await call(
    'PUT /api/v1/values/{device}/{tag}',
    { params, body: { value: 7 }, idempotencyKey: 'k' },
    url,
  )
  assert.equal('value' in written && written.value, 7)
  await assert.rejects(
    call('PUT /api/v1/values/{device}/{tag}', { params, body: { value: 8 }, idempotencyKey: 'k' }, url),
    (error) => error instanceof ProblemError && error.code === 'KEY_REUSED' && error.httpStatus === 422,
  )
  await assert.rejects(
    call('GET /api/v1/devices/{device}', { params: { device: 'a/b ü' } }, url),
    /there is no device a\/b ü/,
  )
  assert.match((await call('GET /livez', {}, url)) as string, /ok/)
})
