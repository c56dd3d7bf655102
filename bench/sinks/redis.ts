/**
 * Values a second through runner and redis sink, beside bare node-redis doing the same work: the same entries with the same ids
 * and trimming into the same streams, the same hashes, in the same batches, each answered before the next. Under a minute.
 */
import type { SampleBatch } from '../../src/core/batch.ts'
import type { SinkType } from '../../src/core/sink.ts'
import { redis } from '../../src/sinks/redis/sink.ts'
import { needsRedis, startRedis, type RedisServer } from '../../src/testing/redis.ts'
import { batchFrom, interleaved, plainRow, report, throughRunner, type Rate } from './delivery.ts'

const SAMPLES = 100_000
const BATCH = 5000
const ROUNDS = 3
const WANTED = 300_000

const type = redis as unknown as SinkType

/** Runs both and prints a table; resolves with the rates. */
export async function run(): Promise<readonly Rate[]> {
  const missing = needsRedis()
  if (missing !== false) {
    console.log(`redis: skipped, ${missing}`)
    return []
  }
  const cleanups: (() => unknown)[] = []
  const server = await startRedis({ after: (clean) => cleanups.push(clean) }, { extra: ['--appendonly', 'no'] })
  const prepare = async () => void (await server.ask('FLUSHALL'))
  try {
    const candidates = [
      { what: 'runner + sink', prepare, run: () => throughRunner(type, { url: server.url }, SAMPLES) },
      { what: 'bare node-redis, pipelined', prepare, run: () => bareClient(server) },
    ]
    const rates = await interleaved(candidates, SAMPLES, ROUNDS)
    await checked(server)
    report('redis', 'values', rates, WANTED)
    return rates
  } finally {
    for (const clean of cleanups) await clean()
  }
}

/** The last candidate left as many entries as the cap lets it. */
async function checked(server: RedisServer): Promise<void> {
  const length = Number(await server.ask('XLEN', 'bifrost:samples:press-1'))
  if (length !== SAMPLES / 10) throw new Error(`${length} entries in a stream`)
}

/** The same commands by the library's own pipelining: all are issued in one turn, then awaited together. */
async function bareClient(server: RedisServer): Promise<void> {
  const { createClient } = await import('redis')
  const client = createClient({ url: server.url })
  await client.connect()
  for (let seq = 1; seq <= SAMPLES; seq += BATCH) await Promise.all(commandsOf(batchFrom(seq, BATCH)).map((each) => client.sendCommand(each))) // prettier-ignore
  client.destroy()
}

function commandsOf(batch: SampleBatch): string[][] {
  const commands: string[][] = []
  const latest = new Map<string, Map<string, string>>()
  for (let row = 0; row < batch.length; row++) {
    const { device, tag, seq, text } = plainRow(batch, row)
    const hash = latest.get(device)
    const trim = hash === undefined ? ['MAXLEN', '~', '100000'] : []
    commands.push(['XADD', `bifrost:samples:${device}`, ...trim, `${seq}-0`, 'tag', tag, 'd', text])
    if (hash === undefined) latest.set(device, new Map([[tag, text]]))
    else hash.set(tag, text)
  }
  for (const [device, hash] of latest) commands.push(['HSET', `bifrost:latest:${device}`, ...[...hash].flat()])
  return commands
}

if (import.meta.main) await run()
