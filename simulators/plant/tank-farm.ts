/**
 * Three tanks in a row: supply → inlet valve → tank 1 → pump 1 → tank 2 → pump 2 → tank 3 → outlet valve → filler. A command
 * is a permission: a pump runs only while it is commanded, its source is above the low switch and its target below the high
 * switch; the switches have hysteresis. With everything commanded the farm swings by itself, and every command is felt.
 */
import { getFloat32, putFloat32, type RegisterImage } from './register-image.ts'
import type { Random } from './random.ts'

const AREA_M2 = 0.4
const HEIGHT_M = 5
const HIGH_M = 4.5
const HIGH_RESET_M = 3.6
const LOW_M = 0.5
const LOW_RESET_M = 1.4
const VALVE_TRAVEL_S = 3
const MAX_INLET_M3H = 72
const MAX_PUMP_M3H = 60

/** What the farm is told and what it does, in engineering units. */
export interface TankFarm {
  readonly levels: [number, number, number]
  readonly high: [boolean, boolean, boolean]
  readonly low: [boolean, boolean, boolean]
  inletPosition: number
  outletPosition: number
  pump1Speed: number
  pump2Speed: number
  inletFlow: number
  pump1Flow: number
  pump2Flow: number
  outletFlow: number
  temperature: number
  pump1Hours: number
}

/** A farm at rest with the tanks partly filled. */
export function createTankFarm(): TankFarm {
  return {
    levels: [2.6, 2.1, 2.4],
    high: [false, false, false],
    low: [false, false, false],
    inletPosition: 1,
    outletPosition: 1,
    pump1Speed: 0,
    pump2Speed: 0,
    inletFlow: 0,
    pump1Flow: 0,
    pump2Flow: 0,
    outletFlow: 0,
    temperature: 21,
    pump1Hours: 1204.5,
  }
}

/** Start values of the farm's commands: all valves open, both pumps allowed. */
export function startTankFarm(image: RegisterImage): void {
  image.coils.fill(1, 0, 4)
  putFloat32(image.holdingRegisters, 0, 80)
  putFloat32(image.holdingRegisters, 2, 38)
}

/** One step of `seconds`; `demandM3h` is what the filler takes. Reads commands from the image, then publishes into it. */
export function stepTankFarm(
  farm: TankFarm,
  image: RegisterImage,
  seconds: number,
  demandM3h: number,
  random: Random,
): void {
  switches(farm)
  move(farm, image, seconds)
  const { levels } = farm
  const speedSetPoint = limited(getFloat32(image.holdingRegisters, 0), 0, 100)
  const pump1 = image.coils[2] === 1 && !farm.low[0] && !farm.high[1]
  const pump2 = image.coils[3] === 1 && !farm.low[1] && !farm.high[2]
  farm.pump1Speed = towards(farm.pump1Speed, pump1 ? speedSetPoint : 0, 25 * seconds)
  farm.pump2Speed = towards(farm.pump2Speed, pump2 ? 65 : 0, 25 * seconds)
  farm.inletFlow = MAX_INLET_M3H * farm.inletPosition * (0.95 + 0.05 * random.noise())
  farm.pump1Flow = flow(farm.pump1Speed, levels[0], random)
  farm.pump2Flow = flow(farm.pump2Speed, levels[1], random)
  farm.outletFlow = levels[2] > 0.05 ? demandM3h * farm.outletPosition : 0
  fill(levels, 0, farm.inletFlow - farm.pump1Flow, seconds)
  fill(levels, 1, farm.pump1Flow - farm.pump2Flow, seconds)
  fill(levels, 2, farm.pump2Flow - farm.outletFlow, seconds)
  heat(farm, getFloat32(image.holdingRegisters, 2), seconds, random)
  if (farm.pump1Speed > 0) farm.pump1Hours += seconds / 3600
  publish(farm, image, random)
}

/** True while the filler can be fed. */
export const canFeed = (farm: TankFarm): boolean => farm.outletPosition > 0.5 && !farm.low[2]

function switches(farm: TankFarm): void {
  for (let i = 0; i < 3; i++) {
    const level = farm.levels[i]!
    farm.high[i] = farm.high[i] ? level > HIGH_RESET_M : level >= HIGH_M
    farm.low[i] = farm.low[i] ? level < LOW_RESET_M : level <= LOW_M
  }
}

function move(farm: TankFarm, image: RegisterImage, seconds: number): void {
  const inlet = image.coils[0] === 1 && !farm.high[0]
  farm.inletPosition = towards(farm.inletPosition, inlet ? 1 : 0, seconds / VALVE_TRAVEL_S)
  farm.outletPosition = towards(farm.outletPosition, image.coils[1] === 1 ? 1 : 0, seconds / VALVE_TRAVEL_S)
}

function flow(speedPercent: number, sourceLevel: number, random: Random): number {
  if (speedPercent <= 0 || sourceLevel <= 0.02) return 0
  return Math.max(0, (MAX_PUMP_M3H * speedPercent) / 100 + 0.4 * random.noise())
}

function fill(levels: [number, number, number], tank: 0 | 1 | 2, netM3h: number, seconds: number): void {
  levels[tank] = limited(levels[tank] + (netM3h / 3600 / AREA_M2) * seconds, 0, HEIGHT_M)
}

function heat(farm: TankFarm, setPoint: number, seconds: number, random: Random): void {
  const target = limited(setPoint, 5, 90)
  farm.temperature += (target - farm.temperature) * Math.min(1, seconds / 90) + 0.01 * random.noise()
}

function publish(farm: TankFarm, image: RegisterImage, random: Random): void {
  const { inputRegisters: input, discreteInputs: bits } = image
  for (let i = 0; i < 3; i++) putFloat32(input, i * 2, farm.levels[i]! + 0.002 * random.noise())
  putFloat32(input, 6, farm.inletFlow)
  putFloat32(input, 8, farm.pump1Flow)
  putFloat32(input, 10, farm.pump2Flow)
  putFloat32(input, 12, farm.outletFlow)
  input[14] = Math.round(farm.temperature * 10)
  input[15] = alarmWord(farm)
  putFloat32(input, 16, farm.pump1Hours, 'CDAB')
  bits[0] = farm.inletPosition >= 0.98 ? 1 : 0
  bits[1] = farm.outletPosition >= 0.98 ? 1 : 0
  bits[2] = farm.pump1Speed > 0 ? 1 : 0
  bits[3] = farm.pump2Speed > 0 ? 1 : 0
}

function alarmWord(farm: TankFarm): number {
  let word = 0
  for (let i = 0; i < 3; i++) word |= (farm.high[i] ? 1 << i : 0) | (farm.low[i] ? 1 << (i + 3) : 0)
  return word
}

function towards(from: number, to: number, step: number): number {
  return from < to ? Math.min(to, from + step) : Math.max(to, from - step)
}

function limited(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : low
}
