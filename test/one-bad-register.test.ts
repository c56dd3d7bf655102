/**
 * The read plan heals itself, through the whole gateway and against a server that nobody here wrote (libmodbus in C): 13 registers of
 * which one is illegal or never answered, a device that bears few registers a request, a hole that no tag names. Every cycle gives
 * every tag one row; what can be read is Good, no connection is made anew, and what was found out costs no more requests.
 */
import assert from 'node:assert/strict'
import { before, test, type TestContext } from 'node:test'
import { isGood, statusName } from '../src/core/status.ts'
import { modbus } from '../src/drivers/modbus/driver.ts'
import { startHttp } from '../src/http/server.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { compile, needsLibmodbus } from '../src/testing/modbus-strangers.ts'
import { eventually, freePort, startProcess } from '../src/testing/peers.ts'

const TAGS = 13
const EVERY_MS = 100

interface Peer {
  readonly port: number
  /** `read 0+13`, `refused 0+13`, `silent 0+13`, as it printed them. */
  requests(): string[]
  connections(): number
}

let server = ''
const skip = needsLibmodbus()

/** Compiled once for all tests; the folder is removed at the end. */
before(async (context) => {
  if (skip === false) server = await compile(context as TestContext, 'libmodbus-picky')
})

async function startPeer(t: TestContext, { refused = -1, silent = -1, most = 125 }): Promise<Peer> {
  const port = await freePort()
  const running = startProcess(t, server, [port, refused, silent, most].map(String))
  await running.waitFor(/listening/)
  const lines = (pattern: RegExp) => running.output().split('\n').filter((line) => pattern.test(line)) // prettier-ignore
  return { port, requests: () => lines(/^(read|refused|silent) /), connections: () => lines(/^connected/).length }
}

/** The gateway with one device of 13 registers, and the rows that came out of it, cycle by cycle. */
async function startPlant(t: TestContext, peer: Peer, addresses: readonly number[], timeout = '3s') {
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'meter',
        type: modbus,
        everyMs: EVERY_MS,
        options: { host: '127.0.0.1', port: peer.port, timeout },
        tags: addresses.map((at) => ({ name: `r${at}`, address: `hr:${at}`, type: 'uint16' as const })),
      },
    ],
  })
  const rows: { tag: string; status: number; value: unknown }[] = []
  gateway.onBatch((batch) => {
    for (const { tag, status, value } of batch) {
      rows.push({ tag: gateway.store.tags.get(tag)!.settings.name, status, value })
    }
  })
  const names = addresses.map((at) => `r${at}`)
  /** Whole cycles; fails when one has not exactly one row a tag, or a Good one without its value. */
  const cycles = (): Map<string, string>[] =>
    Array.from({ length: Math.floor(rows.length / TAGS) }, (_, index) => {
      const cycle = rows.slice(index * TAGS, (index + 1) * TAGS)
      assert.deepEqual(cycle.map(({ tag }) => tag).sort(), [...names].sort(), `cycle ${index}`)
      for (const { tag, status, value } of cycle) if (isGood(status)) assert.equal(value, 100 + Number(tag.slice(1)))
      return new Map(cycle.map(({ tag, status }) => [tag, statusName(status)]))
    })
  const after = async (count: number) => {
    const from = cycles().length
    await eventually(`${count} cycles`, () => cycles().length >= from + count)
    return cycles().slice(from)
  }
  return { gateway, session: gateway.polling.device('meter')!, cycles, after }
}

const good = (cycle: ReadonlyMap<string, string>): number =>
  [...cycle.values()].filter((status) => status === 'Good').length
const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index)

test(
  '13 registers of which one is illegal: 12 Good in every cycle, one BadConfigurationError that names the register, no reconnect',
  { skip },
  async (t) => {
    const peer = await startPeer(t, { refused: 5 })
    const { gateway, session, cycles, after } = await startPlant(t, peer, range(TAGS))
    await after(5)
    const begun = peer.requests().length
    const settled = await after(10)
    const asked = peer.requests().length - begun
    assert.ok(
      asked >= 2 * 9 && asked <= 2 * 12,
      `${asked} requests in ten cycles: the block is split around it, that is all`,
    )
    for (const cycle of [...cycles(), ...settled])
      assert.deepEqual([good(cycle), cycle.get('r5')], [12, 'BadConfigurationError'])
    const refused = peer.requests().filter((line) => line.startsWith('refused'))
    assert.ok(refused.length <= 5, `the first cycle found it: ${refused.join(', ')}`)
    assert.deepEqual(peer.requests().slice(-2).sort(), ['read 0+5', 'read 6+7'])
    assert.deepEqual([peer.connections(), session.stats.reconnects], [1, 0])

    const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
    t.after(() => http.close())
    const get = async (path: string, method = 'GET') =>
      (await (await fetch(`${http.url}/api/v1/${path}`, { method })).json()) as never
    const { reason } = (await get('values/meter/r5')) as { reason: string }
    assert.match(
      reason,
      /^hr:5 = 40006: the device answers exception 02 \(illegal data address\); next try at \d\d:\d\d:\d\d UTC\.$/,
    )
    const device = (await get('devices/meter')) as { state: string; reason: string }
    assert.equal(device.state, 'Degraded')
    assert.match(device.reason, /The first is r5: BadConfigurationError .*hr:5 = 40006/)
    const { profile } = (await get('devices/meter/profile')) as { profile: { summary: string[] } }
    assert.match(profile.summary.join(), /^Unit 1, hr:5 = 40006: the device answers exception 02/)
    assert.deepEqual(await get('devices/meter/profile', 'DELETE'), { device: 'meter', profile: null })
  },
)

