/**
 * How the gateway itself does: what it takes of the machine, what goes through it, and the last five minutes and the last hour of that. Counters
 * that exist anyway are read every other second; what is asked of the machine is read when somebody asks.
 */
import type { Gateway } from '../../gateway.ts'
import type { DeviceSession } from '../../polling/session.ts'
import { ClockWatch, isClockSynchronised } from './clock-watch.ts'
import { LoopWatch, type LoopDelay } from './event-loop.ts'
import { hostName, memoryNow, processorNow, watchDisk, watchSpace } from './machine.ts'
import { MINUTES, PollHistory } from './poll-history.ts'
import { Rate, roundRate } from './rate.ts'

/** One point of the last five minutes, or one of the last hour for the event loop. */
export interface HistoryPoint {
  /** ms since 1970, at the end of the stretch. */
  readonly at: number
  /** Samples a second: stored, and delivered to all sinks together. */
  readonly inPerSecond: number | null
  readonly outPerSecond: number | null
  /** Of one core, 0…1 and more. */
  readonly cpuShare: number | null
  readonly rssBytes: number
  readonly loopDelayMs: LoopDelay | null
}

export interface MinutePoint {
  /** ms since 1970, at the begin of the minute. */
  readonly from: number
  readonly loopDelayMs: LoopDelay | null
  /** Share of the time that garbage collection took, 0…1. */
  readonly gcShare: number
}

interface SinkRates {
  readonly routed: Rate
  readonly delivered: Rate
}

const TICK_MS = 1000
/** In ticks: counters of samples; points of the short history (and of the event loop's last minute); minutes. */
const READ_EVERY = 2
const POINT_EVERY = 5
const MINUTE_EVERY = 60
const POINTS = 60

export type System = ReturnType<typeof watchSystem>

