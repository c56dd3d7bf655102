/** The command line among strangers: other servers on the port, readers that leave, folders that cannot be made, odd options. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { WebSocketServer } from 'ws'
import { bifrost, startGatewayProcess } from '../testing/gateway-process.ts'
import { eventually, freePort, temporaryFolder } from '../testing/peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

/** A server that is no gateway; the address it answers at. */
async function stranger(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  new WebSocketServer({ server }).on('connection', (socket) => socket.send('<html>'))
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a server that is no gateway is called that, without a stack trace, and is never healthy', async (t) => {
  const url = await stranger(t, (request, response) => {
    if (request.url?.includes('json') === true) response.end('{"ok":1}')
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello')
  })
  for (const words of [['read'], ['read', 'a/b'], ['write', 'a/b', '1'], ['health'], ['watch']]) {
    const { code, out, err } = await bifrost(...words, '--url', url)
    assert.equal(code, 3, words.join(' '))
    assert.match(err, /is no Bifrost gateway/, words.join(' '))
    assert.doesNotMatch(err, /^ +at /m, words.join(' '))
    assert.equal(out, '', words.join(' '))
  }
  const failing = await stranger(t, (_request, response) => response.writeHead(500).end('{not json'))
  assert.match((await bifrost('read', '--url', failing)).err, /is no Bifrost gateway/)
})

test('what the system refuses is said without a stack trace', async () => {
  const { code, err } = await bifrost('init', '/dev/null/plant')
  assert.equal(code, 1)
  assert.match(err, /\/dev\/null\/plant/)
  assert.doesNotMatch(err, /^ +at /m)
})

test(
  'a folder on a file system that takes none is refused at once, by init and by run',
  { skip: !existsSync('/proc/self') },
  async (t) => {
    const init = await bifrost('init', '/proc/bifrost/plant')
    assert.equal(init.code, 1)
    assert.match(init.err, /\/proc\/bifrost\/plant cannot be made: \/proc takes no new folders.*name another folder/)
    const dir = temporaryFolder(t)
    const run = async (data: string) => {
      const file = join(dir, 'bifrost.yaml')
      writeFileSync(file, `version: 1\ndata: ${data}\nhttp: { listen: 0, access: open }\n`)
      const { code, err } = await bifrost('run', '-c', file)
      assert.equal(code, 1, err)
      assert.doesNotMatch(err, /^ +at /m)
      assert.match(err, /^ {2}Check free space, permissions/m)
      return err
    }
    assert.match(await run('/proc/bifrost'), /`data`: the folder \/proc\/bifrost cannot be used: \/proc takes no/)
    writeFileSync(join(dir, 'taken'), '')
    assert.match(await run('./taken'), /`data`: the folder .*taken cannot be used: .*taken exists and is not a folder/)
  },
)

test('watch says what matches nothing, and does not wait for it', async (t) => {
  const device =
    '{ name: d, driver: simulated, tags: [{ name: a, address: "sine:period=5s,min=0,max=1", type: float64 }] }'
  const { url } = await startGatewayProcess(t, { yaml: `devices: [${device}]\n` })
  const none = await bifrost('watch', 'nope', '--url', url)
  assert.deepEqual([none.code, none.out], [1, ''])
  assert.match(none.err, /nothing matches nope; `bifrost read` lists/)
  const some = await bifrost('watch', 'd/a', 'd/b', '--count', '1', '--url', url)
  assert.equal(some.code, 0)
  assert.match(some.out, /d\/a/)
  assert.match(some.err, /nothing matches d\/b/)
})

test('options that make no sense start nothing', async () => {
  const port = await bifrost('demo', '--port', 'abc')
  assert.deepEqual([port.code, port.err.split('\n').length], [2, 3], port.err)
  const interval = await bifrost('watch', '--interval', '1ms')
  assert.equal(interval.code, 2)
  assert.match(interval.err, /from 50ms to/)
})

test('a gateway outlives the readers of its output', async (t) => {
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  const port = await freePort()
  const device = '{ name: dead, driver: modbus, options: { host: 127.0.0.1, port: 1 }, every: 50ms, tags: [] }'
  writeFileSync(file, `version: 1\nhttp: { listen: ${port}, access: open }\ndevices: [${device}]\n`)
  const child = spawn(LAUNCHER, ['run', '-c', file], {
    env: { ...process.env, BIFROST_LOG_LEVEL: 'debug' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  child.stdout.destroy()
  child.stderr.destroy()
  const alive = () => fetch(`http://127.0.0.1:${port}/livez`).then((answer) => answer.ok)
  await eventually('it answers', () => alive().catch(() => false))
  await sleep(500)
  assert.ok(await alive())
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  assert.equal(code, 0, 'it still stops in good order')
})
