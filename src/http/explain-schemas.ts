/** What `GET /api/v1/explain` and `GET /api/v1/raw` answer. */
import { z } from 'zod'
import { duration } from '../core/duration.ts'
import { FATES } from '../observe/explain/explain.ts'
import { OUTCOMES } from '../observe/explain/deliveries.ts'
import { DECISIONS } from '../observe/explain/steps.ts'
import { exchangeSchema, statusSchema, valueSchema } from './schemas.ts'

const time = () => z.iso.datetime()
const count = () => z.int().min(0)

const wait = duration({ maxMs: 60_000 }).optional()
export const rawQuery = z.object({
  wait: wait.describe(
    'How long to wait for the next poll: ms, or a text such as 5s. Two intervals of the tag and a second, 30s at most, where absent',
  ),
})
export const explainQuery = rawQuery.extend({
  settle: duration({ maxMs: 30_000 })
    .default(1000)
    .describe('How long to wait then until the sample is on the disk and every sink has it'),
})

const factsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))

const placeSchema = z.object({
  block: z.string().describe('What was read together by this request: `hr:0…hr:9`'),
  start: count().nullable().describe('Where the bytes of this value begin in the answer: from its first byte, 0'),
  length: count(),
  bytes: z
    .string()
    .nullable()
    .describe('The bytes of this value as they came, in hex; null where the answer holds none'),
  reading: z.string().describe('How they are read: `float32, order CDAB`'),
})

const sampleSchema = z.object({ value: valueSchema, status: statusSchema, time: time().nullable() })

export const messageSchema = z.object({
  place: z.string().describe('Topic, subject or stream'),
  member: z.string().nullable().describe('What tells apart the tags that share it: a key, the name of a metric'),
  facts: factsSchema.describe('How it is sent: quality of service, retained'),
  bytes: count().describe('Of the payload'),
  text: z.string().nullable().describe('The payload as text; null where it is none'),
  hex: z.string().nullable().describe('The payload in hex, where it is no text'),
  decoded: z.unknown().describe('What it says, where it is no text'),
  cut: z.boolean().describe('The payload is longer than what is shown'),
})

export const rawSchema = z.object({
  device: z.string(),
  tag: z.string(),
  from: z.enum(['trace', 'next-poll', 'none']).describe('trace: the last answer that a trace of the device holds'),
  reason: z.string().nullable().describe('Why there are no bytes, in a sentence'),
  place: placeSchema.nullable(),
  exchange: exchangeSchema.nullable(),
})

export const explainSchema = z.object({
  device: z.string(),
  tag: z.string(),
  address: z.string(),
  addressText: z.string().describe('The address in words'),
  type: z.string(),
  unit: z.string().nullable(),
  everyMs: z.number().min(0),
  askedAt: time(),
  waitedMs: z.number().min(0),
  fate: z
    .enum(FATES)
    .describe('What became of the sample that was waited for; held-back: by the pipeline; refused: by the log'),
  reason: z.string().nullable().describe('Why there is no sample, or why it was not stored, in a sentence'),
  state: z.object({ name: z.string(), since: time(), reason: z.string().nullable() }).describe('Of the device'),
  wire: z.object({
    kind: z.enum(['polled', 'subscribed']),
    exchange: exchangeSchema.nullable().describe('The request and the answer that carried the value'),
    place: placeSchema.nullable(),
    together: z.object({ tags: z.array(z.string()), total: count() }).describe('Tags that the same answer carried'),
    retries: count().describe('How often it was asked again in this poll'),
    earlier: z.array(exchangeSchema).describe('The attempts before the last one'),
    source: factsSchema.nullable().describe('How the values come, where there are no frames to show'),
    problem: z.string().nullable().describe('Why there is nothing of the wire, in a sentence'),
  }),
  raw: sampleSchema
    .extend({
      receivedAt: time().nullable(),
      reason: z.string().nullable().describe('Why it is not good, in a sentence'),
    })
    .nullable()
    .describe('As the driver decoded it'),
  steps: z.array(
    z.object({
      name: z.string(),
      decision: z.enum(DECISIONS),
      text: z.string(),
      before: sampleSchema.nullable(),
      after: sampleSchema.nullable(),
    }),
  ),
  store: z
    .object({
      logId: z.string(),
      seq: z.number(),
      durable: z.boolean().describe('It survives a power cut'),
      isThis: z.boolean().describe('false: it is the last sample that was stored, from before'),
      ...sampleSchema.shape,
    })
    .nullable(),
  sinks: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      state: z.string(),
      routed: z.boolean().describe('Every sink takes every tag; a sink that is disabled keeps its place in the log'),
      outcome: z
        .enum(OUTCOMES)
        .describe(
          'settled: delivered, refused or let go (purged, retention) before anybody looked; which is not known',
        ),
      acknowledgedAt: time().nullable().describe('null: not yet, or before this was asked'),
      afterMs: z.number().nullable().describe('From the arrival of the value to its acknowledgement'),
      reason: z.string().nullable().describe('Why it waits or was refused, in a sentence'),
      pending: count(),
      oldestPendingAgeMs: z.number().nullable(),
      retries: count().describe('Batches that had to be written again, since the start'),
      nextAttemptAt: time().nullable(),
      lastError: z.string().nullable(),
      messages: z.array(messageSchema).nullable().describe('What the sink sends of it; null where it does not show it'),
    }),
  ),
})
