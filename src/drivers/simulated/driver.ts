/**
 * A device without a network: its values are functions of the clock, its cells remember what is written to them. For
 * demonstrations, and for tests of everything behind a driver.
 */
import { z } from 'zod'
import { defineDriver } from '../../core/driver.ts'
import { duration } from '../../core/duration.ts'
import type { TagSettings } from '../../core/tags.ts'
import { ADDRESS_EXAMPLES, describeAddress, parseAddress, type SimulatedAddress } from './address.ts'
import { SimulatedDevice } from './device.ts'
import { fromText } from './value.ts'

const options = z.strictObject({
  latency: duration({ maxMs: 3_600_000 }).prefault('0ms').describe('How long each request takes.'),
  maxPoints: z.number().int().min(1).max(100_000).default(1000).describe('Tags in one request.'),
  online: z.boolean().default(true).describe('Whether the device can be reached; false: every connection is refused.'),
})

/** The options of a simulated device, defaults filled in, times in ms. */
export type SimulatedOptions = z.output<typeof options>

export const simulated = defineDriver({
  name: 'simulated',
  summary: 'Signals computed from the clock, and cells that can be written; needs no network.',
  options,
  addressExamples: ADDRESS_EXAMPLES,
  parseAddress,
  describeAddress,
  check: checkTag,
  line: () => 'simulated',
  inFlight: () => 1024,
  // Computed from the clock: nothing travels on a line.
  estimate: () => ({ requests: 0, wireMs: 0, inFlight: 1024 }),
  create: (settings, context) => new SimulatedDevice(settings, context),
})

function checkTag(address: SimulatedAddress, tag: TagSettings): string | undefined {
  if (address.kind === 'status') return undefined
  if (address.kind === 'constant' || address.kind === 'cell') {
    const text = String(address.settings.value ?? address.settings.initial)
    const fits = fromText(tag.type, text) !== undefined || (address.kind === 'cell' && text === '0')
    return fits ? undefined : `'${text}' is not a value of type ${tag.type}`
  }
  return tag.type === 'bytes' ? `a ${address.kind} is a number: bytes cannot hold it` : undefined
}
