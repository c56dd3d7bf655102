/**
 * Messages a second through runner and nats sink to a JetStream stream of Debian's nats-server, beside the bare client library doing the same
 * work: the same subjects, headers, ids and payloads, as many in flight, each confirmed. Under a minute.
 */
import type { SampleBatch } from '../../src/core/batch.ts'
import type { SinkType } from '../../src/core/sink.ts'
import { nats } from '../../src/sinks/nats/sink.ts'
import { startNats, type NatsServer } from '../../src/testing/nats-server.ts'
import { needs } from '../../src/testing/peers.ts'
import { batchFrom, interleaved, plainRow, report, throughRunner, type Rate } from './delivery.ts'

const SAMPLES = 40_000
const BATCH = 5000
const WINDOW = 2000
const ROUNDS = 3
const WANTED = 15_000

const type = nats as unknown as SinkType

/** Runs all and prints a table; resolves with the rates. */
export async function run(): Promise<readonly Rate[]> {
  const missing = needs('nats-server')
  if (missing !== false) {
    console.log(`nats: skipped, ${missing}`)
    return []
  }
  const cleanups: (() => unknown)[] = []
  const server = await startNats({ after: (clean) => cleanups.push(clean) })
  const { jetstreamManager } = await import('@nats-io/jetstream')
  const manager = await jetstreamManager(await server.client())
  const prepare = async () => {
    await manager.streams.delete('BENCH').catch(() => undefined)
    await manager.streams.add({ name: 'BENCH', subjects: ['bifrost.>'] })
  }
  /** The stream must have every sample once. */
  const counted = (work: () => Promise<void>) => async () => {
    await work()
    const { state } = await manager.streams.info('BENCH')
    if (state.messages !== SAMPLES) throw new Error(`the stream has ${state.messages} messages of ${SAMPLES}`)
  }
  const options = { servers: [server.url], window: WINDOW }
  try {
    const candidates = [
      { what: 'runner + sink, JetStream', prepare, run: counted(() => throughRunner(type, options, SAMPLES)) },
      { what: 'bare @nats-io/jetstream', prepare, run: counted(() => bareClient(server)) },
      {
        what: 'runner + sink, core NATS (at most once)',
        prepare: async () => void (await manager.streams.delete('BENCH').catch(() => undefined)),
        run: () => throughRunner(type, { ...options, delivery: 'core' }, SAMPLES),
      },
    ]
    const rates = await interleaved(candidates, SAMPLES, ROUNDS)
    report('nats', 'messages', rates, WANTED)
    return rates
  } finally {
    for (const clean of cleanups.reverse()) await clean()
  }
}

async function bareClient({ port }: NatsServer): Promise<void> {
  const { connect, headers } = await import('@nats-io/transport-node')
  const { jetstream } = await import('@nats-io/jetstream')
  const client = await connect({ servers: `127.0.0.1:${port}`, reconnect: false, noAsyncTraces: true })
  const js = jetstream(client)
  const send = (batch: SampleBatch, row: number): Promise<unknown> => {
    const { device, tag, seq, text } = plainRow(batch, row)
    const lines = headers()
    lines.set('device', device)
    lines.set('tag', tag)
    lines.set('type', 'float64')
    lines.set('status', `${batch.status[row]!}`)
    return js.publish(`bifrost.${device}.${tag}`, text, {
      msgID: `k3f9-${seq}`,
      headers: lines,
      timeout: 30_000,
    })
  }
  for (let seq = 1; seq <= SAMPLES; seq += BATCH) await inFlight(batchFrom(seq, BATCH), send)
  await client.close()
}

/** As many unconfirmed as the sink has. */
function inFlight(batch: SampleBatch, send: (batch: SampleBatch, row: number) => Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0
    let confirmed = 0
    const onConfirmed = () => {
      if (++confirmed === batch.length) return resolve()
      more()
    }
    const more = () => {
      while (next < batch.length && next - confirmed < WINDOW) send(batch, next++).then(onConfirmed, reject)
    }
    more()
  })
}

if (import.meta.main) await run()
