/** What the service manager is told, over a real datagram socket; what it is not told while there is no progress. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog, type Log } from '../../core/log.ts'
import { listenForNotify } from '../../testing/notify-receiver.ts'
import { eventually, needs } from '../../testing/peers.ts'
import { settle, VirtualClock } from '../../testing/virtual-clock.ts'
import type { Health } from '../health.ts'
import { createNotifier, watchdogMs } from './notifier.ts'
import { openNotifySocket } from './notify-socket.ts'

const python = { skip: needs('python3') }

for (const abstract of [false, true])
  test(
    `a message is one datagram of this very process, ${abstract ? 'to an abstract name' : 'to a path'}`,
    python,
    async (t) => {
      const manager = await listenForNotify(t, abstract)
      const warnings: unknown[] = []
      const onWarning = (warning: Error): void => void warnings.push(warning.name)
      process.on('warning', onWarning)
      t.after(() => process.off('warning', onWarning))
      const socket = openNotifySocket({ NOTIFY_SOCKET: manager.path })!
      t.after(() => socket.close())
      assert.equal(socket.way, 'socket')
      assert.equal(await socket.send(['READY=1', 'STATUS=näher']), true)
      await eventually('it has come', () => manager.messages().length === 1)
      assert.deepEqual(manager.messages(), [{ pid: process.pid, text: 'READY=1\nSTATUS=näher' }])
      assert.deepEqual(warnings, [])
    },
  )

const both = { skip: needs('python3', 'systemd-notify') }
test('where Node cannot make the socket systemd’s own program sends the message', both, async (t) => {
  const manager = await listenForNotify(t)
  const socket = openNotifySocket({ NOTIFY_SOCKET: manager.path }, false)!
  assert.equal(socket.way, 'systemd-notify')
  assert.equal(await socket.send(['WATCHDOG=1', 'STATUS=all is well']), true)
  await eventually('it has come', () =>
    manager.messages().some(({ text }) => text.startsWith('WATCHDOG=1\nSTATUS=all is well')),
  )
  await manager.kill()
  assert.equal(await socket.send(['WATCHDOG=1']), false)
})

test('a service manager that went away: refused at once, told once, and nothing breaks', python, async (t) => {
  const manager = await listenForNotify(t)
  const said: string[] = []
  const log: Log = { ...silentLog, warn: (_fields, sentence) => void said.push(sentence) }
  const notifier = createNotifier({ env: { NOTIFY_SOCKET: manager.path }, clock: new VirtualClock(), log })
  t.after(() => notifier.close())
  await manager.kill()
  await notifier.stopping()
  await notifier.stopping()
  assert.deepEqual(said, ['The service manager does not take our messages.'])
})

test('nobody asks: no socket, no timer; names that are no socket of ours are left alone', () => {
  assert.equal(openNotifySocket({}), undefined)
  assert.equal(openNotifySocket({ NOTIFY_SOCKET: 'vsock:2:1234' }), undefined)
  assert.equal(openNotifySocket({ NOTIFY_SOCKET: `/${'x'.repeat(200)}` }), undefined)
  const clock = new VirtualClock()
  const notifier = createNotifier({ env: { WATCHDOG_USEC: '1000000' }, clock, log: silentLog })
  notifier.watch({} as Health)
  assert.equal(clock.pending, 0)
})

function scripted(env: NodeJS.ProcessEnv) {
  const sent: string[] = []
  const clock = new VirtualClock()
  const notifier = createNotifier({
    env,
    clock,
    log: silentLog,
    pid: 7,
    monotonicUsec: () => 123n,
    open: () => ({
      way: 'socket',
      send: async (lines) => {
        sent.push(lines.join('|'))
        return true
      },
      close: () => undefined,
    }),
  })
  return { sent, clock, notifier }
}

test('the watchdog is fed twice an interval while there is progress, and not once without; it says why, and what goes on again is fed at once', async () => {
  const { sent, clock, notifier } = scripted({ WATCHDOG_USEC: '10000000', WATCHDOG_PID: '7' })
  let ok = true
  const checks = [{ name: 'poll-scheduler', ok: false, detail: 'last progress\n40000 ms ago' }]
  const health = { watchdogNotifications: 0, progress: () => ({ ok, checks: ok ? [] : checks }) } as unknown as Health
  notifier.watch(health)
  await clock.advance(10_000)
  assert.deepEqual(sent.splice(0), ['WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1'])
  ok = false
  await clock.advance(60_000)
  assert.deepEqual(sent.splice(0), ['STATUS=No progress: poll-scheduler: last progress 40000 ms ago'])
  ok = true
  await clock.advance(1000)
  assert.deepEqual(sent.splice(0), ['STATUS=Running', 'WATCHDOG=1'])
  assert.equal(health.watchdogNotifications, 4)
})

test('ready, reload with its time in the same message, stop', async () => {
  const { sent, clock, notifier } = scripted({})
  notifier.ready('Running: http://127.0.0.1:8080')
  notifier.reloading().done()
  await notifier.stopping()
  await settle()
  assert.deepEqual(sent, [
    'READY=1|STATUS=Running: http://127.0.0.1:8080',
    'RELOADING=1|MONOTONIC_USEC=123|STATUS=Reading the configuration again',
    'READY=1|STATUS=Running',
    'STOPPING=1|STATUS=Stopping',
  ])
  assert.equal(clock.pending, 0)
})

test('whose watchdog it is, and how long', () => {
  assert.equal(watchdogMs({ WATCHDOG_USEC: '20000000' }, 7), 20_000)
  assert.equal(watchdogMs({ WATCHDOG_USEC: '20000000', WATCHDOG_PID: '8' }, 7), undefined)
  assert.equal(watchdogMs({}, 7), undefined)
  assert.equal(watchdogMs({ WATCHDOG_USEC: 'soon' }, 7), undefined)
})

test('programs that are started later do not speak in our name', () => {
  const env = { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '1', WATCHDOG_PID: '7', PATH: '/bin' }
  scripted(env)
  assert.deepEqual(env, { PATH: '/bin' })
})
