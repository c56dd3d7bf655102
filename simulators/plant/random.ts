/**
 * A small seeded generator of pseudo-random numbers (xorshift32, Marsaglia 2003), so that a simulated plant runs the same
 * way for the same seed on every machine.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Roughly normal around 0, between -1 and 1. */
  noise(): number
}

/** The generator for a seed; any integer will do, 0 included. */
export function createRandom(seed: number): Random {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1) >>> 0
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 0x1_0000_0000
  }
  return { next, noise: () => (next() + next() + next()) / 1.5 - 1 }
}
