/** Which addresses may be dialled, and that a name which means something else a moment later changes nothing. */
import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { addressRanges } from '../core/address-range.ts'
import { NotConnectedError } from '../core/errors.ts'
import { createDial, createResolve } from './dial.ts'
import { createReach, type ReachRules } from './reach.ts'

const rules = (more: Partial<ReachRules> = {}): ReachRules => ({ allow: [], deny: [], ownPorts: new Set(), ...more })
const allowing = (...allow: string[]) => createReach(rules({ allow: addressRanges(...allow) }))

/** A name server whose answers change with each question. */
function changingNames(...answers: readonly string[][]) {
  let asked = 0
  const lookup = (
    _host: string,
    _options: object,
    done: (error: null, found: { address: string; family: number }[]) => void,
  ) => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!
    setImmediate(() => done(null, answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))) // prettier-ignore
  }
  return { lookup, asked: () => asked }
}

async function startServer(t: TestContext) {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { port: (server.address() as AddressInfo).port, connections: () => connections }
}

test('without rules plants are reached, and what is no device is not', () => {
  const { refusal } = createReach(rules())
  for (const good of ['10.0.0.5', '192.168.1.20', '203.0.113.9', '127.0.0.1', '::1', 'fd12:3456::7', '2001:db8::1'])
    assert.equal(refusal(good, 502), undefined, good)
  const refused: Record<string, RegExp> = {
    '169.254.169.254': /where clouds keep the secrets/,
    'fd00:ec2::254': /where clouds keep the secrets/,
    '::ffff:169.254.169.254': /where clouds keep the secrets/,
    '::ffff:a9fe:a9fe': /where clouds keep the secrets/,
    '64:ff9b::a9fe:a9fe': /where clouds keep the secrets/,
    '169.254.7.7': /link-local/,
    'fe80::1%eth0': /link-local/,
    'febf::1': /link-local/,
    '0.0.0.0': /no address of a device/,
    '::': /no address of a device/,
    '224.0.0.1': /no address of a device/,
    '255.255.255.255': /no address of a device/,
    'ff02::1': /no address of a device/,
  }
  for (const [address, words] of Object.entries(refused)) assert.match(refusal(address, 502) ?? '', words, address)
})

test('allow names what may be dialled, deny goes before it, link-local and metadata have to be named themselves', () => {
  const plant = allowing('10.1.0.0/16', 'fd12::/16')
  assert.equal(plant.refusal('10.1.200.3', 502), undefined)
  assert.equal(plant.refusal('fd12::9', 502), undefined)
  assert.match(plant.refusal('10.2.0.1', 502) ?? '', /not among network\.allow/)
  assert.match(plant.refusal('127.0.0.1', 502) ?? '', /not among network\.allow/)
  const both = createReach(rules({ allow: addressRanges('10.0.0.0/8'), deny: addressRanges('10.9.0.0/16') }))
  assert.match(both.refusal('10.9.1.1', 502) ?? '', /among network\.deny/)
  assert.equal(both.refusal('10.8.1.1', 502), undefined)
  assert.match(allowing('0.0.0.0/0').refusal('169.254.7.7', 502) ?? '', /link-local/)
  assert.equal(allowing('169.254.0.0/16').refusal('169.254.7.7', 502), undefined)
  assert.match(allowing('169.254.0.0/16').refusal('169.254.169.254', 80) ?? '', /where clouds keep the secrets/)
  assert.equal(allowing('169.254.169.254').refusal('169.254.169.254', 80), undefined)
})

test('a port of this gateway itself is no device, on any address of this machine', () => {
  const { refusal } = createReach(rules({ ownPorts: new Set([8080]) }))
  for (const own of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
    assert.match(refusal(own, 8080) ?? '', /port 8080 of this machine is one of this gateway itself/, own)
  assert.equal(refusal('127.0.0.1', 8081), undefined)
  assert.equal(refusal('10.0.0.5', 8080), undefined)
})

test('a refused address is told in a sentence, and nothing connects', async (t) => {
  const { port, connections } = await startServer(t)
  const dial = createDial(createReach(rules({ deny: addressRanges('127.0.0.0/8') })))
  const endpoint = { host: '127.0.0.1', port, connectTimeoutMs: 2000 }
  await assert.rejects(dial(endpoint), (error: unknown) => {
    assert.ok(error instanceof NotConnectedError)
    assert.equal(error.message, `127.0.0.1:${port} may not be dialled: 127.0.0.1 is among network.deny`)
    assert.equal(error.details.reason, 'EFORBIDDEN')
    return true
  })
  await assert.rejects(dial({ ...endpoint, transport: 'udp' }), /may not be dialled/)
  assert.equal(connections(), 0)
  const open = await createDial(createReach(rules()))(endpoint)
  open.destroy()
})

test('a name is looked up once, and what was checked is what is dialled', async (t) => {
  const { port, connections } = await startServer(t)
  // The second answer is the one that must never be dialled.
  const names = changingNames(['127.0.0.1'], ['127.0.0.2'])
  const dial = createDial(createReach(rules(), names.lookup))
  const socket = (await dial({ host: 'plc.plant', port, connectTimeoutMs: 2000 })) as { remoteAddress?: string } & Awaited<ReturnType<typeof dial>> // prettier-ignore
  assert.equal(socket.remoteAddress, '127.0.0.1')
  assert.equal(names.asked(), 1)
  socket.destroy()

  const evil = changingNames(['169.254.169.254'], ['127.0.0.1'])
  const careful = createDial(createReach(rules(), evil.lookup))
  await assert.rejects(careful({ host: 'plc.plant', port, connectTimeoutMs: 2000 }), /plc\.plant:\d+ may not be dialled: 169\.254\.169\.254/) // prettier-ignore
  assert.equal(evil.asked(), 1)
  assert.equal(connections(), 1)
})

test('of several addresses those that may be dialled are', async (t) => {
  const { port } = await startServer(t)
  const names = changingNames(['169.254.169.254', '127.0.0.1'])
  const dial = createDial(createReach(rules(), names.lookup))
  const socket = await dial({ host: 'plc.plant', port, connectTimeoutMs: 2000 })
  socket.destroy()
  const resolve = createResolve(createReach(rules(), changingNames(['169.254.169.254', '10.0.0.5']).lookup))
  assert.equal(await resolve('db.plant', 5432), '10.0.0.5')
  const refused = createResolve(createReach(rules(), changingNames(['fd00:ec2::254']).lookup))
  await assert.rejects(refused('db.plant', 5432), /db\.plant:5432 may not be dialled: fd00:ec2::254/)
})
