/**
 * The OPC UA driver against servers that nobody here wrote: every security policy with every mode and every kind of user, against asyncua
 * and against node-opcua's server. What comes out is the table of docs/design/opcua-interop.md, which must say the same.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { needsAsyncua, startAsyncuaServer, type AsyncuaServerSettings, type PeerValue } from '../src/testing/asyncua.ts'
import { pointsOf, readAll, rowsByTag, tagOf, testContext } from '../src/testing/driver-suite.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { createApplicationCertificate } from '../src/testing/opcua-certificates.ts'
import type { SteeredProcess } from '../src/testing/steered-process.ts'
import { needs, temporaryFolder, type Cleanup } from '../src/testing/peers.ts'
import type { SampleBatch } from '../src/core/batch.ts'
import type { DataType, Value } from '../src/core/value.ts'
import { isGood, Status, statusName } from '../src/core/status.ts'
import { opcua } from '../src/drivers/opcua/driver.ts'

const POLICIES = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const
const ROWS = [['None', 'None'], ...POLICIES.flatMap((policy) => [[policy, 'Sign'], [policy, 'SignAndEncrypt']])] as [string, string][] // prettier-ignore
const TOKENS = ['anonymous', 'user and password', 'X.509'] as const

interface Peer {
  readonly server: SteeredProcess
  readonly url: string
  readonly certificate: string
}

const endings: (() => unknown)[] = []
const file: Cleanup = { after: (clean) => void endings.push(clean) }
after(async () => {
  for (const end of endings.toReversed()) await end()
})
const people = { users: { anna: 'right' } }

/** Where the certificates of servers and people lie, made once. */
const made = needs('openssl') === false ? makeCertificates(temporaryFolder(file)) : undefined

function makeCertificates(folder: string) {
  return {
    folder,
    asyncua: createApplicationCertificate(folder, 'asyncua', { uri: 'urn:bifrost:test:server' }),
    faulty: createApplicationCertificate(folder, 'faulty', { uri: 'urn:bifrost:test:faulty' }),
    person: createApplicationCertificate(folder, 'person', { hosts: [] }),
  }
}

const PEERS: readonly { name: string; skip: string | false; start(t: Cleanup): Promise<Peer> }[] = [
  {
    name: 'asyncua',
    skip: needsAsyncua() || needs('openssl'),
    async start(t) {
      const { cert, key } = made!.asyncua
      const server = await startAsyncuaServer(t, { ...people, certificate: cert, key, userCertificates: [made!.person.cert] }) // prettier-ignore
      return { server, url: server.url, certificate: cert }
    },
  },
  {
    name: 'node-opcua',
    skip: needs('openssl'),
    async start(t) {
      const { cert, key } = made!.faulty
      const server = await startFaultyServer(t, { ...people, certificate: cert, key, userCertificates: [made!.person.cert] }) // prettier-ignore
      return { server, url: server.url, certificate: cert }
    },
  },
]

/** A data folder in which the server's certificate is trusted. */
function dataFolder(t: Cleanup, certificate?: string): string {
  const folder = join(temporaryFolder(t), 'certificates')
  mkdirSync(join(folder, 'trusted'), { recursive: true })
  if (certificate !== undefined) copyFileSync(certificate, join(folder, 'trusted', 'server.pem'))
  return folder
}

function openDevice(t: TestContext, options: Record<string, unknown>, folder: string) {
  const context = { ...testContext('plc'), certificates: { folder } }
  const device = opcua.create(opcua.options.parse(options), context)
  t.after(() => device.close())
  return device
}

const userOf = (token: (typeof TOKENS)[number]) => ({
  'anonymous': {},
  'user and password': { user: { name: 'anna', password: 'right' } },
  'X.509': { user: { cert: made!.person.cert, key: made!.person.key } },
}[token]) // prettier-ignore

const nameOf = { 'anonymous': 'anonymous', 'user and password': 'anna', 'X.509': 'certificate' } as const // prettier-ignore

