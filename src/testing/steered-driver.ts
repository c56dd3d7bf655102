/**
 * A device that a test steers: it answers each poll with the values that the test has set, and keeps what was written to it.
 * An ordinary driver, so that everything behind it is the real thing.
 */
import { z } from 'zod'
import { SampleBatch } from '../core/batch.ts'
import { defineDriver, type Context, type Driver, type DriverType, type Point } from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'
import { Status } from '../core/status.ts'
import type { Value } from '../core/value.ts'

export interface SteeredDevice {
  readonly type: DriverType
  /** Address to value: what the next polls answer. */
  readonly values: Map<string, Value>
  /** Every write that reached the device. */
  readonly writes: { address: string; value: Value }[]
  /** Set to a sentence: the connection is lost, and refused until it is undefined again. */
  lost: string | undefined
}

/** A driver type whose devices share one set of values. */
export function createSteeredDevice(): SteeredDevice {
  const steered: SteeredDevice = {
    values: new Map(),
    writes: [],
    lost: undefined,
    type: defineDriver({
      name: 'steered',
      summary: 'Steered by a test.',
      options: z.strictObject({}),
      addressExamples: ['level'],
      parseAddress: (text: string) => text,
      describeAddress: (address: string) => address,
      line: () => 'steered',
      create: (_options, context: Context) => createDriver(steered, context),
    }),
  }
  return steered
}

function createDriver(steered: SteeredDevice, { clock }: Context): Driver<string> {
  const check = (): void => {
    if (steered.lost !== undefined) throw new NotConnectedError(steered.lost)
  }
  return {
    connect: async () => check(),
    close: async () => undefined,
    prepare: (points: readonly Point<string>[]) => ({
      steps: 1,
      async read(_step, emit) {
        check()
        const batch = new SampleBatch(points.length, clock.now())
        for (const { tag, address } of points) {
          const value = steered.values.get(address)
          batch.push(tag, value, value === undefined ? Status.BadNoData : Status.Good)
        }
        emit(batch)
      },
    }),
    async write(items) {
      check()
      for (const { point, value, watch } of items) {
        watch?.begin()
        steered.writes.push({ address: point.address, value })
        steered.values.set(point.address, value)
      }
      return items.map(() => Status.Good)
    },
  }
}
