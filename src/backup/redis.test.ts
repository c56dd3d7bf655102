/** What Redis holds goes out and comes back through a real server: every type, what expires, and nothing of its address in an error. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from 'redis'
import { freePort, needs, startProcess, temporaryFolder } from '../testing/peers.ts'
import { exportRedis, importRedis } from './redis.ts'

test(
  'keys of all types and their times come back; a wrong address says nothing of its password',
  { skip: needs('redis-server') },
  async (t) => {
    const port = await freePort()
    const server = startProcess(t, 'redis-server', ['--port', `${port}`, '--save', '', '--dir', temporaryFolder(t), '--requirepass', 'planted-pw']) // prettier-ignore
    await server.waitFor(/Ready to accept connections/)
    const url = join(temporaryFolder(t), 'url')
    writeFileSync(url, `redis://:planted-pw@127.0.0.1:${port}/0\n`)
    const client = createClient({ url: `redis://:planted-pw@127.0.0.1:${port}/0` })
    client.on('error', () => undefined)
    await client.connect()
    t.after(() => client.destroy())
    await client.set('owner/press-1', 'gateway-3')
    await client.set('lease', 'x', { expiration: { type: 'PX', value: 60_000 } })
    await client.hSet('values', { level: '1.5', 'ä ö': '\u0000' })
    await client.xAdd('stream', '*', { a: '1' })
    await client.zAdd('ranks', [{ score: 2, value: 'b' }])
    for (let n = 0; n < 2000; n++) await client.set(`many:${n}`, `${n}`)
    const lines = (await exportRedis(url)).toString()
    assert.equal(lines.trim().split('\n').length, 2005)
    await client.flushAll()
    await client.set('other', 'stays')
    await client.set('owner/press-1', 'somebody else')
    assert.equal(await importRedis(url, lines), 2005)
    assert.deepEqual([await client.get('owner/press-1'), await client.get('many:1999'), await client.get('other')], ['gateway-3', '1999', 'stays']) // prettier-ignore
    assert.deepEqual({ ...(await client.hGetAll('values')) }, { level: '1.5', 'ä ö': '\u0000' })
    assert.equal(await client.xLen('stream'), 1)
    const ttl = await client.pTTL('lease')
    assert.ok(ttl > 0 && ttl <= 60_000)
    writeFileSync(url, 'redis://:planted-pw@127.0.0.1:1/0\n')
    await assert.rejects(exportRedis(url), (error: Error) => /Redis cannot be exported/.test(error.message) && !error.message.includes('planted-pw')) // prettier-ignore
  },
)
