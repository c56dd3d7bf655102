/** `bifrost capacity` against a running gateway, and its trends against a Prometheus whose history grows as the test says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exhaustionOf } from '../report/exhaustion.ts'
import { openPrometheus } from '../report/prometheus.ts'
import { bifrost, startGatewayProcess } from '../testing/gateway-process.ts'
import { freePort, needs } from '../testing/peers.ts'
import { startPrometheus } from '../testing/prometheus-server.ts'

const YAML = `devices:
  - { name: press, driver: simulated, every: 200ms, tags: [{ name: wave, address: 'sine:period=5s', type: float64 }] }
`

test('what is used of what there is, for people and programs; no Prometheus is an error of its own', async (t) => {
  const gateway = await startGatewayProcess(t, { yaml: YAML })
  const said = await bifrost('capacity', '--url', gateway.url)
  assert.equal(said.code, 0, said.err)
  assert.match(said.out, /^devices {4}1, 1 tags\n/)
  for (const name of ['memory', 'disk', 'line', 'file-descriptors'])
    assert.match(said.out, new RegExp(`^${name} +[\\d.]+ % `, 'm'), said.out)
  const { out } = await bifrost('capacity', '--json', '--url', gateway.url)
  const { resources } = JSON.parse(out) as {
    resources: { resource: string; used: number; limit: number; ratio: number }[]
  }
  for (const { resource, used, limit, ratio } of resources) {
    assert.ok(ratio > 0 || ['line', 'cpu'].includes(resource), resource)
    assert.ok(Math.abs(ratio - used / limit) < 1e-9, resource)
  }
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  assert.match(metrics, /^bifrost_capacity_used_ratio\{resource="memory"\} 0\.\d+/m)
  const away = await bifrost('capacity', '--url', gateway.url, '--prometheus', `http://127.0.0.1:${await freePort()}`)
  assert.equal(away.code, 3)
  assert.match(away.err, /Prometheus at \S+ does not answer/)
})

test(
  'a resource that grows by a tenth a day from six tenths is used up in four days',
  { skip: needs('prometheus', 'promtool') },
  async (t) => {
    const at = Date.UTC(2026, 9, 6)
    const name = 'bifrost_capacity_used_ratio'
    const line = (resource: string, value: number, minute: number) =>
      `${name}{job="bifrost",instance="edge-1:8080",resource="${resource}"} ${value} ${(at - (1440 - minute) * 60_000) / 1000}`
    const minutes = Array.from({ length: 289 }, (_, i) => i * 5)
    const history = [
      `# TYPE ${name} gauge`,
      ...minutes.map((minute) => line('disk', 0.5 + (0.1 * minute) / 1440, minute)),
      ...minutes.map((minute) => line('memory', 0.4 - (0.1 * minute) / 1440, minute)),
      '# EOF\n',
    ].join('\n')
    const { url } = await startPrometheus(t, { history })
    const prometheus = openPrometheus({ url })
    const trends = await exhaustionOf(prometheus, 'edge-1:8080', at, AbortSignal.timeout(20_000))
    const { disk, memory } = Object.fromEntries(trends.map((trend) => [trend.resource, trend]))
    assert.ok(Math.abs(disk!.perDay - 0.1) < 1e-6, `${disk!.perDay}`)
    assert.ok(Math.abs(disk!.fullInMs! / 86_400_000 - 4) < 1e-3, `${disk!.fullInMs}`)
    assert.ok(memory!.perDay < 0)
    assert.equal(memory!.fullInMs, undefined)
    const other = exhaustionOf(prometheus, 'edge-2:8080', at, AbortSignal.timeout(20_000))
    await assert.rejects(other, { code: 'NOT_CONNECTED', message: /instance "edge-2:8080"; .*--instance/ })
  },
)
