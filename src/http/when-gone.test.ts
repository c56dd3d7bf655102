/** What is held for an answer is let go, whenever whoever asked went. */
import fastify from 'fastify'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { whenGone } from './when-gone.ts'

test('also of somebody who went before the answer began, of which no event tells', async (t) => {
  const app = fastify()
  t.after(() => app.close())
  const left = Promise.withResolvers<void>()
  const isGone = Promise.withResolvers<void>()
  app.addHook('onRequest', async ({ raw }) => {
    if (!raw.socket.destroyed) await once(raw.socket, 'close')
    left.resolve()
  })
  app.get('/', (_request, reply) => {
    whenGone(reply, isGone.resolve)
    return ''
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n', () => socket.end(() => socket.destroy()))
  await left.promise
  await isGone.promise
})

test('and of somebody who got everything, once', async (t) => {
  const app = fastify()
  t.after(() => app.close())
  let times = 0
  app.get('/', (_request, reply) => {
    whenGone(reply, () => times++)
    return 'all of it'
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  assert.equal(await (await fetch(url)).text(), 'all of it')
  await app.close()
  assert.equal(times, 1)
})
