/** Local alerts of the product as its users start it: a device that is gone, maintenance, kill -9, a receiver that is away, a reload. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { WebhookMessage } from '../src/alerts/message.ts'
import { bifrost, startGatewayProcess } from '../src/testing/gateway-process.ts'
import { startReceiver } from '../src/testing/http-receiver.ts'
import { eventually, freePort } from '../src/testing/peers.ts'

const DEVICES = `devices:
  - name: press-1
    driver: simulated
    tags: [{ name: level, address: sine, type: float64 }]
`
const alertsOf = (url: string, more = '') => `alerts:
  name: edge-7
  every: 1s
  groupWait: 0s
  groupInterval: 1s
  ${more}
  receivers:
    - { name: office, receiver: webhook, options: { url: '${url}' }, severities: [critical, warning, info] }
`

async function office(t: TestContext) {
  const web = await startReceiver(t, () => ({ status: 200 }))
  const got = () => web.requests.map(({ text }) => JSON.parse(text) as WebhookMessage)
  const names = () => got().map(({ status, groupLabels }) => `${status} ${groupLabels.alertname}`)
  return { web, got, names }
}

test('kill -9: the next start tells; a stop: it does not', async (t) => {
  const { web, got, names } = await office(t)
  const yaml = alertsOf(web.url) + DEVICES
  const first = await startGatewayProcess(t, { yaml })
  await first.stop('SIGTERM')
  const second = await startGatewayProcess(t, { yaml, folder: first.folder })
  await eventually('it looks', async () => (await second.get<{ enabled: boolean }>('alerts')).enabled)
  await second.stop('SIGKILL')
  assert.deepEqual(names(), [], 'it was stopped')
  const third = await startGatewayProcess(t, { yaml, folder: first.folder })
  await eventually('the next start tells', () => names().includes('firing BifrostUncleanStop'))
  const message = got().find(({ groupLabels }) => groupLabels.alertname === 'BifrostUncleanStop')!
  assert.equal(message.commonLabels.instance, 'edge-7')
  assert.match(message.alerts[0]!.annotations.summary!, /had not been stopped before/)
  await third.stop('SIGTERM')
})

test('the receiver is away while the gateway is killed: it is told once when both are back', async (t) => {
  const { web, names } = await office(t)
  const yaml = alertsOf(web.url) + DEVICES
  await web.stop()
  const first = await startGatewayProcess(t, { yaml })
  writeFileSync(join(first.folder, 'bifrost.yaml'), 'devices: [')
  await bifrost('reload', '--url', first.url)
  await first.stop('SIGKILL')
  const second = await startGatewayProcess(t, { yaml, folder: first.folder })
  const waiting = async () => (await second.get<{ receivers: { queued: number; failed: number }[] }>('alerts')).receivers[0]! // prettier-ignore
  await eventually('it waits', async () => (await waiting()).queued === 1 && (await waiting()).failed > 0)
  await second.stop('SIGTERM')
  await web.start()
  const third = await startGatewayProcess(t, { yaml, folder: first.folder })
  await eventually('it is told', () => names().length === 1)
  await eventually('nothing waits', async () => (await third.get<{ receivers: { queued: number }[] }>('alerts')).receivers[0]!.queued === 0) // prettier-ignore
  assert.deepEqual(names(), ['firing BifrostUncleanStop'])
})

test('maintenance by the command line is quiet; a receiver is tried by it; both are taken up by a reload', async (t) => {
  const { web, names } = await office(t)
  const dead = `devices:\n  - { name: press-1, driver: modbus, options: { host: 127.0.0.1, port: ${await freePort()} }, tags: [{ name: level, address: hr:0, type: int16 }] }\n`
  const gateway = await startGatewayProcess(t, { yaml: dead })
  const run = (...args: string[]) => bifrost(...args, '--url', gateway.url)
  const off = await run('alerts', 'list')
  assert.match(off.err + off.out, /local alerts are off/)
  const file = join(gateway.folder, 'bifrost.yaml')
  const head = `version: 1\ndata: ./data\nhttp: { listen: '127.0.0.1:${new URL(gateway.url).port}', access: open }\n`
  writeFileSync(file, head + alertsOf(web.url) + dead)
  const reloaded = await run('reload')
  assert.equal(reloaded.code, 0, reloaded.err)
  assert.doesNotMatch(reloaded.out + reloaded.err, /restart/)
  const tried = await run('alerts', 'test', 'office')
  assert.deepEqual([tried.code, names()], [0, ['firing BifrostTest']])
  const started = await run('maintenance', 'start', '--device', 'press-1', '--for', '1h', '--reason', 'new pump')
  assert.equal(started.code, 0, started.err)
  assert.match((await run('maintenance', 'list')).out, /press-1 {2}until .*new pump/)
  await eventually('the alert is silent', async () => (await gateway.get<{ alerts: { silence: string | null }[] }>('alerts')).alerts.some(({ silence }) => silence !== null)) // prettier-ignore
  await web.stop()
  assert.equal((await run('alerts', 'test', 'office')).code, 3)
  const id = /^[0-9a-f]{8}/.exec(started.out)![0]
  assert.equal((await run('maintenance', 'end', id)).code, 0)
  assert.equal((await run('maintenance', 'end', id)).code, 1)
  assert.equal((await run('maintenance', 'start', '--all', '--for', '1h')).code, 2)
})
