/**
 * The traces of all devices: who may be traced at once is bounded, so that ten thousand rings cannot fill the memory. While no
 * trace is on, a device costs one small object and nothing an exchange.
 */
import type { Clock } from '../../core/clock.ts'
import { BusyError } from '../../core/errors.ts'
import { DeviceTrace, type TraceBounds, type TraceEnd } from './device-trace.ts'

/** What a trace holds where nothing else is said: some minutes of an ordinary device. */
const TRACE_BOUNDS: TraceBounds = { exchanges: 1000, bytes: 1024 * 1024 }
/** When a trace stops where nothing else is said. */
export const TRACE_END: TraceEnd = { durationMs: 10 * 60_000, count: 100_000 }
/** Devices whose exchanges are held at once: with full rings this is 64 MiB. */
const MAX_HELD = 64
/** How long to wait before another device may be tried. */
const RETRY_MS = 10_000

export interface TracesOptions {
  readonly clock: Clock
  readonly bounds?: TraceBounds | undefined
  /** Traces that may hold something at once. */
  readonly maxHeld?: number | undefined
}

export interface Traces {
  /** The trace of a device, off until it is started. */
  device(name: string): DeviceTrace
  /** Starts it anew. BUSY when too many devices are traced already; the trace that ended first is forgotten for it. */
  start(name: string, end?: Partial<TraceEnd>): DeviceTrace
  /** The device is no longer there. */
  forget(name: string): void
  /** Stops and forgets all. */
  close(): void
}

/** Traces for the devices of one gateway. */
export function createTraces({ clock, bounds = TRACE_BOUNDS, maxHeld = MAX_HELD }: TracesOptions): Traces {
  const traces = new Map<string, DeviceTrace>()
  /** In the order of their starts. */
  const held = new Set<DeviceTrace>()
  const device = (name: string): DeviceTrace => {
    let trace = traces.get(name)
    if (trace === undefined) traces.set(name, (trace = new DeviceTrace(clock, bounds)))
    return trace
  }
  const makeRoom = (): void => {
    if (held.size < maxHeld) return
    const ended = [...held].find((trace) => !trace.status().active)
    if (ended === undefined)
      throw new BusyError(`${held.size} devices are traced already: stop one of them first`, RETRY_MS)
    ended.clear()
    held.delete(ended)
  }
  return {
    device,
    start(name, end = {}) {
      const trace = device(name)
      held.delete(trace)
      makeRoom()
      held.add(trace)
      trace.start({ ...TRACE_END, ...end })
      return trace
    },
    forget(name) {
      const trace = traces.get(name)
      if (trace === undefined) return
      trace.clear()
      held.delete(trace)
      traces.delete(name)
    },
    close() {
      for (const trace of held) trace.clear()
      held.clear()
    },
  }
}
