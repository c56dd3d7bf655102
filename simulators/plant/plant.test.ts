/** The plant is worth watching only if its machines obey each other and its commands, and the same seed runs the same way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlant, STEP_MS, type Plant, type PlantImages } from './plant.ts'
import { StopReason } from './filler.ts'
import { getFloat32, putFloat32, putInt64, putUint32, type RegisterImage } from './register-image.ts'

const image = (): RegisterImage => ({
  coils: new Uint16Array(16),
  discreteInputs: new Uint16Array(16),
  inputRegisters: new Uint16Array(64),
  holdingRegisters: new Uint16Array(64),
})

function build(seed = 1): { plant: Plant; images: PlantImages } {
  const images = { tankFarm: image(), filler: image(), energyMeter: image() }
  return { plant: createPlant(images, seed), images }
}

function run(plant: Plant, seconds: number, each: () => void = () => {}): void {
  for (let i = 0; i < (seconds * 1000) / STEP_MS; i++) {
    plant.step()
    each()
  }
}

const registers = ({ tankFarm, filler, energyMeter }: PlantImages) =>
  [tankFarm, filler, energyMeter].map((unit) => Object.values(unit).map((table) => [...table]))

test('the same seed gives the same registers after an hour, another seed others', () => {
  const [first, second, other] = [build(7), build(7), build(8)]
  for (const { plant } of [first, second, other]) run(plant, 3600)
  assert.deepEqual(registers(first.images), registers(second.images))
  assert.notDeepEqual(registers(first.images), registers(other.images))
})

test('levels stay between empty and full, and swing by themselves', () => {
  const { plant } = build()
  let [low, high] = [Infinity, -Infinity]
  let starts = 0
  let before = 0
  run(plant, 3600, () => {
    for (const level of plant.farm.levels) assert.ok(level > 0.1 && level < 4.9, `level ${level}`)
    low = Math.min(low, plant.farm.levels[2])
    high = Math.max(high, plant.farm.levels[2])
    if (before === 0 && plant.farm.pump2Speed > 0) starts++
    before = plant.farm.pump2Speed
  })
  assert.ok(high - low > 0.5, `tank 3 moved only ${high - low} m`)
  assert.ok(starts > 2, `pump 2 started ${starts} times in an hour`)
})

test('a pump whose source runs empty stops, and its command alone does not start it', () => {
  const { plant, images } = build()
  images.tankFarm.coils[0] = 0
  run(plant, 900)
  assert.equal(plant.farm.pump1Speed, 0)
  assert.equal(images.tankFarm.coils[2], 1, 'the command stays')
  assert.equal(images.tankFarm.discreteInputs[2], 0, 'the feedback says that it stands')
  assert.equal(images.tankFarm.discreteInputs[0], 0, 'the valve is shut')
})

test('without product the filler stands with its reason, and runs again when the valve opens', () => {
  const { plant, images } = build()
  run(plant, 30)
  images.tankFarm.coils[1] = 0
  run(plant, 30)
  assert.equal(plant.filler.speed, 0)
  assert.equal(images.filler.inputRegisters[6], StopReason.NoProduct)
  images.tankFarm.coils[1] = 1
  let fastest = 0
  run(plant, 60, () => (fastest = Math.max(fastest, plant.filler.speed)))
  assert.equal(fastest, 75)
})

test('the filler follows its set-point, and good and rejected bottles only grow', () => {
  const { plant, images } = build()
  images.filler.holdingRegisters[0] = 40
  let [good, rejected] = [plant.filler.good, plant.filler.rejected]
  run(plant, 600, () => {
    assert.ok(plant.filler.good >= good && plant.filler.rejected >= rejected)
    good = plant.filler.good
    rejected = plant.filler.rejected
    assert.ok(plant.filler.speed <= 75)
  })
  assert.ok(good > 128_450 && rejected > 1_530)
  images.filler.coils[0] = 0
  run(plant, 20)
  assert.equal(plant.filler.reason, StopReason.NotCommanded)
  assert.equal(plant.filler.speed, 0)
})

test('the meter sees the machines: less power when everything stands', () => {
  const { plant, images } = build()
  run(plant, 30)
  const busy = plant.meter.powerKw
  images.tankFarm.coils.fill(0)
  run(plant, 60)
  assert.ok(plant.meter.powerKw < busy - 4, `${plant.meter.powerKw} kW against ${busy} kW`)
  assert.ok(plant.meter.frequency > 49.9 && plant.meter.frequency < 50.1)
})

test('a nonsense set-point cannot break the physics', () => {
  const { plant, images } = build()
  putFloat32(images.tankFarm.holdingRegisters, 0, NaN)
  putFloat32(images.tankFarm.holdingRegisters, 2, Infinity)
  images.filler.holdingRegisters[0] = 65_535
  run(plant, 60)
  assert.ok([...plant.farm.levels, plant.farm.temperature, plant.filler.speed].every(Number.isFinite))
})

test('wide numbers lie in registers as the four orders say', () => {
  const words = new Uint16Array(4)
  const expected = { ABCD: [0x0a0b, 0x0c0d], CDAB: [0x0c0d, 0x0a0b], BADC: [0x0b0a, 0x0d0c], DCBA: [0x0d0c, 0x0b0a] }
  for (const [order, pair] of Object.entries(expected)) {
    putUint32(words, 0, 0x0a0b0c0d, order as keyof typeof expected)
    assert.deepEqual([...words.subarray(0, 2)], pair, order)
  }
  putInt64(words, 0, 0x0102030405060708n, 'CDAB')
  assert.deepEqual([...words], [0x0708, 0x0506, 0x0304, 0x0102])
  putFloat32(words, 0, 1.5, 'DCBA')
  assert.equal(getFloat32(words, 0, 'DCBA'), 1.5)
})