/** Connects, reads, writes and gets a value by subscription. `who`: how the server must know us. */
async function works(
  t: TestContext,
  { server, certificate }: Peer,
  options: Record<string, unknown>,
  who: object,
): Promise<void> {
  const folder = dataFolder(t, certificate)
  const device = openDevice(t, options, folder)
  const signal = AbortSignal.timeout(10_000)
  await device.connect(signal)
  assert.deepEqual(await server.ask('who'), [who])
  const plant = 'nsu=urn:bifrost:test:plant;s='
  const points = pointsOf(opcua, [
    tagOf(`${plant}Scalars/UInt16`, 'uint16'),
    tagOf(`${plant}Writable/UInt32`, 'uint32'),
    tagOf(`${plant}Counters/3`, 'float64'),
  ])
  const rows = rowsByTag(await readAll(device.prepare(points), signal))
  assert.equal(rows.get(1)?.value, 65_535)
  assert.deepEqual(await device.write([{ point: points[1]!, value: 77 }], signal), [Status.Good])
  assert.equal(rowsByTag(await readAll(device.prepare(points), signal)).get(2)?.value, 77)
  const stop = new AbortController()
  const first = await new Promise<SampleBatch>((resolve, reject) => {
    const subscribed = device.subscribe!([points[2]!], resolve, AbortSignal.any([stop.signal, signal]))
    subscribed.catch(reject)
  })
  stop.abort()
  const [row] = [...first]
  assert.ok(isGood(row!.status), statusName(row!.status))
  assert.equal(Number(row!.value) % 100_000, 3)
  await device.close()
}

const table = new Map<string, string>()

for (const { name, skip, start } of PEERS) {
  let peer: Peer | undefined
  if (skip === false) before(async () => (peer = await start(file)))
  for (const [policy, mode] of ROWS) {
    for (const token of TOKENS) {
      test(`our client against ${name}: ${policy} ${mode === 'None' ? '' : `${mode} `}with ${token}`, { skip }, async (t) => {
        const options = { endpoint: peer!.url, securityPolicy: policy, securityMode: mode, ...userOf(token) }
        await works(t, peer!, options, { policy, mode, user: nameOf[token] })
        table.set(`${policy} ${mode} ${token} ${name}`, 'yes')
      }) // prettier-ignore
    }
  }
}

const P = 'nsu=urn:bifrost:test:plant;s='

/** What asyncua holds (test/peers/opcua/plant.py), and what it is as a tag of ours. */
const VALUES: readonly [address: string, type: DataType, value: Value | undefined, status?: number][] = [
  [`${P}Scalars/Boolean`, 'bool', true],
  [`${P}Scalars/SByte`, 'int8', -128],
  [`${P}Scalars/Byte`, 'uint8', 255],
  [`${P}Scalars/Int16`, 'int16', -32_768],
  [`${P}Scalars/Int32`, 'int32', -2_147_483_648],
  [`${P}Scalars/UInt32`, 'uint32', 4_294_967_295],
  [`${P}Scalars/Int64`, 'int64', -9_223_372_036_854_775_808n],
  [`${P}Scalars/UInt64`, 'uint64', 18_446_744_073_709_551_615n],
  [`${P}Scalars/Float`, 'float32', 0.5],
  [`${P}Scalars/Double`, 'float64', -1.7976931348623157e308],
  [`${P}Scalars/String`, 'string', 'Wärme ≥ 5'],
  [`${P}Scalars/DateTime`, 'string', '2024-02-29T12:34:56.789Z'],
  [`${P}Scalars/LocalizedText`, 'string', 'Füllstand'],
  [`${P}Scalars/ByteString`, 'bytes', Uint8Array.of(0, 1, 2, 3, 255)],
  [`${P}Scalars/StatusCode`, 'uint32', 0x40900000],
  [`${P}Enumerations/State`, 'int32', 2],
  [`${P}Arrays/Int32 :: [2]`, 'int32', 30],
  [`${P}Arrays/Matrix :: [1,2]`, 'float64', 6],
  [`${P}Structures/Motor :: speed`, 'float64', 1480.5],
  [`${P}Structures/Motor :: starts`, 'uint64', 9_007_199_254_740_993n],
  [`${P}Structures/Axis :: drive.name`, 'string', 'M1'],
  [`${P}Structures/Axis :: brakes[1].running`, 'bool', true],
  [`${P}Structures/Axis :: mode`, 'int32', 2],
  [`${P}Structures/Axis :: limits[0]`, 'float64', -10],
  [`${P}Structures/Recipe :: temperature`, 'float64', 81.5],
  [`${P}Structures/Either :: text`, 'string', 'open'],
  ['/{urn:bifrost:test:plant}Plant/Scalars/Int16', 'int16', -32_768],
  [`${P}Nowhere`, 'float64', undefined, Status.BadNodeIdUnknown],
]

