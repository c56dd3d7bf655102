/**
 * The whole plant: tank farm, filler and energy meter, stepped together so that they obey each other. Pure: no sockets, no
 * clock; the same seed and the same commands at the same steps give the same registers.
 */
import { createEnergyMeter, loadOf, stepEnergyMeter, type EnergyMeter } from './energy-meter.ts'
import { createFiller, demandOf, startFiller, stepFiller, type Filler } from './filler.ts'
import { createRandom } from './random.ts'
import type { RegisterImage } from './register-image.ts'
import { canFeed, createTankFarm, startTankFarm, stepTankFarm, type TankFarm } from './tank-farm.ts'

/** Fixed step of the physics. */
export const STEP_MS = 100

/** The machines' tables, by unit id: 1 tank farm, 2 filler, 3 energy meter. */
export interface PlantImages {
  readonly tankFarm: RegisterImage
  readonly filler: RegisterImage
  readonly energyMeter: RegisterImage
}

export interface Plant {
  readonly farm: TankFarm
  readonly filler: Filler
  readonly meter: EnergyMeter
  /** Advances everything by STEP_MS. */
  step(): void
}

/** A plant that reads commands from these tables and publishes into them; its first step is taken at once. */
export function createPlant(images: PlantImages, seed: number): Plant {
  const random = createRandom(seed)
  const farm = createTankFarm()
  const filler = createFiller()
  const meter = createEnergyMeter()
  startTankFarm(images.tankFarm)
  startFiller(images.filler)
  const seconds = STEP_MS / 1000
  const step = () => {
    stepTankFarm(farm, images.tankFarm, seconds, demandOf(filler), random)
    stepFiller(filler, images.filler, seconds, canFeed(farm), random)
    stepEnergyMeter(meter, images.energyMeter, seconds, loadOf(farm.pump1Speed, farm.pump2Speed, filler.speed), random)
  }
  step()
  return { farm, filler, meter, step }
}
