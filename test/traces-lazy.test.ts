/** Who has no traces pays nothing for them: no module of OpenTelemetry is loaded, nor the libraries of other parts that are off. Told by hooks on every module that a real gateway loads. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { startCollector } from '../src/testing/otlp-collector.ts'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'

const HOOKS = new URL('../src/testing/module-watch.ts', import.meta.url).href
const DEVICE = `devices:\n  - { name: press, driver: simulated, every: 50ms, tags: [{ name: level, address: sine, type: float64 }] }\n`

async function run(t: TestContext, more: Record<string, string>, yaml = '') {
  const file = join(temporaryFolder(t), 'modules.txt')
  const env = { NODE_OPTIONS: `--import=${HOOKS}`, MODULE_WATCH: file, ...more }
  const gateway = await startGatewayProcess(t, { yaml: DEVICE + yaml, env })
  const loaded = (of = /@opentelemetry|src\/tracing/): string[] => readFileSync(file, 'utf8').split('\n').filter((line) => of.test(line)) // prettier-ignore
  return { gateway, loaded }
}

for (const [name, env] of [
  ['nothing said', {}],
  ['OTEL_SDK_DISABLED', { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }],
] as const)
  test(`${name}: no module of OpenTelemetry is loaded, whatever is asked of the gateway`, async (t) => {
    const { gateway, loaded } = await run(t, env)
    await eventually('values', async () => (await gateway.values()).some(({ status }) => status.name === 'Good'))
    assert.deepEqual(loaded(), [])
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    await gateway.stop()
    // The client of Prometheus, which the first scrape loads, brings the bare interface along.
    assert.deepEqual(loaded().filter((line) => !line.includes('/@opentelemetry/api/')), []) // prettier-ignore
    assert.deepEqual(
      loaded(/node_modules\/(nodemailer|croner|re2js)\//),
      [],
      'mail, schedules and patterns are off, too',
    )
    assert.match(metrics, /bifrost_spans_total\{result="sent"\} 0/)
  })

test('a real gateway by OTEL_* alone: spans arrive, are counted, and no instrumentation of others comes along', async (t) => {
  const collector = await startCollector(t)
  const { gateway, loaded } = await run(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`,
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_SERVICE_NAME: 'press-shop',
  })
  await eventually('polls', () => collector.spans.filter(({ name }) => name === 'poll press').length > 3, 20_000)
  const [first] = collector.spans
  assert.equal(first!.resource['service.name'], 'press-shop')
  assert.equal(first!.resource['telemetry.sdk.name'], 'opentelemetry')
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  assert.match(metrics, /bifrost_spans_total\{result="sent"\} [1-9]/)
  await gateway.stop()
  assert.ok(loaded().length > 0, 'the hooks see what is loaded')
  assert.deepEqual(loaded().filter((line) => /@opentelemetry\/(instrumentation|auto|exporter|otlp-exporter|sdk-node|context)/.test(line)), []) // prettier-ignore
})
