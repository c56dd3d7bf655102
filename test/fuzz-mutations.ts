/** Frames spoiled as lines, cables and careless programs spoil them; the same seed gives the same frames. */
import { createRandom } from '../simulators/plant/random.ts'

/** A number from 0 to `below` - 1. */
export type Dice = (below: number) => number

/** Dice that fall the same way for the same seed. */
export function createDice(seed: number): Dice {
  const random = createRandom(seed)
  return (below) => Math.floor(random.next() * below)
}

type Mutation = (frame: Uint8Array, dice: Dice) => Uint8Array

const EXTREMES = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff]

const flipBits: Mutation = (frame, dice) => {
  const changed = frame.slice()
  for (let flips = 1 + dice(4); flips > 0; flips--) changed[dice(frame.length)]! ^= 1 << dice(8)
  return changed
}
const cut: Mutation = (frame, dice) => frame.slice(0, dice(frame.length))
const cutHead: Mutation = (frame, dice) => frame.slice(dice(frame.length))
const insert: Mutation = (frame, dice) => {
  const noise = Uint8Array.from({ length: 1 + dice(12) }, () => dice(256))
  const at = dice(frame.length + 1)
  return Buffer.concat([frame.subarray(0, at), noise, frame.subarray(at)])
}
const duplicatePiece: Mutation = (frame, dice) => {
  const from = dice(frame.length)
  const to = from + 1 + dice(frame.length - from)
  return Buffer.concat([frame.subarray(0, to), frame.subarray(from)])
}
/** Wherever a length, a count or a code may stand. */
const lie: Mutation = (frame, dice) => {
  const changed = frame.slice()
  for (let lies = 1 + dice(2); lies > 0; lies--) {
    const at = dice(Math.min(16, frame.length))
    changed[at] = dice(2) === 0 ? EXTREMES[dice(EXTREMES.length)]! : changed[at]! + (dice(2) === 0 ? 1 : -1)
  }
  return changed
}
const twice: Mutation = (frame) => Buffer.concat([frame, frame])
const noise: Mutation = (_frame, dice) => Uint8Array.from({ length: dice(300) }, () => dice(256))
const asItIs: Mutation = (frame) => frame.slice()

const MUTATIONS: readonly Mutation[] = [
  flipBits,
  flipBits,
  lie,
  lie,
  cut,
  cutHead,
  insert,
  duplicatePiece,
  twice,
  noise,
  asItIs,
]

/** The frame after one to three accidents; some have none. */
export function mutate(frame: Uint8Array, dice: Dice): Uint8Array {
  let changed = frame
  for (let times = 1 + (dice(4) === 0 ? dice(3) : 0); times > 0 && changed.length > 0; times--)
    changed = MUTATIONS[dice(MUTATIONS.length)]!(changed, dice)
  return changed
}

/** In one chunk, or in two or three. */
export function toChunks(bytes: Uint8Array, dice: Dice): Uint8Array[] {
  if (dice(3) > 0 || bytes.length < 2) return [bytes]
  const first = 1 + dice(bytes.length - 1)
  const second = first + dice(bytes.length - first)
  return [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
}
