/** Two ends of one in-memory byte stream: what is written to one end is read from the other, in the same chunks. */
import { duplexPair as nodeDuplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'

export function duplexPair(): { near: Duplex; far: Duplex } {
  const [near, far] = nodeDuplexPair()
  return { near, far }
}
