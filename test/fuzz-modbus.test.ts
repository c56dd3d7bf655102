/**
 * Millions of spoiled frames into servers and clients of every framing: no crash, nothing that hangs, no growth, and a whole
 * frame is understood all the time. 100,000 here; `BIFROST_FUZZ_FRAMES=10000000` for the long run, BIFROST_FUZZ_SEED for another.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'node:test'
import { systemClock } from '../src/core/clock.ts'
import {
  RegisterBank,
  createModbusServer,
  decodeRequest,
  encodeFrame,
  encodeResponse,
  replyMismatch,
} from '../src/protocols/modbus/index.ts'
import { CODECS } from '../src/protocols/modbus/pdu/functions.ts'
import { readModbusCapture } from '../src/testing/modbus-captures.ts'
import { createDice, mutate } from './fuzz-mutations.ts'
import { clientTarget, serverTarget, type FuzzPair, type FuzzTarget } from './fuzz-peers.ts'

const FRAMES = Number(process.env.BIFROST_FUZZ_FRAMES ?? 100_000)
const SEED = Number(process.env.BIFROST_FUZZ_SEED ?? 1)
/** A frame that takes more CPU time is a hang. */
const LONGEST_MS = 100
const PROVE_EVERY = 500
const MAX_GROWTH_BYTES = 16 * 1024 * 1024

const CAPTURES = fileURLToPath(new URL('../../shared/captures/modbus/', import.meta.url))
const VECTORS = new URL('../src/protocols/modbus/pdu/vectors.txt', import.meta.url)

function createBank(): RegisterBank {
  const all = [{ address: 0, count: 65_536 }]
  const bank = new RegisterBank({
    coils: all,
    discreteInputs: all,
    inputRegisters: all,
    holdingRegisters: all,
    identification: { 0: 'Acme', 1: 'PM', 2: '3.0', 128: 'own' },
    exceptionStatus: 0x6d,
    serverId: Uint8Array.of(7, 0xff, 0x41),
    files: [3, 4].map((file) => ({ file, records: 100 })),
    fifos: [0x04de],
  })
  bank.fifos.get(0x04de)!.push(0x01b8, 0x1284)
  return bank
}

/** Valid requests, each with an answer: those of the standard's examples as a bank answers them, and recorded ones. */
function createCorpus(bank: RegisterBank): FuzzPair[] {
  const examples = readFileSync(VECTORS, 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((part) => part.trim()))
    .filter(([, direction]) => direction === 'request')
    .map(([, , text]) => new Uint8Array(Buffer.from(text!.replaceAll(' ', ''), 'hex')))
    .filter((request) => request[0] !== 43 || request[1] === 14)
    .filter((request) => !(request[0] === 8 && request[2]! > 20))
  const pairs = examples.map((request) => ({ request, response: encodeResponse(bank.answer(decodeRequest(request))) }))
  return [...pairs, ...recordedPairs()]
}

/** What two plants and two test rigs said, as far as it is whole. */
function recordedPairs(): FuzzPair[] {
  if (!existsSync(CAPTURES)) return []
  const pairs: FuzzPair[] = []
  for (const name of ['plant-1', 'small', 'test-data-1', 'test-data-2', 'fuzz-72', 'fuzz-1011']) {
    const { frames } = readModbusCapture(`${CAPTURES}${name}.pcap`)
    frames.slice(0, 300).forEach((frame, i) => {
      const reply = frames[i + 1]
      if (!frame.toServer || reply === undefined || reply.toServer || reply.transaction !== frame.transaction) return
      if (replyMismatch(frame.pdu, reply.pdu, 0, reply.pdu.length) === undefined)
        pairs.push({ request: frame.pdu.slice(), response: reply.pdu.slice() })
    })
  }
  return pairs
}

