/**
 * What the gateway tells systemd: that it is ready, how it is doing, that it reads its configuration again, that it stops, and, as often as
 * WATCHDOG_USEC asks for, that there is progress. No progress, no word: then systemd ends the process and starts it again.
 */
import type { Clock, Timer } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Health } from '../health.ts'
import { openNotifySocket, type NotifySocket } from './notify-socket.ts'

export interface ServiceManager {
  ready(status: string): void
  /** From now on the watchdog is fed, as long as there is progress. */
  watch(health: Health): void
  /** For `Type=notify-reload`; `done` is called when what ran before, or something new, runs. */
  reloading(): { done(): void }
  stopping(): Promise<void>
  close(): void
}

export interface NotifierOptions {
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly log: Log
  readonly pid?: number
  readonly open?: (env: NodeJS.ProcessEnv) => NotifySocket | undefined
  /** CLOCK_MONOTONIC in microseconds. */
  readonly monotonicUsec?: () => bigint
}

/** Twice in each interval, as sd_watchdog_enabled(3) recommends. */
const FEEDS_AN_INTERVAL = 2

/** How soon it is looked again whether there is progress: what has come back is fed at once, not half an interval later. */
const LOOK_AGAIN_MS = 1000

/** So many messages wait at most for a service manager that is slow to take them. */
const MOST_WAITING = 10

/**
 * Without a service manager that asks for messages nothing is ever sent, and no timer runs. Takes what it was told out of `env`, so that no
 * program that is started later speaks in our name.
 */
export function createNotifier(options: NotifierOptions): ServiceManager {
  const { env, clock, log, open = openNotifySocket, pid = process.pid } = options
  const { monotonicUsec = () => process.hrtime.bigint() / 1000n } = options
  const socket = open(env)
  const watchdogEveryMs = watchdogMs(env, pid)
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name]
  let timer: Timer | undefined
  let again: Timer | undefined
  let isSilent = false
  let isLost = false
  let waiting = 0
  /** One after another: the helper's processes would overtake each other. */
  let turn: Promise<unknown> = Promise.resolve()

  const send = (...lines: string[]): Promise<void> => {
    if (socket === undefined || waiting >= MOST_WAITING) return Promise.resolve()
    waiting++
    const sent = turn.then(async () => {
      const wasLost = isLost
      isLost = !(await socket.send(lines.map(oneLine)))
      waiting--
      if (isLost && !wasLost) log.warn({ way: socket.way }, 'The service manager does not take our messages.')
    })
    turn = sent
    return sent
  }

  const feed = (health: Health): void => {
    const { ok, checks } = health.progress()
    if (ok) {
      if (isSilent) void send('STATUS=Running')
      isSilent = false
      health.watchdogNotifications++
      return void send('WATCHDOG=1')
    }
    again?.cancel()
    again = clock.after(LOOK_AGAIN_MS, () => feed(health))
    if (isSilent) return
    isSilent = true
    const why = checks.filter((check) => !check.ok).map(({ name, detail }) => `${name}: ${detail}`)
    log.error({}, `There is no progress, and the watchdog is not fed: ${why.join('; ')}.`)
    void send(`STATUS=No progress: ${why.join('; ')}`)
  }

  return {
    ready: (status) => void send('READY=1', `STATUS=${status}`),
    watch(health) {
      if (socket === undefined || watchdogEveryMs === undefined) return
      feed(health)
      timer = clock.every(watchdogEveryMs / FEEDS_AN_INTERVAL, () => feed(health))
    },
    reloading() {
      void send('RELOADING=1', `MONOTONIC_USEC=${monotonicUsec()}`, 'STATUS=Reading the configuration again')
      return { done: () => void send('READY=1', 'STATUS=Running') }
    },
    stopping() {
      timer?.cancel()
      again?.cancel()
      return send('STOPPING=1', 'STATUS=Stopping')
    },
    close() {
      timer?.cancel()
      again?.cancel()
      socket?.close()
    },
  }
}

/** The interval that the service manager asks this process for. */
export function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv, pid: number): number | undefined {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== `${pid}`) return undefined
  const ms = Number(WATCHDOG_USEC) / 1000
  return ms > 0 && Number.isFinite(ms) ? ms : undefined
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ')
