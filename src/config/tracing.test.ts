/** Where spans go and how many: what the file says, and the environment of OpenTelemetry before it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryFolder } from '../testing/peers.ts'
import { loadConfig } from './load.ts'
import { ConfigError } from './problem.ts'
import { secretEraser } from './running-secrets.ts'

async function load(t: TestContext, section: string, env: Record<string, string> = {}) {
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, `version: 1\n${section}`)
  return loadConfig(file, { drivers: [], sinks: [], env })
}

const problemsOf = (error: unknown): string =>
  error instanceof ConfigError
    ? error.problems.map(({ path, message }) => `${path}: ${message}`).join('\n')
    : String(error)

test('off by default, and with OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER=none whatever the file says', async (t) => {
  assert.equal((await load(t, '')).tracing, undefined)
  const section = 'tracing: { endpoint: "http://127.0.0.1:4318" }\n'
  assert.equal((await load(t, section, { OTEL_SDK_DISABLED: 'true' })).tracing, undefined)
  assert.equal((await load(t, section, { OTEL_TRACES_EXPORTER: 'none' })).tracing, undefined)
  assert.equal((await load(t, section, { OTEL_SDK_DISABLED: 'no' })).tracing?.url, 'http://127.0.0.1:4318/v1/traces')
})

test('the file: endpoint, part of all, headers from a secret', async (t) => {
  const { tracing } = await load(
    t,
    'tracing: { endpoint: "https://otel.plant:4318/", sample: 5%, headers: "${TOKEN}", protocol: http/json, timeout: 3s }\n',
    { TOKEN: 'Authorization=Bearer%20s3cr3t%3D,X-Scope=plant' },
  )
  assert.deepEqual(tracing, {
    url: 'https://otel.plant:4318/v1/traces',
    headers: { Authorization: 'Bearer s3cr3t=', 'X-Scope': 'plant' },
    protocol: 'http/json',
    isCompressed: false,
    tls: { ca: undefined, cert: undefined, key: undefined, insecure: false },
    timeoutMs: 3000,
    sampler: { ratio: 0.05, follows: true },
    resource: { 'service.name': 'bifrost' },
    queueSpans: 2048,
    batchSpans: 512,
    everyMs: 5000,
  })
})

test('the environment goes before the file, that of traces before the common one; headers have a twin', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'headers'), 'Authorization=Bearer%20from-file\n')
  const { tracing } = await load(t, 'tracing: { endpoint: "http://a:1", headers: "${H}", sample: 0.5 }\n', {
    H: 'x=y',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b:2/base',
    OTEL_EXPORTER_OTLP_HEADERS_FILE: join(folder, 'headers'),
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '2500',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/etc/ca.pem',
    OTEL_SERVICE_NAME: 'press-shop',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=plant%201',
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
  })
  assert.equal(tracing?.url, 'http://b:2/base/v1/traces')
  assert.deepEqual(tracing.headers, { Authorization: 'Bearer from-file' })
  assert.deepEqual([tracing.protocol, tracing.timeoutMs, tracing.isCompressed, tracing.tls.ca], ['http/json', 2500, true, '/etc/ca.pem']) // prettier-ignore
  assert.deepEqual(tracing.resource, { 'service.name': 'press-shop', 'deployment.environment.name': 'plant 1' })
  assert.deepEqual([tracing.queueSpans, tracing.batchSpans], [100, 100])
  const whole = await load(t, '', {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:3/otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b',
  })
  assert.equal(whole.tracing?.url, 'http://c:3/otlp')
})

for (const [name, argument, expected] of [
  ['always_on', undefined, { ratio: 1, follows: false }],
  ['always_off', undefined, { ratio: 0, follows: false }],
  ['traceidratio', '0.25', { ratio: 0.25, follows: false }],
  ['traceidratio', undefined, { ratio: 1, follows: false }],
  ['parentbased_always_on', undefined, { ratio: 1, follows: true }],
  ['parentbased_always_off', undefined, { ratio: 0, follows: true }],
  ['parentbased_traceidratio', '0.001', { ratio: 0.001, follows: true }],
  [undefined, '0.5', { ratio: 0.5, follows: true }],
] as const)
  test(`OTEL_TRACES_SAMPLER=${name} with ${argument}`, async (t) => {
    const { tracing } = await load(t, '', {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      ...(name && { OTEL_TRACES_SAMPLER: name }),
      ...(argument && { OTEL_TRACES_SAMPLER_ARG: argument }),
    })
    assert.deepEqual(tracing?.sampler, expected)
  })

test('what is wrong is said at its place, and never with what may be secret', async (t) => {
  const wrong = (section: string, env: Record<string, string> = {}) =>
    load(t, section, env).then(
      () => assert.fail('it was taken'),
      (error: unknown) => problemsOf(error),
    )
  assert.match(await wrong('tracing: { endpoint: "grpc://a:1" }\n'), /tracing\.endpoint: .*neither http/)
  assert.match(
    await wrong('tracing: { endpoint: "http://a", sample: 150% }\n'),
    /tracing\.sample: expected a part of all such as 1%/,
  )
  const at = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1' }
  assert.match(
    await wrong('', { ...at, OTEL_TRACES_SAMPLER: 'jaeger_remote' }),
    /OTEL_TRACES_SAMPLER: expected one of always_on/,
  )
  assert.match(await wrong('', { ...at, OTEL_TRACES_SAMPLER_ARG: 'all' }), /OTEL_TRACES_SAMPLER_ARG: expected a number/)
  assert.match(
    await wrong('', { ...at, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }),
    /OTEL_EXPORTER_OTLP_PROTOCOL: expected one of/,
  )
  assert.match(await wrong('', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }), /OTEL_EXPORTER_OTLP_ENDPOINT: /)
  assert.match(await wrong('', { ...at, OTEL_BSP_MAX_QUEUE_SIZE: '1e9' }), /whole number from 1 to 65536/)
  const headers = await wrong('', { ...at, OTEL_EXPORTER_OTLP_HEADERS: 'Bearer s3cr3t' })
  assert.match(headers, /OTEL_EXPORTER_OTLP_HEADERS: expected name=value/)
  assert.doesNotMatch(headers, /s3cr3t/)
})

test('headers are blanked wherever something leaves the gateway for people', async (t) => {
  const config = await load(t, 'tracing: { endpoint: "http://a:1", headers: "${H}" }\n', {
    H: 'Authorization=Bearer%20s3cr3t',
  })
  assert.equal(secretEraser(config)('it said Bearer s3cr3t'), 'it said ***')
})