export function watchSystem(gateway: Gateway) {
  const { clock, store } = gateway
  const clockWatch = new ClockWatch(clock)
  const loop = new LoopWatch()
  const polls = new PollHistory()
  const disk = watchDisk(gateway.config.data, clock)
  const space = watchSpace(gateway.config.data, clock)
  const stored = new Rate()
  const cpu = new Rate()
  const loopBusy = new Rate()
  const gc = new Rate()
  const bySink = new Map<string, SinkRates>()
  const points: HistoryPoint[] = []
  const minutes: MinutePoint[] = []
  const startedAt = clock.monotonic()
  let ticks = 0
  let minute = { from: clock.now(), at: startedAt, gcMs: 0 }
  let last: Totals | undefined

  function readCounters(): void {
    const at = clock.monotonic()
    stored.read(store.info().nextSeq, at)
    cpu.read(cpuMs(), at)
    loopBusy.read(performance.eventLoopUtilization().active, at)
    gc.read(loop.gcMs, at)
    polls.read(gateway.polling.devices, at)
    const names = new Set<string>()
    for (const runner of gateway.runners) {
      const { name, routed, delivered } = runner.status()
      names.add(name)
      let rates = bySink.get(name)
      if (rates === undefined) bySink.set(name, (rates = { routed: new Rate(), delivered: new Rate() }))
      rates.routed.read(routed, at)
      rates.delivered.read(delivered, at)
    }
    for (const name of bySink.keys()) if (!names.has(name)) bySink.delete(name)
  }

  function addPoint(): void {
    const now = totalsOf(gateway)
    const before = last
    last = now
    const loopDelayMs = loop.take()
    const per = (count: (now: Totals, before: Totals) => number): number | null =>
      before === undefined ? null : roundRate(Math.max(0, (count(now, before) * 1000) / (now.at - before.at)))
    const cpuPerSecond = per((one, other) => one.cpuMs - other.cpuMs)
    points.push({
      at: clock.now(),
      inPerSecond: per((one, other) => one.stored - other.stored),
      outPerSecond: per(deliveredBetween),
      cpuShare: cpuPerSecond === null ? null : roundRate(cpuPerSecond / 1000),
      rssBytes: process.memoryUsage.rss(),
      loopDelayMs,
    })
    if (points.length > POINTS) points.shift()
  }

  const minuteNow = (): MinutePoint => {
    const ms = Math.max(1, clock.monotonic() - minute.at)
    const gcShare = Math.min(1, Math.round(((loop.gcMs - minute.gcMs) / ms) * 1e5) / 1e5)
    return { from: minute.from, loopDelayMs: loop.lastMinute(), gcShare }
  }

  function endMinute(): void {
    minutes.push(minuteNow())
    if (minutes.length >= MINUTES) minutes.shift()
    polls.turn()
    minute = { from: clock.now(), at: clock.monotonic(), gcMs: loop.gcMs }
  }

  readCounters()
  last = totalsOf(gateway)
  const timer = clock.every(TICK_MS, () => {
    ticks++
    clockWatch.tick()
    if (ticks % READ_EVERY === 0) readCounters()
    if (ticks % POINT_EVERY === 0) addPoint()
    if (ticks % MINUTE_EVERY === 0) endMinute()
  })

  return {
    /** By device: rates, duty and the minutes of the last hour. */
    polls,
    /** The last five minutes, a point every five seconds, the newest last. */
    points: points as readonly HistoryPoint[],
    /** The last hour, this minute last: as many as `polls` has of each device, or fewer. */
    minutes: (): readonly MinutePoint[] => [...minutes, minuteNow()],
    sinkRates(name: string) {
      const rates = bySink.get(name)
      return { inPerSecond: rates?.routed.perSecond ?? null, outPerSecond: rates?.delivered.perSecond ?? null }
    },
    samplesPerSecond: (device: DeviceSession): number | null => polls.samplesPerSecond(device),
    /** For the metrics: what `now` has besides, without rounding. */
    figures: async () => ({
      inPerSecond: stored.perSecond,
      loopBusyShare: loopBusy.perSecond === null ? null : Math.min(1, loopBusy.perSecond / 1000),
      gcSeconds: loop.gcMs / 1000,
      memory: memoryNow(),
      disk: await space(),
      clockDriftSeconds: clockWatch.driftMs / 1000,
      clockSteps: clockWatch.stepCount,
      isClockSynchronised: await isClockSynchronised(),
    }),
    async now() {
      const cpuPerSecond = cpu.perSecond
      const gcPerSecond = gc.perSecond
      const delivered = [...bySink.values()].map((rates) => rates.delivered.perSecond)
      return {
        uptimeMs: Math.round(clock.monotonic() - startedAt),
        hostName: hostName(),
        cpuShare: cpuPerSecond === null ? null : roundRate(cpuPerSecond / 1000),
        ...processorNow(),
        memory: memoryNow(),
        disk: await disk(),
        loopDelayMs: loop.lastMinute(),
        gcShare: gcPerSecond === null ? null : roundRate(gcPerSecond / 1000),
        clock: {
          now: clock.now(),
          driftMs: clockWatch.driftMs,
          steps: clockWatch.steps,
          synchronised: await isClockSynchronised(),
        },
        inPerSecond: stored.perSecond,
        outPerSecond: delivered.includes(null) ? null : roundRate(delivered.reduce<number>((sum, rate) => sum + rate!, 0)), // prettier-ignore
      }
    },
    close() {
      timer.cancel()
      loop.close()
    },
  }
}

interface Totals {
  readonly at: number
  readonly stored: number
  /** By sink. */
  readonly delivered: ReadonlyMap<string, number>
  readonly cpuMs: number
}

/** A sink that came meanwhile, perhaps with the account it had once, delivered none of that just now. */
const deliveredBetween = ({ delivered }: Totals, before: Totals): number =>
  delivered
    .entries()
    .reduce((sum, [name, count]) => sum + Math.max(0, count - (before.delivered.get(name) ?? count)), 0)

const totalsOf = ({ clock, store, runners }: Gateway): Totals => ({
  at: clock.monotonic(),
  stored: store.info().nextSeq,
  delivered: new Map(runners.map((runner) => [runner.name, runner.status().delivered])),
  cpuMs: cpuMs(),
})

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
