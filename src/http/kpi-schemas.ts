/** The shapes of the figures of devices and assets. */
import { z } from 'zod'
import { nextSchema } from './paging.ts'

const ms = () => z.int().min(0)
const count = () => z.number().min(0)
const unbounded = (what: string) => z.number().min(0).nullable().describe(`${what}; null: nothing is known of it`)
const ratio = (what: string) => z.number().min(0).nullable().describe(`${what}; null: nothing is known of it`)

const deviceFiguresSchema = z.object({
  upMs: ms().describe('In state Running'),
  downMs: ms().describe('Enabled and not in state Running; planned maintenance apart'),
  failures: z.int().min(0).describe('Changes from Running to another state'),
  recoveries: z.int().min(0).describe('Failures that are over'),
  mtbfMs: ms().nullable().describe('Mean time between failures: up time over failures; null: none yet'),
  mttrMs: ms().nullable().describe('Mean time to recovery, of failures that are over; null: none yet'),
  availability: ratio('Up time over up and down time'),
  samplesExpected: count().describe('One a tag and interval that is over; tags that are subscribed to apart'),
  samplesGood: count().describe('Of these, read with status Good, before any deadband'),
  completeness: ratio('Good over expected'),
})

const assetFiguresSchema = z.object({
  plannedMs: ms().describe('Planned time in which everything was known'),
  runningMs: ms(),
  unknownMs: ms().describe('Planned time in which a tag was not good, or the gateway away: in no ratio'),
  produced: count().describe('Pieces, good ones and others'),
  rejected: count().nullable().describe('Null: nobody counts them'),
  good: count().nullable(),
  ideal: count().describe('Pieces that the running time could have brought at the ideal rate'),
  missed: count().describe('Pieces of the time that is unknown, as far as the counter tells: in no ratio'),
  unplannedRunningMs: ms().describe('Running outside the planned time'),
  unplannedPieces: count().describe('Pieces outside the planned time'),
  counterResets: z.int().min(0).describe('How often a counter was set back to 0'),
  counterJumps: z.int().min(0).describe('How often a counter moved as no production moves it: not counted'),
  availability: ratio('Running over planned time'),
  performance: unbounded('Produced over ideal; above 1 where the ideal rate is too low'),
  quality: ratio('Good over produced'),
  oee: unbounded('Availability × performance × quality'),
})

const windowed = <Figures extends z.ZodType>(figures: Figures) => {
  const figured = z.object({
    from: z.iso.datetime().nullable().describe('Null: from the beginning'),
    to: z.iso.datetime().nullable().describe('When the window ends; null: with the present'),
    name: z.string().nullable().describe('Of the shift'),
    figures,
  })
  return {
    current: figured.nullable().describe('The window that is not over; null: there is none now, as between shifts'),
    previous: figured.nullable().describe('The one before; null: there was none, or it is the total'),
  }
}

export const kpiDevicesSchema = z.object({
  window: z.string(),
  devices: z.array(
    z.object({
      name: z.string(),
      driver: z.string(),
      isUp: z.boolean().nullable().describe('Null: disabled, in planned maintenance, or not known yet'),
      ...windowed(deviceFiguresSchema),
    }),
  ),
  sum: z
    .object({ samplesExpected: count(), samplesGood: count(), completeness: ratio('Good over expected') })
    .describe('Of the current window, over all devices in sight, whatever the page'),
  next: nextSchema,
})

export const kpiAssetsSchema = z.object({
  window: z.string(),
  assets: z.array(
    z.object({
      name: z.string(),
      area: z.string().nullable(),
      state: z.enum(['running', 'stopped', 'unknown', 'not planned']),
      ...windowed(assetFiguresSchema),
    }),
  ),
  next: nextSchema,
})
