/** Whoever asked has gone, or has everything: what was held for the answer is let go. */
import type { ServerResponse } from 'node:http'

/** Calls `run` once, when the answer is over; at once where it is already, of which no event tells any more. */
export function whenGone({ raw }: { readonly raw: ServerResponse }, run: () => void): void {
  if (raw.closed || raw.destroyed) run()
  else raw.once('close', run)
}
