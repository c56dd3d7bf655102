/**
 * Is it slower than it was? `compare-bench.ts BASELINE CURRENT` takes two files of `measure-bench.ts`. A series is a regression when both hold:
 * its median fell by more than 10 %, and repetitions so low would come by chance in less than one of a hundred comparisons of the whole file
 * (exact rank test of Mann, Whitney and Wilcoxon, one-sided, divided among the series). Ranks do not care how noise is distributed, and one
 * slow repetition moves no median. Exit 0: no regression; 5: regression; 1: cannot be judged (too few, too noisy, gone).
 */
import { existsSync, readFileSync } from 'node:fs'
import type { Measured } from './measure-bench.ts'

/** What falls by less is not worth a red build. */
export const LEAST_FALL = 0.1
const ALPHA = 0.01
/** Of nine and nine, the least that a rank test can say is 1 in 48,620; of five and five 1 in 252. */
const LEAST_ROUNDS = 5
/** Half of the repetitions lie so far apart, as a part of the median: nothing can be said. */
const MOST_SPREAD = 0.3

export type Verdict = 'same' | 'faster' | 'regression' | 'unclear'

export interface Comparison {
  readonly name: string
  readonly verdict: Verdict
  readonly before: number
  readonly now: number
  /** Chance of so low ranks if nothing had changed. */
  readonly chance: number
  readonly why: string
}

/** One a series of the baseline, and one a series that it does not have. */
export function compare(baseline: Measured, current: Measured): Comparison[] {
  const names = Object.keys(baseline.series)
  const known = names.map((name) =>
    compareSeries(name, baseline.series[name]!, current.series[name] ?? [], names.length),
  )
  const fresh = Object.keys(current.series).filter((name) => baseline.series[name] === undefined)
  return [
    ...known,
    ...fresh.map((name) => ({
      name,
      verdict: 'same' as const,
      before: NaN,
      now: median(current.series[name]!),
      chance: 1,
      why: 'not in the baseline yet',
    })),
  ]
}

function compareSeries(name: string, before: readonly number[], now: readonly number[], series: number): Comparison {
  const common = { name, before: median(before), now: median(now), chance: chanceOfLower(now, before) }
  const unclear = (why: string): Comparison => ({ ...common, verdict: 'unclear', why })
  if (now.length === 0) return unclear('it was not measured')
  if (Math.min(before.length, now.length) < LEAST_ROUNDS)
    return unclear(`${before.length} and ${now.length} repetitions; at least ${LEAST_ROUNDS} each`)
  const change = common.now / common.before - 1
  const isUnlikely = common.chance < ALPHA / series
  if (change < -LEAST_FALL && isUnlikely)
    return { ...common, verdict: 'regression', why: `${percent(change)} of its median` }
  const spread = Math.max(spreadOf(before), spreadOf(now))
  if (spread > MOST_SPREAD)
    return unclear(`half of the repetitions lie ${percent(spread)} apart: too noisy, measure again`)
  const isFaster = change > LEAST_FALL && chanceOfLower(before, now) < ALPHA / series
  return { ...common, verdict: isFaster ? 'faster' : 'same', why: percent(change) }
}

/**
 * Exact chance that the ranks of `low` among both are as low as they are or lower, when all orders are alike. Ties count half, which makes
 * the statistic a multiple of one half: the table below counts in halves.
 */
export function chanceOfLower(low: readonly number[], high: readonly number[]): number {
  const [n, m] = [low.length, high.length]
  if (n === 0 || m === 0) return 1
  let wins = 0
  for (const a of low) for (const b of high) wins += a > b ? 1 : a === b ? 0.5 : 0
  // ways[k][u]: choices of k of the first so many values whose pairs that are won count u.
  const ways: Float64Array[] = Array.from({ length: n + 1 }, () => new Float64Array(n * m + 1))
  ways[0]![0] = 1
  for (let value = 1; value <= n + m; value++)
    for (let k = Math.min(n, value); k >= 1; k--)
      for (let u = n * m; u >= value - k; u--) ways[k]![u]! += ways[k - 1]![u - (value - k)]!
  const all = ways[n]!.reduce((sum, count) => sum + count, 0)
  const lower = ways[n]!.subarray(0, Math.floor(wins) + 1).reduce((sum, count) => sum + count, 0)
  return lower / all
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The middle half, as a part of the median. */
function spreadOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))]!
  return (at(0.75) - at(0.25)) / median(values)
}

const percent = (part: number): string => `${part > 0 ? '+' : ''}${(part * 100).toFixed(1)} %`

/** As a table for people and for the summary of a job; the exit code. */
export function report(comparisons: readonly Comparison[]): { text: string; exitCode: number } {
  const line = ({ name, verdict, before, now, chance, why }: Comparison): string =>
    `| ${name} | ${before.toFixed(3)} | ${now.toFixed(3)} | ${chance.toFixed(4)} | ${verdict} | ${why} |`
  const head = ['| ours / peer | baseline | now | chance | verdict | |', '| --- | --- | --- | --- | --- | --- |']
  const has = (verdict: Verdict): boolean => comparisons.some((one) => one.verdict === verdict)
  const exitCode = has('regression') ? 5 : has('unclear') || comparisons.length === 0 ? 1 : 0
  return { text: [...head, ...comparisons.map(line)].join('\n'), exitCode }
}

if (import.meta.main) {
  const [before, now] = process.argv.slice(2)
  if (before === undefined || now === undefined) {
    console.error('usage: compare-bench.ts BASELINE CURRENT')
    process.exit(2)
  }
  if (!existsSync(before)) {
    console.error(`there is no ${before} to compare with: make one on a quiet machine by scripts/ci/bench.sh --accept`)
    process.exit(1)
  }
  const read = (path: string): Measured => JSON.parse(readFileSync(path, 'utf8')) as Measured
  const { text, exitCode } = report(compare(read(before), read(now)))
  console.log(text)
  process.exitCode = exitCode
}
