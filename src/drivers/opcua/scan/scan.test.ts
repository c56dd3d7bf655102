/** Scans of loopback addresses: servers, a discovery server before them, strangers, and what may not be asked. */
import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../core/clock.ts'
import type { FoundDevice } from '../../../core/driver.ts'
import { silentLog } from '../../../core/log.ts'
import { parseNetwork, type Network } from '../../../core/network.ts'
import { scan } from '../../../discovery/scan.ts'
import { usedHosts } from '../../../discovery/used.ts'
import { needsAsyncua, startAsyncuaServer } from '../../../testing/asyncua.ts'
import { startFaultyServer } from '../../../testing/opcua-faulty-server.ts'
import { freePort } from '../../../testing/peers.ts'
import { dial } from '../../../wire/dial.ts'
import { opcua } from '../driver.ts'

const skip = needsAsyncua()

interface Looked {
  readonly found: readonly FoundDevice[]
  /** The connections that were made, and those that were left out. */
  readonly dialled: readonly string[]
  readonly left: readonly string[]
}

/** A scan as the command line makes it: what may be asked is guarded at each connection. */
async function look(ports: readonly number[], lines: readonly string[] = [], timeoutMs = 500): Promise<Looked> {
  const dialled: string[] = []
  const left: string[] = []
  const setup = {
    type: opcua,
    networks: [parseNetwork('127.0.0.1') as Network],
    ports,
    units: [],
    timeoutMs,
    concurrency: 4,
    ratePerSecond: 100,
    used: await usedHosts(lines),
    clock: systemClock,
    log: silentLog,
    dial,
    onConnect: (name: string) => void dialled.push(name),
    onSkip: (name: string) => void left.push(name),
  }
  const found: FoundDevice[] = []
  for await (const device of scan(setup, AbortSignal.timeout(15_000))) found.push(device)
  return { found, dialled, left }
}

test(
  'a server is found with what it says of itself: options, application, security, users, certificate',
  { skip },
  async (t) => {
    const plain = await startAsyncuaServer(t, { policies: ['None'] })
    const secure = await startFaultyServer(t)
    const closed = await freePort()
    const { found, dialled } = await look([plain.port, secure.port, closed])
    assert.deepEqual(found[0], {
      options: { endpoint: `opc.tcp://127.0.0.1:${plain.port}/plant`, securityPolicy: 'None' },
      endpoint: `127.0.0.1:${plain.port}/plant`,
      identity: { product: 'Plant of the tests' },
      notes: [
        'application urn:bifrost:test:server, product urn:bifrost:test:product',
        'security None/None',
        'users by anonymous',
      ],
      tags: [],
    })
    assert.deepEqual(found[1]!.options, { endpoint: `opc.tcp://127.0.0.1:${secure.port}` })
    assert.match(
      found[1]!.notes.join('\n'),
      /Aes256_Sha256_RsaPss\/SignAndEncrypt[^]*certificate [0-9A-F]{40}, .*CN=faulty/,
    )
    assert.equal(found.length, 2)
    // One connection each.
    assert.deepEqual(
      dialled,
      [plain.port, secure.port, closed].map((port) => `127.0.0.1:${port}`),
    )
  },
)

test('what is no OPC UA server, and what keeps silent, is left within its time', async (t) => {
  const seen: Buffer[] = []
  const strangers = await Promise.all([
    listen(t, (socket) => socket.on('data', (data: Buffer) => void seen.push(data)) && undefined),
    listen(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    listen(t, (socket) => socket.destroy()),
  ])
  const started = performance.now()
  const { found } = await look(strangers, [], 200)
  assert.deepEqual(found, [])
  assert.ok(performance.now() - started < 5000)
  // All that a stranger gets is one HEL.
  assert.deepEqual(
    seen.map((data) => data.toString('latin1', 0, 4)),
    ['HELF'],
  )
})

test('servers behind a discovery server are asked themselves; those in use are left alone', { skip }, async (t) => {
  const server = await startAsyncuaServer(t, { policies: ['None'] })
  const lds = await listenLds(t, [
    ['Plant', `opc.tcp://some-name:${server.port}/plant`],
    ['Elsewhere', 'opc.tcp://some-name:1/'],
    ['Odd', 'https://some-name/'],
  ])
  const { found, dialled } = await look([lds])
  assert.deepEqual(
    found.map(({ endpoint, notes }) => [endpoint, notes[0]]),
    [[`127.0.0.1:${server.port}/plant`, `known to the discovery server at port ${lds} as "Plant"`]],
  )
  assert.deepEqual(dialled, [`127.0.0.1:${lds}`, `127.0.0.1:${server.port}`, '127.0.0.1:1'])
  const line = opcua.line(opcua.options.parse({ endpoint: `opc.tcp://127.0.0.1:${server.port}` }))
  const again = await look([lds], [line])
  assert.deepEqual([again.found, again.left], [[], [`127.0.0.1:${server.port}`]])
  assert.equal(opcua.line(opcua.options.parse({ endpoint: 'opc.tcp://10.0.0.5' })), 'opc.tcp://10.0.0.5:4840')
})

async function listen(t: TestContext, serve: (socket: Socket) => unknown): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A discovery server, as OPC 10000-6, 5.2 writes its answers: ACK, a channel, no endpoints of its own but these servers. */
function listenLds(t: TestContext, servers: readonly (readonly [name: string, url: string])[]): Promise<number> {
  const uint32 = (value: number) => {
    const buffer = Buffer.alloc(4)
    buffer.writeInt32LE(value)
    return buffer
  }
  const string = (text: string) => Buffer.concat([uint32(Buffer.byteLength(text)), Buffer.from(text)])
  const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex')
  const application = (name: string, kind: number, url: string) =>
    Buffer.concat([string(`urn:${name}`), string('urn:product'), hex('02'), string(name), uint32(kind), uint32(-1), uint32(-1), uint32(1), string(url)]) // prettier-ignore
  const header = hex('0000000000000000 01000000 00000000 00 00000000 0000 00')
  const message = (type: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts)
    return Buffer.concat([Buffer.from(type), uint32(8 + body.length), body])
  }
  const sequence = hex('01000000 01000000')
  const channel = hex('05000000 06000000')
  const self = application('LDS', 3, 'opc.tcp://h:4840')
  const all = [self, ...servers.map(([name, url]) => application(name, 0, url))]
  const policy = string('http://opcfoundation.org/UA/SecurityPolicy#None')
  const endpoint = Buffer.concat([string('opc.tcp://h:4840'), self, uint32(-1), uint32(1), policy, uint32(0), string('http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary'), hex('00')]) // prettier-ignore
  const answers = [
    message('ACKF', uint32(0), uint32(65_536), uint32(65_536), uint32(0), uint32(0)),
    message('OPNF', uint32(5), policy, uint32(-1), uint32(-1), sequence, hex('0100c101'), header, uint32(0), channel, hex('0000000000000000 60ea0000 00000000')), // prettier-ignore
    message('MSGF', channel, sequence, hex('0100af01'), header, uint32(1), endpoint),
    message('MSGF', channel, sequence, hex('0100a901'), header, uint32(all.length), ...all),
  ]
  return listen(t, (socket) => {
    let at = 0
    socket.on('data', () => {
      const answer = answers[at++]
      if (answer !== undefined) socket.write(answer)
    })
  })
}
