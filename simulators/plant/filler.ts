/**
 * A bottle filler: it follows its speed set-point while it is allowed to run and tank 3 can feed it; it counts good bottles
 * and rejects, jams now and then, and says why it stands (stop reason 0 none, 1 not commanded, 2 no product, 3 jam).
 */
import { putFloat32, putText, putUint32, type RegisterImage } from './register-image.ts'
import type { Random } from './random.ts'

const MAX_SPEED = 120
const NOMINAL_ML = 500
const JAM_PER_MINUTE = 0.35
const REJECT_SHARE = 0.012

export const StopReason = { None: 0, NotCommanded: 1, NoProduct: 2, Jam: 3 } as const

export interface Filler {
  /** Bottles a minute. */
  speed: number
  good: number
  rejected: number
  stops: number
  reason: number
  jamSecondsLeft: number
  /** Parts of a bottle not yet counted. */
  started: number
  fillVolume: number
  runningSeconds: number
  totalSeconds: number
}

export function createFiller(): Filler {
  return {
    speed: 0,
    good: 128_450,
    rejected: 1_530,
    stops: 0,
    reason: StopReason.None,
    jamSecondsLeft: 0,
    started: 0,
    fillVolume: NOMINAL_ML,
    runningSeconds: 0,
    totalSeconds: 0,
  }
}

/** Start values of the filler's commands. */
export function startFiller(image: RegisterImage): void {
  image.coils[0] = 1
  image.holdingRegisters[0] = 75
  putText(image.holdingRegisters, 10, 8, 'Lemonade 0.5 L')
}

/** Product the filler takes from tank 3, in cubic metres an hour (a bottle is a crate of 12 in this plant). */
export const demandOf = (filler: Filler): number => (filler.speed * 60 * NOMINAL_ML * 12) / 1e6

/** One step of `seconds`; reads commands from the image, then publishes into it. */
export function stepFiller(
  filler: Filler,
  image: RegisterImage,
  seconds: number,
  product: boolean,
  random: Random,
): void {
  const setPoint = Math.min(MAX_SPEED, image.holdingRegisters[0]!)
  const reason = reasonToStand(filler, image.coils[0] === 1, product, seconds, random)
  if (reason !== StopReason.None && filler.reason === StopReason.None) filler.stops++
  filler.reason = reason
  const target = reason === StopReason.None ? setPoint : 0
  const step = (target < filler.speed ? 60 : 20) * seconds
  filler.speed = target < filler.speed ? Math.max(target, filler.speed - step) : Math.min(target, filler.speed + step)
  count(filler, seconds, random)
  publish(filler, image, random)
}

function reasonToStand(filler: Filler, commanded: boolean, product: boolean, seconds: number, random: Random): number {
  filler.jamSecondsLeft = Math.max(0, filler.jamSecondsLeft - seconds)
  const jams = filler.speed > 20 && random.next() < (JAM_PER_MINUTE / 60) * seconds
  if (jams && filler.jamSecondsLeft === 0) filler.jamSecondsLeft = 4 + 10 * random.next()
  if (!commanded) return StopReason.NotCommanded
  if (!product) return StopReason.NoProduct
  return filler.jamSecondsLeft > 0 ? StopReason.Jam : StopReason.None
}

function count(filler: Filler, seconds: number, random: Random): void {
  filler.totalSeconds += seconds
  if (filler.speed > 0) filler.runningSeconds += seconds
  filler.started += (filler.speed / 60) * seconds
  while (filler.started >= 1) {
    filler.started -= 1
    filler.fillVolume = NOMINAL_ML + 2.5 * random.noise()
    if (random.next() < REJECT_SHARE) filler.rejected++
    else filler.good++
  }
}

function publish(filler: Filler, image: RegisterImage, random: Random): void {
  const { inputRegisters: input, discreteInputs: bits } = image
  putFloat32(input, 0, filler.speed > 0 ? Math.max(0, filler.speed + 0.3 * random.noise()) : 0, 'CDAB')
  putUint32(input, 2, filler.good, 'CDAB')
  putUint32(input, 4, filler.rejected, 'CDAB')
  input[6] = filler.reason
  input[7] = filler.stops
  putFloat32(input, 8, filler.fillVolume, 'CDAB')
  putFloat32(input, 10, filler.totalSeconds > 0 ? (100 * filler.runningSeconds) / filler.totalSeconds : 0, 'CDAB')
  bits[0] = filler.speed > 0 ? 1 : 0
  bits[1] = filler.reason === StopReason.Jam ? 1 : 0
}