/** A device that asyncua trusts and that trusts asyncua, connected. */
async function connected(t: TestContext, settings: AsyncuaServerSettings = {}, options: Record<string, unknown> = {}) {
  const { cert, key } = made!.asyncua
  const server = await startAsyncuaServer(t, { certificate: cert, key, ...settings })
  const device = openDevice(t, { endpoint: server.url, ...options }, dataFolder(t, cert))
  await device.connect(AbortSignal.timeout(10_000))
  return { server, device }
}

test(
  'our client against asyncua: every type, arrays, structures and enumerations',
  { skip: PEERS[0]!.skip },
  async (t) => {
    const { device } = await connected(t)
    const points = pointsOf(opcua, VALUES.map(([address, type]) => tagOf(address, type))) // prettier-ignore
    const rows = rowsByTag(await readAll(device.prepare(points)))
    const seen = points.map(({ tag, settings }) => [settings.address, settings.type, rows.get(tag)?.value, statusName(rows.get(tag)!.status)]) // prettier-ignore
    assert.deepEqual(seen, VALUES.map(([address, type, value, status = Status.Good]) => [address, type, value, statusName(status)])) // prettier-ignore
  },
)

test(
  'our client against asyncua: writes arrive as they were meant, and refusals are told',
  { skip: PEERS[0]!.skip },
  async (t) => {
    const { server, device } = await connected(t)
    const signal = AbortSignal.timeout(20_000)
    const write = async (name: string, type: DataType, value: Value) => {
      const [point] = pointsOf(opcua, [tagOf(`${P}${name}`, type)])
      const [status] = await device.write([{ point: point!, value }], signal)
      return statusName(status!)
    }
    const held = async (node: string) => (await server.ask<PeerValue>('get', { node })).value
    const writes: [string, DataType, Value, unknown][] = [
      ['Boolean', 'bool', false, false],
      ['UInt64', 'uint64', 18_446_744_073_709_551_614n, '18446744073709551614'],
      ['Float', 'float32', -0.25, -0.25],
      ['String', 'string', 'zu', 'zu'],
      ['ByteString', 'bytes', Uint8Array.of(255, 0), '/wA='],
      ['ValueOnly', 'float64', 3.5, 3.5],
    ]
    for (const [name, type, value, expected] of writes) {
      assert.equal(await write(`Writable/${name}`, type, value), 'Good', name)
      assert.deepEqual(await held(`Writable/${name}`), expected, name)
    }
    assert.equal(await write('Writable/Limited', 'float64', 101), 'BadOutOfRange')
    assert.equal(await write('ReadOnly', 'int32', 1), 'BadNotWritable')
    assert.equal(await held('ReadOnly'), 7)
  },
)

test(
  'our client against asyncua: after a restart with other namespaces the same tags are read',
  { skip: PEERS[0]!.skip },
  async (t) => {
    const { server, device } = await connected(t)
    const points = pointsOf(opcua, [tagOf(`${P}Scalars/Int16`, 'int16')])
    const read = async () => rowsByTag(await readAll(device.prepare(points))).get(1)
    assert.equal((await read())?.value, -32_768)
    await server.process.stop()
    await assert.rejects(read())
    const namespaces = ['urn:other', 'urn:bifrost:test:types', 'urn:bifrost:test:plant']
    const again = await startAsyncuaServer(t, { port: server.port, certificate: made!.asyncua.cert, key: made!.asyncua.key, namespaces }) // prettier-ignore
    assert.equal(again.namespaces.indexOf('urn:bifrost:test:plant'), 4)
    await device.connect(AbortSignal.timeout(10_000))
    assert.equal((await read())?.value, -32_768)
  },
)

test('the table of what works is what docs/design/opcua-interop.md says', { skip: PEERS.map(({ skip }) => skip).find((skip) => skip !== false) ?? false }, () => {
  const lines = ROWS.flatMap(([policy, mode]) =>
    TOKENS.map((token) => {
      const cells = PEERS.map(({ name }) => table.get(`${policy} ${mode} ${token} ${name}`) ?? 'no')
      return `| ${[policy, mode, token, ...cells].join(' | ')} |`
    }),
  )
  const text = readFileSync(new URL('../docs/design/opcua-interop.md', import.meta.url), 'utf8').replace(/ +\|/g, ' |')
  const missing = lines.filter((line) => !text.includes(line))
  assert.deepEqual(missing, [], `not in the document:\n${missing.join('\n')}`)
}) // prettier-ignore
