/** `src/polling/wire-meter.ts`, but that it can be told to count nothing. */
import type { WireFigures } from '../../src/polling/wire-figures.ts'
import { WireMeter as Real } from '../../src/polling/wire-meter.ts'
import { isCounting } from './switch.ts'

export class WireMeter extends Real {
  override give(figures: WireFigures): void {
    if (isCounting()) super.give(figures)
  }
}
