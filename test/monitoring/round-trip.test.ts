/**
 * A gateway is killed, and somebody hears of it in less than 30 seconds: the real gateway, the real Prometheus and the real
 * Alertmanager with what we ship. The control has the same configuration without the one rule.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { bifrost, startGatewayProcess } from '../../src/testing/gateway-process.ts'
import { eventually, needs } from '../../src/testing/peers.ts'
import {
  monitoringFolder,
  rewrite,
  startAlertmanager,
  startReceivers,
  startShippedPrometheus,
  type Receivers,
} from './stack.ts'

const DEVICE = `
devices:
  - { name: press-1, driver: simulated, every: 500ms, area: site-1/line-2, tags: [{ name: level, type: float64, address: sine }] }
`

const down = ({ told }: Receivers, status: 'firing' | 'resolved') =>
  told.find(({ labels, status: is }) => labels.alertname === 'BifrostGatewayDown' && is === status)

test(
  'a gateway that is killed is told in less than 30 seconds, and that it is back',
  { skip: needs('prometheus', 'prometheus-alertmanager') },
  async (t) => {
    const gateway = await startGatewayProcess(t, { yaml: DEVICE, access: 'accounts' })
    const port = Number(new URL(gateway.url).port)
    const create = ['token', 'create', 'prometheus', '--permission', 'view', '--expires', '1d']
    const { out, err, code } = await bifrost(...create, '-c', join(gateway.folder, 'bifrost.yaml'))
    assert.equal(code, 0, err)
    const token = out.trim()

    const stack = async (cripple: boolean) => {
      const receivers = await startReceivers(t)
      const folder = monitoringFolder(t)
      if (cripple) rewrite(join(folder, 'rules', 'gateway.yml'), [['up{job="bifrost"} == 0', 'up{job="bifrost"} == 2']])
      const alertmanager = await startAlertmanager(t, folder, receivers.server)
      const prometheus = await startShippedPrometheus(t, folder, { gateway: `127.0.0.1:${port}`, token, alertmanager })
      return { receivers, prometheus }
    }
    const [shipped, control] = await Promise.all([stack(false), stack(true)])
    for (const { prometheus } of [shipped, control])
      await eventually(
        'Prometheus has scraped the gateway with the token',
        async () => (await prometheus.query('up{job="bifrost"} == 1')).length === 1,
      )

    await eventually(
      'every rule was evaluated',
      async () => (await shipped.prometheus.query('count(slo:events:rate5m) > 0')).length === 1,
      60_000,
    )
    assert.deepEqual(await shipped.prometheus.unwell(), [], 'rules that cannot be evaluated')
    const firing = await shipped.prometheus.query('ALERTS{alertstate="firing",severity!="none"}')
    assert.deepEqual(
      firing.map(({ metric }) => metric.alertname),
      [],
      'a gateway that is well has no alert',
    )

    const killedAt = Date.now()
    await gateway.stop('SIGKILL')
    await eventually('the webhook is told', () => down(shipped.receivers, 'firing') !== undefined, 60_000)
    const told = down(shipped.receivers, 'firing')!
    const seconds = (told.at - killedAt) / 1000
    console.log(`killed → webhook: ${seconds.toFixed(1)} s`)
    assert.ok(seconds < 30, `${seconds} s`)
    assert.equal(told.labels.instance, `127.0.0.1:${port}`)
    assert.equal(told.labels.site, 'site-1', 'labels of the target')
    assert.equal(told.labels.bifrost_runbooks, undefined)
    assert.equal(told.annotations.runbook_url, 'https://docs.example.com/bifrost/runbooks/alerts/BifrostGatewayDown.md')
    assert.equal(
      shipped.receivers.server.requests.find(({ path }) => path === '/webhook')!.headers.authorization,
      'Bearer secret-of-webhook-token',
    )
    for (const path of ['/pagerduty', '/slack'])
      await eventually(`${path} is told`, () => shipped.receivers.server.requests.some((one) => one.path === path))

    const startedAt = Date.now()
    await startGatewayProcess(t, { yaml: DEVICE, access: 'accounts', folder: gateway.folder, port })
    await eventually(
      'the webhook is told that it is over',
      () => down(shipped.receivers, 'resolved') !== undefined,
      150_000,
    )
    console.log(
      `started again → webhook: ${((down(shipped.receivers, 'resolved')!.at - startedAt) / 1000).toFixed(1)} s`,
    )
    assert.ok(Date.now() - killedAt > 35_000, 'the control had its time')
    assert.equal(down(control.receivers, 'firing'), undefined, 'without the rule nothing comes')
  },
)
