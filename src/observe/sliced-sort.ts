/** Sorts a long list without holding the event loop: short runs at once, then merged in slices. Stable. */
import { Slice } from '../core/slice.ts'

/** What is sorted or merged, at most, between two looks at the time. */
const STRIDE = 2048

export async function slicedSort<T>(
  entries: readonly T[],
  compare: (a: T, b: T) => number,
  slice = new Slice(),
): Promise<readonly T[]> {
  let runs: (readonly T[])[] = []
  for (let at = 0; at < entries.length; at += STRIDE) {
    runs.push(entries.slice(at, at + STRIDE).sort(compare))
    await slice.breathe()
  }
  while (runs.length > 1) {
    const merged: (readonly T[])[] = []
    for (let at = 0; at < runs.length; at += 2)
      merged.push(at + 1 < runs.length ? await merge(runs[at]!, runs[at + 1]!, compare, slice) : runs[at]!)
    runs = merged
  }
  return runs[0] ?? []
}

async function merge<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
  slice: Slice,
): Promise<readonly T[]> {
  const out: T[] = []
  let l = 0
  let r = 0
  while (l < left.length || r < right.length) {
    const takesLeft = r >= right.length || (l < left.length && compare(left[l]!, right[r]!) <= 0)
    out.push(takesLeft ? left[l++]! : right[r++]!)
    if (out.length % STRIDE === 0) await slice.breathe()
  }
  return out
}
