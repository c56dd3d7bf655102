/**
 * What traces cost: two gateways on the same 1,000 devices of 100 tags, one that records 1 % of the polls and one that records nothing,
 * measured in turn. Only the difference within a pair counts; the median of the pairs is the answer.
 * Before that the same without sockets, which a busy machine disturbs less; `--direct`: only that.
 * Options: --pairs 10 --ms 2000 --ratio 0.01
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messagesOf, startFarm, writeConfig } from './flow.ts'
import { measureDirect, median } from './tracing-direct.ts'
import type { Measured } from './tracing-gateway.ts'

const PROFILE = { devices: 1000, tags: 100, rssLimitMiB: 250 }
const TAGS_PER_SECOND = PROFILE.devices * PROFILE.tags
const LIMIT_POINTS = 2

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pairs: { type: 'string', default: '10' },
      ms: { type: 'string', default: '2000' },
      ratio: { type: 'string', default: '0.01' },
      direct: { type: 'boolean', default: false },
    },
  })
  const { off: withoutUs, more: moreUs, spans } = await measureDirect(Number(values.pairs), Number(values.ratio))
  const polls = PROFILE.devices
  console.log(
    `Without sockets, ${values.pairs} pairs, ${spans} spans: ${withoutUs.toFixed(2)} µs a poll, traced ${moreUs.toFixed(2)} µs more;`,
  )
  console.log(`  at ${polls} polls/s ${((moreUs * polls) / 1e4).toFixed(2)} points of a core`)
  if (values.direct) return
  const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'bifrost-bench-')))
  const farm = await startFarm(PROFILE)
  const collector = await startCollector()
  const start = (folder: string, env: Record<string, string>) =>
    startGateway(writeConfig(folder, PROFILE, farm.port), env)
  try {
    const off = await start(folders[0]!, { OTEL_SDK_DISABLED: 'true' })
    const on = await start(folders[1]!, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: values.ratio,
      OTEL_BSP_SCHEDULE_DELAY: '1000',
    })
    // The first of both is not counted: code is compiled then.
    for (const one of [off, on]) await one.measure(Number(values.ms))
    const pairs: [Measured, Measured][] = []
    for (let at = 0; at < Number(values.pairs); at++) {
      // Who is first changes from pair to pair.
      const first = at % 2 === 0 ? off : on
      const a = await first.measure(Number(values.ms))
      const b = await (first === off ? on : off).measure(Number(values.ms))
      pairs.push(first === off ? [a, b] : [b, a])
    }
    print(pairs, { off: off.startMs, on: on.startMs }, values.ratio)
    off.stop()
    on.stop()
  } finally {
    farm.stop()
    collector.stop()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
}

/** What a gateway takes of one core at this rate, by what it took for the samples that came: they may be fewer on a busy machine. */
const percentOf = ({ cpuSeconds, samples }: Measured): number =>
  (cpuSeconds / Math.max(1, samples)) * TAGS_PER_SECOND * 100

function print(pairs: readonly [Measured, Measured][], startMs: { off: number; on: number }, ratio: string): void {
  const points = pairs.map(([off, on]) => percentOf(on) - percentOf(off))
  const [off, on] = [pairs.map(([one]) => one), pairs.map(([, one]) => one)]
  const rates = [off, on].map((some) => median(some.map(({ samplesPerSecond }) => samplesPerSecond)))
  const more = median(points)
  const [lastOff, lastOn] = pairs.at(-1)!
  const holds = more <= LIMIT_POINTS
  console.log(
    `${pairs.length} pairs, ${TAGS_PER_SECOND} tags/s asked for, ${Number(ratio) * 100} % of the polls recorded:`,
  )
  console.log(`  % of one core, off          ${median(off.map(percentOf)).toFixed(1)}`)
  console.log(`  % of one core, on           ${median(on.map(percentOf)).toFixed(1)}`)
  console.log(`  more, median of the pairs   ${more.toFixed(2)} points, ≤ ${LIMIT_POINTS} ${holds ? '' : 'MISSED'}`)
  console.log(`  each                        ${points.map((one) => one.toFixed(1)).join(' ')}`)
  console.log(`  tags/s off, on              ${rates.map((rate) => rate.toFixed(0)).join(', ')}`)
  console.log(`  start off, on               ${startMs.off.toFixed(0)}, ${startMs.on.toFixed(0)} ms`)
  console.log(`  RSS off, on                 ${lastOff.rssMiB.toFixed(0)}, ${lastOn.rssMiB.toFixed(0)} MiB`)
  console.log(`  spans sent, dropped         ${lastOn.sent}, ${lastOn.dropped}`)
  if (Math.min(...rates) < TAGS_PER_SECOND * 0.95)
    console.log('  The machine was too busy for this rate: measure again when it is quiet.')
  if (!holds || lastOn.sent === 0) process.exitCode = 1
}

async function startGateway(config: string, env: Record<string, string>) {
  const child = fork(join(import.meta.dirname, 'tracing-gateway.ts'), [config], {
    execPath: join(import.meta.dirname, '..', 'bin', 'launch'),
    execArgv: [],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const { connected } = (await messagesOf(child).next('connected')) as { connected: number }
  return {
    startMs: connected,
    async measure(ms: number): Promise<Measured> {
      const answer = once(child, 'message') as Promise<[{ measured: Measured }]>
      child.send({ measure: ms })
      return (await answer)[0].measured
    },
    stop: () => child.send({ stop: true }),
  }
}

/** Takes everything and looks at nothing. */
async function startCollector() {
  const server = createServer((request, response) => request.resume().once('end', () => response.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, stop: () => (server.close(), server.closeAllConnections()) }
}
