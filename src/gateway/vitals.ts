/** Whether devices do their work: what a configuration on trial is judged by. */
import type { Vital } from '../config/live/status.ts'
import type { Polling } from '../polling/polling.ts'

export const vitalsOf = ({ devices }: Polling): Map<string, Vital> =>
  new Map(
    devices.map(({ name, state, stats, points }) => {
      const slowest = points.reduce((most, { settings }) => Math.max(most, settings.everyMs), 0)
      const slowestMs = stats.polls === 0 ? undefined : slowest
      return [name, { isRunning: state === 'Running', samples: stats.samples, slowestMs }]
    }),
  )
