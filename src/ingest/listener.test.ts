/** Who connects and says nothing takes no place from those who do. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { eventually, freePort } from '../testing/peers.ts'
import { listen } from './listener.ts'

test('a stranger that holds connections without a word loses them first; who was let in loses none', async (t) => {
  const port = await freePort()
  const served: string[] = []
  const serve = (_: unknown, from: string, letIn: () => void) => {
    served.push(from)
    if (from.startsWith('127.0.0.3')) letIn()
  }
  const context = { clock: systemClock, log: silentLog }
  const listener = await listen({ listen: { host: '127.0.0.1', port }, tls: undefined }, 8, context, serve)
  t.after(() => listener.close())
  const ended = new Map<string, number>()
  const sockets: Socket[] = []
  const open = async (localAddress: string, count: number) => {
    for (let at = 0; at < count; at++) {
      const before = served.length
      const socket = connect({ port, host: '127.0.0.1', localAddress })
      sockets.push(socket.on('error', () => undefined))
      socket.once('close', () => ended.set(localAddress, (ended.get(localAddress) ?? 0) + 1))
      await eventually('it is served', () => served.length > before)
    }
  }
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  await open('127.0.0.3', 3)
  await open('127.0.0.1', 8)
  await open('127.0.0.2', 2)
  await open('127.0.0.1', 20)
  await eventually('the rest is closed', () => ended.get('127.0.0.1') === 22)
  assert.deepEqual([...ended], [['127.0.0.1', 22]])
})