test(
  '13 registers of which one is never answered: found after a cycle without an answer, then 12 Good in every cycle, no reconnect',
  { skip },
  async (t) => {
    const peer = await startPeer(t, { silent: 5 })
    // Time enough for a machine that is busy, and the search for the register still ends within seconds.
    const { session, cycles, after } = await startPlant(t, peer, range(TAGS), '500ms')
    const isSettled = (cycle: ReadonlyMap<string, string>) => good(cycle) === 12
    await eventually('12 good values', () => cycles().some(isSettled), 30_000)
    const first = cycles().findIndex(isSettled)
    t.diagnostic(`12 Good from cycle ${first + 1} on; good values of the cycles before: ${cycles().slice(0, first).map(good).join(', ')}`) // prettier-ignore
    const isNamed = () => session.reasonOf(session.points[5]!.tag)?.includes('next try') === true
    await eventually('the register is named', isNamed, 15_000)
    const begun = peer.requests().length
    const settled = await after(10)
    for (const cycle of settled) assert.deepEqual([good(cycle), cycle.get('r5')], [12, 'BadTimeout'])
    assert.ok(peer.requests().length - begun <= 2 * 12, 'no time-out a cycle any more')
    assert.match(session.reasonOf(session.points[5]!.tag)!, /^hr:5 = 40006: the device does not answer; next try/)
    assert.deepEqual([peer.connections(), session.stats.reconnects], [1, 0])
  },
)

const ALL_GOOD = [
  { what: 'that bears one register a request', limits: { most: 1 }, addresses: range(13), requests: 13 },
  { what: 'that bears ten registers a request', limits: { most: 10 }, addresses: range(13), requests: 2 },
  {
    what: 'with a hole that no tag names',
    limits: { refused: 7 },
    addresses: [...range(6), ...range(7, 9)],
    requests: 2,
  },
]
for (const { what, limits, addresses, requests } of ALL_GOOD) {
  test(
    `a device ${what}: every value Good in every cycle from the first on, and soon no request is refused`,
    { skip },
    async (t) => {
      const peer = await startPeer(t, limits)
      const { session, cycles, after } = await startPlant(t, peer, addresses)
      await after(8)
      const begun = peer.requests().length
      const from = cycles().length
      await after(5)
      const asked = peer.requests().slice(begun)
      assert.ok(
        asked.every((line) => line.startsWith('read')),
        asked.join(', '),
      )
      assert.ok(asked.length <= (cycles().length - from + 1) * requests, `${asked.length} requests`)
      for (const cycle of cycles()) assert.equal(good(cycle), TAGS)
      assert.deepEqual([peer.connections(), session.stats.reconnects], [1, 0])
      assert.equal(session.state, 'Running')
    },
  )
}

test('after a restart the first cycle asks what the last one asked: nothing is searched again', { skip }, async (t) => {
  const peer = await startPeer(t, { refused: 5, most: 4 })
  const tags = range(TAGS).map((at) => `{ name: r${at}, address: "hr:${at}", type: uint16 }`)
  const yaml = `devices:\n  - { name: meter, driver: modbus, every: 100ms, options: { host: 127.0.0.1, port: ${peer.port} }, tags: [${tags.join(', ')}] }\n`
  const first = await startGatewayProcess(t, { yaml })
  const isSettled = async () => (await first.values()).filter((value) => value.status.name === 'Good').length === 12
  await eventually('12 good values', isSettled)
  const settled = ['read 0+4', 'read 4+1', 'read 6+4', 'read 10+3']
  await eventually('a settled plan', () => peer.requests().slice(-4).sort().join() === [...settled].sort().join())
  assert.deepEqual(await first.stop('SIGTERM'), { code: 0, signal: null })
  const begun = peer.requests().length
  const second = await startGatewayProcess(t, { yaml, folder: first.folder })
  await eventually('two cycles', () => peer.requests().length >= begun + 8)
  assert.deepEqual(peer.requests().slice(begun, begun + 4), settled)
  const bad = (await second.values()).filter((value) => value.status.name !== 'Good')
  assert.deepEqual(
    bad.map(({ tag, status }) => `${tag} ${status.name}`),
    ['r5 BadConfigurationError'],
  )
  assert.match(bad[0]!.reason!, /^hr:5 = 40006: the device answers exception 02/)
})
