/** The whole gateway under something that listens as systemd does: ready, fed by real progress, reloaded, hung, stopped. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { listenForNotify } from '../src/testing/notify-receiver.ts'
import { eventually, needs } from '../src/testing/peers.ts'

const YAML = `
devices:
  - { name: sim, driver: simulated, every: 100ms, tags: [{ name: level, address: sine, type: float64 }] }
`

test('sd_notify from start to stop', { skip: needs('python3') }, async (t) => {
  const manager = await listenForNotify(t)
  const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '600000' }
  const gateway = await startGatewayProcess(t, { yaml: YAML, env })
  const texts = (): string[] => manager.messages().map(({ text }) => text)
  await eventually('it is ready', () => texts().some((text) => text.startsWith('READY=1\nSTATUS=Running: http')))
  await eventually('the watchdog is fed', () => manager.feeds() >= 3)
  assert.deepEqual(new Set(manager.messages().map(({ pid }) => pid)), new Set([gateway.child.pid]), 'NotifyAccess=main')
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  assert.match(metrics, /^bifrost_watchdog_notifications_total [1-9]/m)
  assert.match(metrics, /^bifrost_health_check\{check="poll-scheduler"\} 1$/m)

  gateway.child.kill('SIGHUP')
  await eventually('it has reloaded', () =>
    (texts().filter((text) => /READY|RELOADING/.test(text))[2] ?? '').startsWith('READY=1'),
  )
  const reloading = texts().find((text) => text.startsWith('RELOADING=1'))!
  const usec = Number(/^RELOADING=1\nMONOTONIC_USEC=(\d+)\n/.exec(reloading)![1])
  const here = Number(process.hrtime.bigint() / 1000n)
  assert.ok(usec < here && here - usec < 60_000_000, 'CLOCK_MONOTONIC of this machine')

  gateway.child.kill('SIGSTOP')
  const hung = manager.feeds()
  await new Promise((resolve) => setTimeout(resolve, 1500))
  assert.ok(manager.feeds() <= hung + 1, 'a process that hangs feeds nobody')
  gateway.child.kill('SIGCONT')
  await eventually('it goes on', () => manager.feeds() > hung + 1)
  await gateway.stop()
  assert.ok(texts().some((text) => text.startsWith('STOPPING=1')))
})
