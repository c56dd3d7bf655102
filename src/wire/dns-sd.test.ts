/** Service discovery by multicast DNS: literal messages after RFC 1035 and RFC 6763, and a responder on a loopback port. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { decodeRecords, encodeQuery } from './dns-message.ts'
import { browseServices } from './dns-sd.ts'

const SERVICE = '_opcua-tcp._tcp.local'
const hex = (...parts: string[]): Buffer => Buffer.from(parts.join('').replace(/\s/g, ''), 'hex')
const label = (text: string): string =>
  Buffer.from([Buffer.byteLength(text)]).toString('hex') + Buffer.from(text).toString('hex')

/** 0c: `_opcua-tcp._tcp.local`; 24: behind it. */
const SERVICE_NAME = `${label('_opcua-tcp')}${label('_tcp')}${label('local')}00`
/** One answer and three additional records; names after the first one are pointers into it. */
const ANSWER = hex(
  '0000 8400 0000 0001 0000 0003',
  SERVICE_NAME, '000c 0001 00000078 000a', label('Press 7'), 'c00c',
  // Instance `Press 7` at 0x2d.
  'c02d 0021 8001 00000078 0010 0000 0000 12ea', label('press-7'), 'c01c',
  'c02d 0010 8001 00000078 0012', label('path=/plant'), label('caps='),
  // Host `press-7.local` at 0x49.
  'c049 0001 8001 00000078 0004 7f000009',
) // prettier-ignore

test('the question: one PTR record, answered to this port alone', () => {
  assert.deepEqual(encodeQuery(SERVICE), hex('0000 0000 0001 0000 0000 0000', SERVICE_NAME, '000c 8001'))
})

test('an answer with pointers: the service, its port, its text and its address', () => {
  assert.deepEqual(decodeRecords(ANSWER), [
    { type: 'PTR', name: SERVICE, target: `Press 7.${SERVICE}` },
    { type: 'SRV', name: `Press 7.${SERVICE}`, host: 'press-7.local', port: 4842 },
    { type: 'TXT', name: `Press 7.${SERVICE}`, entries: { path: '/plant', caps: '' } },
    { type: 'ADDRESS', name: 'press-7.local', address: '127.0.0.9' },
  ])
  // Cut anywhere: what came before can be read.
  for (let end = 0; end < ANSWER.length; end++) assert.ok(decodeRecords(ANSWER.subarray(0, end)).length < 4)
  assert.deepEqual(decodeRecords(encodeQuery(SERVICE)), [], 'a question is no answer')
})

test('no message hangs or throws', () => {
  // A name that points at itself.
  assert.deepEqual(decodeRecords(hex('0000 8400 0000 0001 0000 0000 c00c 000c 0001 00000000 0002 c00c')), [])
  fc.assert(
    fc.property(fc.nat(ANSWER.length), fc.uint8Array({ maxLength: 6 }), (at, noise) => {
      const broken = Buffer.concat([ANSWER.subarray(0, at), noise, ANSWER.subarray(at + noise.length)])
      decodeRecords(broken)
    }),
  )
})

async function responder(t: TestContext, answers: readonly Buffer[]) {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  const heard: Buffer[] = []
  socket.on('message', (message, { port, address }) => {
    heard.push(message)
    for (const answer of answers) socket.send(answer, port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { heard, to: { address: '127.0.0.1', port: socket.address().port } }
}

test('who answers is listed, each once; who sends anything else is not', async (t) => {
  const { heard, to } = await responder(t, [Buffer.from('nonsense'), ANSWER, ANSWER])
  const found = await browseServices(SERVICE, { listenMs: 300, to }, AbortSignal.timeout(5000))
  assert.deepEqual(heard, [encodeQuery(SERVICE)])
  assert.deepEqual(found, [
    {
      name: 'Press 7',
      host: 'press-7.local',
      port: 4842,
      addresses: ['127.0.0.9'],
      text: { path: '/plant', caps: '' },
    },
  ])
})

test('nobody there: an empty list; given up: at once', async (t) => {
  const { to } = await responder(t, [])
  assert.deepEqual(await browseServices(SERVICE, { listenMs: 50, to }, AbortSignal.timeout(5000)), [])
  const stop = new AbortController()
  const asked = browseServices(SERVICE, { listenMs: 60_000, to }, stop.signal)
  stop.abort(new Error('given up'))
  await assert.rejects(asked, /given up/)
})
