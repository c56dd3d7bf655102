/** `src/core/histogram.ts`, but that it can be told to observe nothing. */
import { observe as real, observeSpread as realSpread, type Histogram } from '../../src/core/histogram.ts'
import { isCounting } from './switch.ts'

export * from '../../src/core/histogram.ts'

export function observe(histogram: Histogram, seconds: number): void {
  if (isCounting()) real(histogram, seconds)
}

export function observeSpread(histogram: Histogram, least: number, most: number, count: number): void {
  if (isCounting()) realSpread(histogram, least, most, count)
}
