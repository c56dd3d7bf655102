/**
 * How many requests of a unit get lost on the way, and how often one that gets no answer has to be repeated before its silence
 * may be taken for something that the device does: so often that losses alone would hardly ever bring it about.
 */

/** The chance that losses alone pass for a fact about the device. */
const DOUBT = 1e-7
/** What is supposed before anything is known: one lost request among so many. */
const SUPPOSED_AMONG = 32
/** So many requests are remembered, older ones with half their weight. */
const MEMORY = 512
/** Fewer would make a fact of a coincidence; more would keep a bad register unnamed on a line that hardly works. */
const REPEATS_MIN = 3
const REPEATS_MAX = 16

/** Requests for what can be read: how many were made, and how many of them got no answer. */
export interface Losses {
  asked: number
  lost: number
}

export const noLosses = (): Losses => ({ asked: 0, lost: 0 })

/** One more request for what can be read. */
export function countRequest(losses: Losses, isAnswered: boolean): void {
  losses.asked++
  if (!isAnswered) losses.lost++
  if (losses.asked < MEMORY) return
  losses.asked /= 2
  losses.lost /= 2
}

/** How many silences in a row are believed. */
export function silencesToBelieve({ asked, lost }: Losses): number {
  const rate = (lost + 1) / (asked + SUPPOSED_AMONG)
  return Math.min(Math.max(REPEATS_MIN, Math.ceil(Math.log(DOUBT) / Math.log(rate))), REPEATS_MAX)
}
