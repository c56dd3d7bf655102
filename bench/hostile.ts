/**
 * Other clients of the HTTP server while it is attacked: 5,000 sockets that send a header a byte a second, bodies of 1 GB, requests of
 * 100,000 headers, JSON nested a million deep. Attackers, clients, gateway and its devices are processes of their own; attackers come
 * from addresses of their own, each within its share. Target: p99 of the others < 200 ms, all served, memory bounded.
 */
import { parseArgs } from 'node:util'
import { startChild, type Child } from './child.ts'
import { at, loadAverage, startGatewayUnderLoad, type GatewayUnderLoad } from './gateway-under-load.ts'
import type { Attack, Counts } from './hostile-attackers.ts'
import type { LoadResult } from './open-loop.ts'

const P99_MS = 200
/** How much more than before the attacks the process may hold. */
const RSS_MORE_MIB = 250
const PER_SECOND = 200
const ADDRESSES = Array.from({ length: 4 }, (_, index) => `127.0.0.${index + 10}`)
const ATTACKS: readonly (readonly [Attack, string, number])[] = [
  ['slowloris', '5,000 sockets, a byte a second', 5000],
  ['bodies', '1 GB bodies on 100 sockets', 100],
  ['headers', '100,000 headers on 100 sockets', 100],
  ['nested', 'JSON a million deep on 100 sockets', 100],
]

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: 'string', default: '3' } } })
  const seconds = Number(values.seconds)
  const gateway = await startGatewayUnderLoad(100, 100)
  const client = startChild('open-loop.ts')
  try {
    console.log(
      `100 devices × 100 tags at 1 s, ${PER_SECOND} requests/s of others, ${seconds} s each, ${loadAverage()}:`,
    )
    const before = await measure(gateway, client, seconds)
    print('no attack', before, Number.POSITIVE_INFINITY)
    for (const [attack, words, sockets] of ATTACKS) {
      const attackers = startChild('hostile-attackers.ts')
      attackers.tell({ attack, port: gateway.port, sockets })
      await new Promise((resolve) => setTimeout(resolve, 500))
      const result = await measure(gateway, client, seconds)
      attackers.tell({ stop: true })
      const counts = await attackers.hear<Counts>('counts')
      attackers.stop()
      print(words, result, before.rssMiB + RSS_MORE_MIB)
      console.log(
        `    attackers: ${counts.opened} connections, ${counts.open} open at the end, ${counts.mebibytes.toFixed(0)} MiB sent`,
      )
    }
  } finally {
    client.stop()
    await gateway.stop()
  }
}

type Measured = LoadResult & { rssMiB: number; cpu: number }

async function measure(gateway: GatewayUnderLoad, client: Child, seconds: number): Promise<Measured> {
  const paths = ['/api/v1/values/d1/r1', '/api/v1/values?device=d2']
  gateway.rssMiB()
  const cpu = gateway.cpuSeconds()
  client.tell({ port: gateway.port, paths, perSecond: PER_SECOND, addresses: ADDRESSES, seconds })
  const result = await client.hear<LoadResult>('result')
  return { ...result, rssMiB: gateway.rssMiB(), cpu: (gateway.cpuSeconds() - cpu) / seconds }
}

function print(what: string, { times, others, rssMiB, cpu }: Measured, rssLimitMiB: number): void {
  const sorted = times.toSorted((a, b) => a - b)
  const failed = Object.entries(others).map(([why, count]) => `${count}× ${why}`)
  const holds = at(sorted, 0.99) < P99_MS && failed.length === 0 && rssMiB <= rssLimitMiB
  console.log(
    `  ${what.padEnd(36)} p50 ${at(sorted, 0.5).toFixed(1).padStart(6)} ms, p99 ${at(sorted, 0.99).toFixed(1).padStart(6)} ms ` +
      `(< ${P99_MS}), ${times.length} served${failed.length === 0 ? '' : `, ${failed.join(', ')}`}, ` +
      `RSS ${rssMiB.toFixed(0)} MiB, ${(cpu * 100).toFixed(0)} % of a core${holds ? '' : '  MISSED'}`,
  )
  if (!holds) process.exitCode = 1
}
