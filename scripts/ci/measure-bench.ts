/**
 * Repeats benchmarks that have a peer beside them and writes how many times the peer's rate ours was, each repetition by itself:
 * `measure-bench.ts --out FILE [--rounds 9] [benchmark…]`. A ratio of the same minute on the same machine can be compared with that of another
 * machine; a rate cannot.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { GatewayError } from '../../src/core/errors.ts'
import type { Rate } from '../../bench/sinks/delivery.ts'

export interface Measured {
  readonly format: 1
  readonly measuredAt: string
  readonly node: string
  readonly machine: string
  /** By name: ours over the peer's, a number a repetition. */
  readonly series: Readonly<Record<string, readonly number[]>>
}

type Run = () => Promise<readonly Rate[] | undefined>

const BENCHMARKS: Readonly<Record<string, () => Promise<Run>>> = {
  mqtt: async () => (await import('../../bench/mqtt.ts')).run,
  file: async () => (await import('../../bench/sinks/file.ts')).run,
  redis: async () => (await import('../../bench/sinks/redis.ts')).run,
  nats: async () => (await import('../../bench/sinks/nats.ts')).run,
  kafka: async () => (await import('../../bench/sinks/kafka.ts')).run,
}

/** Ours, which is followed by the bare client that did the same work; other candidates have no peer. */
export function ratiosOf(name: string, rates: readonly Rate[]): [series: string, ratio: number][] {
  return rates.flatMap(({ what, perSecond }, at) => {
    const peer = rates[at + 1]
    if (what.startsWith('bare') || peer?.what.startsWith('bare') !== true) return []
    return [[`${name}: ${what}${at === 0 ? '' : ` (${at})`}`, perSecond / peer.perSecond] as [string, number]]
  })
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { out: { type: 'string' }, rounds: { type: 'string', default: '9' } },
    allowPositionals: true,
  })
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS)
  const unknown = names.find((name) => BENCHMARKS[name] === undefined)
  if (values.out === undefined || unknown !== undefined)
    throw new GatewayError('USAGE', `expected --out FILE and names of ${Object.keys(BENCHMARKS).join(', ')}`)
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? '?'}`
  const series: Record<string, number[]> = {}
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const name of names) {
      const run = await BENCHMARKS[name]!()
      for (const [title, ratio] of ratiosOf(name, (await run()) ?? []))
        (series[title] ??= []).push(Number(ratio.toFixed(4)))
    }
    // After each round: what was measured stays when the job is cut off.
    const measured: Measured = {
      format: 1,
      measuredAt: new Date().toISOString(),
      node: process.version,
      machine,
      series,
    }
    writeFileSync(values.out, `${JSON.stringify(measured, null, 2)}\n`)
  }
  console.log(`${values.out}: ${Object.keys(series).length} series of ${values.rounds}`)
  process.exit(0)
}
