/** `src/polling/wire-figures.ts`, but that it can be told to count nothing. */
import { WireFigures as Real, type Came } from '../../src/polling/wire-figures.ts'
import { isCounting } from './switch.ts'

export * from '../../src/polling/wire-figures.ts'

export class WireFigures extends Real {
  override ended(came: Came, ms: number, now: number, at: number): void {
    if (isCounting()) super.ended(came, ms, now, at)
  }
}
