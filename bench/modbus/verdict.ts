/** Medians, and the line that says whether a figure keeps its target; a missed one makes the benchmark exit with 1. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Prints `what`, the figure and its target. */
export function judge(
  what: string,
  value: number,
  target: number,
  sense: 'at most' | 'at least' = 'at most',
  unit = '',
): void {
  const holds = sense === 'at most' ? value <= target : value >= target
  const sign = sense === 'at most' ? '≤' : '≥'
  console.log(
    `  ${what.padEnd(52)} ${value.toFixed(2).padStart(8)}${unit}  ${sign} ${target}${unit} ${holds ? '' : 'MISSED'}`,
  )
  if (!holds) process.exitCode = 1
}
