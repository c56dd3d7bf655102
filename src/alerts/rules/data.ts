/** Local alerts about data: what is lost, what waits, and the room that is left. */
import { formatDuration } from '../../core/duration.ts'
import type { Facts, SinkFacts } from '../facts.ts'
import type { Losses } from '../losses.ts'
import { MINUTE_MS, ofGateway, SECOND_MS, sinkLabels, type Finding, type Rule } from '../rule.ts'

const HOUR_S = 3600
const QUEUE_AGE_MS = 10 * MINUTE_MS

export const dataRules: readonly Rule[] = [
  {
    alert: 'BifrostSamplesLost',
    severity: 'critical',
    forMs: 0,
    next: 'The log was full before the sink took them: bring the sink back, then raise `store.maxSize`.',
    find: ({ sinks }, losses) =>
      sinks.flatMap((sink) => droppedBy(sink, 'retention', losses, (lost) => `${lost} samples were deleted before the sink ${sink.name} had them.`)), // prettier-ignore
  },
  {
    alert: 'BifrostDeadLetters',
    severity: 'warning',
    forMs: 0,
    next: 'Look at what the far side refused, and replay it: `bifrost sink dead-letters NAME`.',
    find: ({ sinks }, losses) =>
      sinks.flatMap((sink) => droppedBy(sink, 'rejected', losses, (lost) => `The far side of the sink ${sink.name} refused ${lost} samples; they are dead letters.`)), // prettier-ignore
  },
  {
    alert: 'BifrostSamplesRefused',
    severity: 'critical',
    forMs: 0,
    next: 'The disk is too slow or the log is full: look at the disk and at `store` in the configuration.',
    find({ log: { refused } }, losses) {
      const lost = losses.lately('log', refused)
      return ofGateway(lost > 0, () => `The log refused ${lost} samples: they are lost.`)
    },
  },
  {
    alert: 'BifrostLedgerUnbalanced',
    severity: 'critical',
    forMs: MINUTE_MS,
    next: 'Report it with a support bundle (`bifrost bundle`): routed = delivered + pending + dropped must always hold.',
    find: ({ sinks }) =>
      sinks.flatMap((sink) => {
        const dropped = Object.values(sink.dropped).reduce((all, count) => all + count, 0)
        const missing = sink.routed - sink.delivered - sink.pending - dropped
        if (missing === 0) return []
        return [{ labels: sinkLabels(sink), summary: `The account of the sink ${sink.name} does not add up: ${missing} samples.` }] // prettier-ignore
      }),
  },
  {
    alert: 'BifrostLogFailed',
    severity: 'critical',
    forMs: 30 * SECOND_MS,
    next: 'Look at the disk of the data folder: samples are lost once the memory for them is full.',
    find: ({ log: { failed } }) => ofGateway(failed !== null, () => `The log cannot be written: ${failed}`),
  },
  {
    alert: 'BifrostLogFull',
    severity: 'critical',
    forMs: MINUTE_MS,
    next: 'Bring the sinks back, or raise `store.maxSize`.',
    find: ({ log: { isFull } }) => ofGateway(isFull, () => 'The log is full and takes no new samples.'),
  },
  {
    alert: 'BifrostLogNearlyFull',
    severity: 'critical',
    forMs: 10 * MINUTE_MS,
    next: 'Bring the sinks back, or raise `store.maxSize`: then samples go that no sink has had.',
    find: (facts) => fillsUp(facts, 4 * HOUR_S, 0.5),
  },
  {
    alert: 'BifrostLogFillsUp',
    severity: 'warning',
    forMs: 30 * MINUTE_MS,
    next: 'A sink is away or too slow: look at it today.',
    find: (facts) => fillsUp(facts, 24 * HOUR_S, 0.8),
  },
  {
    alert: 'BifrostDiskSpaceLow',
    severity: 'critical',
    forMs: 10 * MINUTE_MS,
    next: 'Make room on the disk of the data folder, or lower `store.maxSize`.',
    find({ disk }) {
      if (disk === null || disk.sizeBytes === 0) return []
      const share = disk.freeBytes / disk.sizeBytes
      const isSoon = disk.secondsLeft !== null && disk.secondsLeft < 4 * HOUR_S
      return ofGateway(share < 0.03 || (share < 0.1 && isSoon), () => `The disk of the data folder has ${(share * 100).toFixed(1)} % left${isSoon ? `, for ${formatDuration(disk.secondsLeft * 1000)} at this rate` : ''}.`) // prettier-ignore
    },
  },
  {
    alert: 'BifrostSinkDown',
    severity: 'warning',
    forMs: 5 * MINUTE_MS,
    next: 'Look at the far side and the network; samples wait in the log meanwhile.',
    find: ({ sinks }) =>
      sinks.flatMap((sink) => {
        if (sink.isUp || !sink.isEnabled) return []
        const why = sink.reason === null ? '' : `: ${sink.reason}`
        return [{ labels: sinkLabels(sink), summary: `The sink ${sink.name} does not deliver${why}` }]
      }),
  },
  {
    alert: 'BifrostSinkQueueOld',
    severity: 'warning',
    forMs: 5 * MINUTE_MS,
    next: 'The far side is away or too slow: compare samples in and out on its page.',
    find: ({ sinks }) =>
      sinks.flatMap((sink) => {
        const age = sink.oldestPendingAgeMs
        if (age === null || age <= QUEUE_AGE_MS) return []
        return [{ labels: sinkLabels(sink), summary: `Samples have waited for the sink ${sink.name} for ${formatDuration(age)}.` }] // prettier-ignore
      }),
  },
]

/** Less than this is left, and much less than the log holds when all sinks are well. */
function fillsUp({ log: { secondsLeft, secondsHeld } }: Facts, limit: number, share: number): readonly Finding[] {
  const isLow = secondsLeft !== null && secondsLeft < limit && secondsHeld !== null && secondsLeft < share * secondsHeld
  return ofGateway(isLow, () => `The log has room for ${formatDuration(secondsLeft! * 1000)} until samples are lost.`)
}

function droppedBy(sink: SinkFacts, reason: string, losses: Losses, words: (lost: number) => string): Finding[] {
  const owner = `sink ${sink.name}`
  losses.know(owner)
  const lost = losses.lately(`${owner} ${reason}`, sink.dropped[reason] ?? 0, owner)
  return lost === 0 ? [] : [{ labels: { ...sinkLabels(sink), reason }, summary: words(lost) }]
}
