/**
 * The value of a simulated tag at a moment: a pure function of the address and of the time, so that two runs, or two readers,
 * see the same. A random value is a hash of seed and step; a walk adds smooth noise of halving period and amplitude.
 */
import type { SimulatedAddress } from './address.ts'

/** The number at `now` (ms since 1970); for the kinds that are not functions of time, NaN. */
export function signalAt(address: SimulatedAddress, now: number): number {
  const { period, min, max, seed, phase } = address.settings as Record<string, number>
  const turn = now / period! + (phase ?? 0) / 360
  const part = turn - Math.floor(turn)
  const range = (share: number): number => min! + (max! - min!) * share
  switch (address.kind) {
    case 'sine':
      return range((1 + Math.sin(2 * Math.PI * part)) / 2)
    case 'triangle':
      return range(part < 0.5 ? 2 * part : 2 - 2 * part)
    case 'sawtooth':
      return range(part)
    case 'square':
      return part < 0.5 ? max! : min!
    case 'random':
      return range(hash(seed!, Math.floor(now / period!)))
    case 'walk':
      return range(walk(seed!, now / period!))
    case 'counter':
      return counter(address.settings as Record<string, number>, now)
    default:
      return Number.NaN
  }
}

function counter(settings: Record<string, number>, now: number): number {
  const count = settings.start! + Math.floor(now / settings.period!) * settings.step!
  const rest = count % settings.modulo!
  return rest < 0 ? rest + settings.modulo! : rest
}

const OCTAVES = 5

/** 0…1, wandering: each octave swings twice as fast and half as far. */
function walk(seed: number, at: number): number {
  let sum = 0
  let weight = 0
  for (let octave = 0; octave < OCTAVES; octave++) {
    const frequency = 2 ** octave
    sum += smoothNoise(seed + octave, at * frequency) / frequency
    weight += 1 / frequency
  }
  return sum / weight
}

function smoothNoise(seed: number, at: number): number {
  const step = Math.floor(at)
  const part = at - step
  const blend = part * part * (3 - 2 * part)
  return hash(seed, step) * (1 - blend) + hash(seed, step + 1) * blend
}

/** 0…1 (exclusive) from two integers, evenly spread: rounds of multiply and xor-shift on 32 bits. */
function hash(seed: number, step: number): number {
  let bits =
    Math.imul(seed | 0, 0x9e3779b1) ^
    Math.imul(step | 0, 0x85ebca6b) ^
    Math.imul(Math.floor(step / 2 ** 32) | 0, 0xc2b2ae35)
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d)
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b)
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
}
