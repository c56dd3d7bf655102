/**
 * The OPC UA server under load: 10,000 nodes that change each second, to five subscribers in another process. Every change must arrive,
 * once and in order. Prints what the worker costs, how late the values are, and how long the server takes to be there.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { SampleBatch } from '../../src/core/batch.ts'
import { createOpcuaServer, opcuaServer } from '../../src/sinks/opcua-server/sink.ts'
import { sinkContext, tagTable } from '../../src/testing/delivery-rig.ts'
import type { Received } from './opcua-subscribers.ts'

const NODES = 10_000
const CLIENTS = 5
const ROUNDS = 10
const BATCH_ROWS = 5000

export async function run(): Promise<void> {
  const tags = tagTable(...Array.from({ length: NODES }, (_, at) => `press-${at % 10}/tag-${at}`))
  const given = { port: 0, host: '127.0.0.1', hostName: '127.0.0.1', insecure: true, anonymous: true }
  const sink = createOpcuaServer(opcuaServer.options.parse(given), sinkContext({ tags }))
  const { signal } = new AbortController()
  const began = performance.now()
  await sink.connect(signal)
  console.log(`opcua-server: there with ${NODES} nodes after ${Math.round(performance.now() - began)} ms`)
  const url = String(sink.facts().endpoint)
  // node-opcua-client keeps certificates below the home folder, and talks.
  const home = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }
  const file = new URL('./opcua-subscribers.ts', import.meta.url)
  const subscribers = fork(file, [url, `${NODES}`, `${CLIENTS}`], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  try {
    const subscribing = performance.now()
    await next(subscribers, 'ready')
    console.log(
      `opcua-server: ${CLIENTS} × ${NODES} monitored items after ${Math.round(performance.now() - subscribing)} ms`,
    )
    const before = await sink.usage()
    const start = performance.now()
    for (let round = 1; round <= ROUNDS; round++) {
      for (let from = 0; from < NODES; from += BATCH_ROWS) await sink.write(batchOf(round, from), signal)
      await pause(Math.max(0, start + round * 1000 - performance.now()))
    }
    const after = await sink.usage()
    const seconds = (performance.now() - start) / 1000
    await pause(1000)
    subscribers.send('tell')
    const { values, faults, latencies } = await next(subscribers, 'received')
    const wanted = NODES * CLIENTS * ROUNDS
    console.log(
      `opcua-server: ${values.toLocaleString('en')} of ${wanted.toLocaleString('en')} changes delivered, ${faults} out of order`,
    )
    console.log(
      `opcua-server: worker ${(((after.cpuSeconds - before.cpuSeconds) / seconds) * 100).toFixed(0)} % of a core, heap ${Math.round(after.heapBytes / 2 ** 20)} MiB`,
    )
    const at = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)]!
    console.log(`opcua-server: publishing each 500 ms, from sample to client ms: p50 ${at(0.5)} p99 ${at(0.99)}`)
    if (values !== wanted || faults > 0) process.exitCode = 1
  } finally {
    subscribers.kill()
    await sink.close()
    rmSync(home, { recursive: true, force: true })
  }
}

function batchOf(round: number, from: number): SampleBatch {
  const now = Date.now()
  const batch = new SampleBatch(BATCH_ROWS, now)
  for (let row = 0; row < BATCH_ROWS; row++) batch.push(1 + from + row, round, 0)
  return batch
}

async function next(child: ChildProcess, kind: Received['kind']): Promise<Received> {
  for (;;) {
    const [message] = (await once(child, 'message')) as [Received]
    if (message.kind === kind) return message
  }
}
