/**
 * A three-phase energy meter on the plant's feeder: it sees the pumps and the filler as load. Like real meters it mixes word
 * and byte orders: voltages ABCD, currents CDAB, power BADC, frequency DCBA, energy as int64 with the low word first.
 */
import { putFloat32, putInt64, type RegisterImage } from './register-image.ts'
import type { Random } from './random.ts'

const NOMINAL_V = 230
const BASE_KW = 6.5
const POWER_FACTOR = 0.92

export interface EnergyMeter {
  readonly volts: [number, number, number]
  readonly amperes: [number, number, number]
  powerKw: number
  frequency: number
  /** Wh since the meter was installed. */
  energyWh: number
}

export function createEnergyMeter(): EnergyMeter {
  return { volts: [230, 230, 230], amperes: [0, 0, 0], powerKw: BASE_KW, frequency: 50, energyWh: 4_812_345_678 }
}

/** One step of `seconds` under `loadKw` of machines; publishes into the image. */
export function stepEnergyMeter(
  meter: EnergyMeter,
  image: RegisterImage,
  seconds: number,
  loadKw: number,
  random: Random,
): void {
  meter.powerKw = BASE_KW + loadKw + 0.05 * random.noise()
  meter.frequency = 50 + 0.02 * random.noise()
  meter.energyWh += (meter.powerKw * 1000 * seconds) / 3600
  for (let phase = 0; phase < 3; phase++) {
    meter.volts[phase] = NOMINAL_V - meter.powerKw * 0.05 + 0.4 * random.noise()
    const share = (1 + 0.03 * (phase - 1)) / 3
    meter.amperes[phase] = (meter.powerKw * 1000 * share) / (meter.volts[phase]! * POWER_FACTOR)
  }
  publish(meter, image)
}

/** What the machines draw, from their speeds in percent and bottles a minute. */
export function loadOf(pump1Percent: number, pump2Percent: number, bottlesPerMinute: number): number {
  return 7.5 * (pump1Percent / 100) ** 3 + 7.5 * (pump2Percent / 100) ** 3 + 0.06 * bottlesPerMinute
}

function publish(meter: EnergyMeter, image: RegisterImage): void {
  const input = image.inputRegisters
  for (let phase = 0; phase < 3; phase++) {
    putFloat32(input, phase * 2, meter.volts[phase]!)
    putFloat32(input, 6 + phase * 2, meter.amperes[phase]!, 'CDAB')
  }
  const apparent = meter.powerKw / POWER_FACTOR
  putFloat32(input, 12, meter.powerKw, 'BADC')
  putFloat32(input, 14, Math.sqrt(Math.max(0, apparent ** 2 - meter.powerKw ** 2)), 'BADC')
  putFloat32(input, 16, POWER_FACTOR, 'BADC')
  putFloat32(input, 18, meter.frequency, 'DCBA')
  putInt64(input, 20, BigInt(Math.floor(meter.energyWh)), 'CDAB')
}