/** The heap after everything that can be collected was. */
function heapBytes(): number {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

async function fire(target: FuzzTarget, pairs: readonly FuzzPair[], proof: FuzzPair, frames: number, seed: number) {
  const dice = createDice(seed)
  let longest = 0
  let slow = 0
  for (let i = 0; i < frames; i++) {
    const took = await target.feed(pairs[dice(pairs.length)]!, dice)
    if (took > longest) longest = took
    if (took > LONGEST_MS) slow++
    if (i % PROVE_EVERY > 0) continue
    await target.prove(proof)
    // Streams finish what they ended in turns of the event loop.
    await nextTurn()
  }
  await target.prove(proof)
  return { longest, slow }
}

test(`${FRAMES.toLocaleString('en')} spoiled frames: no crash, no hang, no growth, and what is whole is understood throughout`, async (t) => {
  const bank = createBank()
  const pairs = createCorpus(bank)
  const functions = new Set(pairs.map(({ request }) => request[0]!))
  for (const known of CODECS.keys()) assert.ok(functions.has(known), `function ${known} is among the frames`)
  const proof = { request: Uint8Array.of(4, 0, 0, 0, 1), response: Uint8Array.of(4, 2, 0, 0) }
  const targets = [
    ...(['tcp', 'rtu', 'ascii'] as const).map((framing) => serverTarget(framing, bank)),
    ...(['tcp', 'udp', 'rtu', 'ascii'] as const).map((framing) => clientTarget(framing)),
  ]
  const each = Math.ceil(FRAMES / targets.length)
  // What is allocated once, code and tables, is there before growth is measured.
  for (const [i, target] of targets.entries()) await fire(target, pairs, proof, Math.min(each, 2000), SEED + 1000 + i)
  const before = heapBytes()
  const begin = performance.now()
  for (const [i, target] of targets.entries()) {
    const start = performance.now()
    const { longest, slow } = await fire(target, pairs, proof, each, SEED + i)
    const seconds = (performance.now() - start) / 1000
    t.diagnostic(`${target.name}: ${each} frames in ${seconds.toFixed(1)} s, longest ${longest.toFixed(2)} ms of CPU`)
    assert.equal(slow, 0, `${target.name}: ${slow} frames took up to ${longest} ms`)
  }
  const growth = heapBytes() - before
  const seconds = (performance.now() - begin) / 1000
  t.diagnostic(
    `${each * targets.length} frames in ${seconds.toFixed(1)} s, heap ${(growth / 1024).toFixed(0)} KiB more`,
  )
  assert.ok(growth < MAX_GROWTH_BYTES, `the heap grew by ${growth} bytes`)
})

const BURST = 50
/** The share of one more target beside the seven above. */
const EIGHTH = 8

test('spoiled datagrams into a UDP server: between bursts a whole one is answered', async (t) => {
  const bank = createBank()
  const pairs = createCorpus(bank)
  const dice = createDice(SEED)
  const fail = (error: unknown) => assert.fail(String(error))
  const server = createModbusServer({ unit: (id) => (id < 3 ? bank : undefined), clock: systemClock, onError: fail })
  t.after(() => server.close())
  const port = await server.listenUdp(0)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  const send = (bytes: Uint8Array) => socket.send(bytes, port, '127.0.0.1')
  const heard = async (wanted: Uint8Array) => {
    const signal = AbortSignal.timeout(5000)
    for (let bytes = Buffer.alloc(0); !bytes.equals(wanted);)
      [bytes] = (await once(socket, 'message', { signal })) as [Buffer<ArrayBuffer>]
  }
  for (let burst = 1; burst <= FRAMES / EIGHTH / BURST; burst++) {
    for (let i = 0; i < BURST; i++)
      send(mutate(encodeFrame(dice(65_536), 1 + dice(3), pairs[dice(pairs.length)]!.request), dice))
    send(encodeFrame(burst & 0xffff, 2, Uint8Array.of(4, 0, 0, 0, 1)))
    await heard(encodeFrame(burst & 0xffff, 2, Uint8Array.of(4, 2, 0, 0)))
  }
  assert.ok(server.stats.violations > 0 && server.stats.exceptions > 0)
})
