/**
 * Planned works wake nobody: a gateway in a maintenance window is killed, and the alert is silenced in the real Alertmanager, though
 * the gateway cannot say any more that it is in maintenance. The control is the same gateway, watched without that one rule.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { bifrost, startGatewayProcess } from '../../src/testing/gateway-process.ts'
import { eventually, needs } from '../../src/testing/peers.ts'
import { monitoringFolder, rewrite, startAlertmanager, startReceivers, startShippedPrometheus } from './stack.ts'

interface SentAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] }
}

async function watch(t: TestContext, gateway: string, cripple: boolean) {
  const receivers = await startReceivers(t)
  const folder = monitoringFolder(t)
  if (cripple)
    rewrite(join(folder, 'rules', 'maintenance.yml'), [
      ['ALERTS{alertname="BifrostGatewayInMaintenance"', 'ALERTS{alertname="None"'],
    ])
  const alertmanager = await startAlertmanager(t, folder, receivers.server)
  await startShippedPrometheus(t, folder, { gateway, alertmanager })
  const alerts = async (name: string): Promise<SentAlert[]> => {
    const response = await fetch(`${alertmanager.url}/api/v2/alerts?filter=alertname%3D${name}`)
    return (await response.json()) as SentAlert[]
  }
  const isTold = () => receivers.told.some(({ labels }) => labels.alertname === 'BifrostGatewayDown')
  return { alerts, isTold }
}

test(
  'a gateway that is killed within its maintenance window wakes nobody',
  { skip: needs('prometheus', 'prometheus-alertmanager') },
  async (t) => {
    const gateway = await startGatewayProcess(t, {
      yaml: `devices:\n  - { name: press-1, driver: simulated, every: 1s, area: site-1/line-2, tags: [{ name: level, type: float64, address: sine }] }\n`,
    })
    const [address, url] = [new URL(gateway.url).host, ['--url', gateway.url]]
    const [shipped, control] = await Promise.all([watch(t, address, false), watch(t, address, true)])

    const device = await bifrost(
      'maintenance',
      'start',
      '--device',
      'press-1',
      '--for',
      '1h',
      '--reason',
      'new pump',
      ...url,
    )
    assert.equal(device.code, 0, device.err)
    const inMaintenance = () => shipped.alerts('BifrostDeviceInMaintenance')
    await eventually('the window of the device is told', async () => (await inMaintenance()).length === 1, 40_000)
    const [{ labels }] = (await inMaintenance()) as [SentAlert]
    assert.deepEqual([labels.device, labels.area], ['press-1', 'site-1/line-2'])

    const whole = await bifrost('maintenance', 'start', '--all', '--for', '1h', '--reason', 'new disk', ...url)
    assert.equal(whole.code, 0, whole.err)
    for (const { alerts } of [shipped, control])
      await eventually(
        'the window of the gateway is told',
        async () => (await alerts('BifrostGatewayInMaintenance')).length === 1,
        40_000,
      )

    await gateway.stop('SIGKILL')
    await eventually(
      'that it is down is known',
      async () => (await shipped.alerts('BifrostGatewayDown')).length === 1,
      60_000,
    )
    const down = async () => (await shipped.alerts('BifrostGatewayDown'))[0]!.status
    await eventually('and silenced', async () => (await down()).state === 'suppressed')
    assert.equal((await down()).inhibitedBy.length, 1)
    // Prometheus tells Alertmanager every minute that the window is over; without the rule it is.
    await eventually('without the rule it is told', control.isTold, 120_000)
    assert.equal((await down()).state, 'suppressed', 'it holds')
    assert.equal(shipped.isTold(), false)
  },
)
