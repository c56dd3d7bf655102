/** `/api/v1/system`: the gateway as a program: what it takes of the machine, and what goes through it. */
import type { System } from '../../observe/system/system.ts'
import type { Gateway } from '../../gateway.ts'
import type { App, RouteContext } from '../app.ts'
import { sightOf, type Sight } from '../auth/sight.ts'
import { answers } from '../schemas.ts'
import { systemSchema } from '../system-schemas.ts'
import { isoOf } from '../views.ts'

const MOST_DEVICES = 100

export function systemRoutes(app: App, { gateway, system }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/system',
    config: { permission: 'view' },
    schema: {
      tags: ['diagnostics'],
      summary: 'How the gateway itself does',
      description:
        'Rates are over the last ten seconds and null in the first ones; sums are of the whole gateway, whatever of it may be seen.',
      response: answers(systemSchema),
    },
    handler: ({ principal }) => systemView(gateway, system, sightOf(principal)),
  })
}

/** Also what a support bundle holds. */
export async function systemView(gateway: Gateway, system: System, sight: Sight) {
  const now = await system.now()
  const { memory, clock } = now
  return {
    version: gateway.version,
    nodeVersion: process.version,
    startedAt: isoOf(gateway.startedAt)!,
    uptimeMs: now.uptimeMs,
    hostName: now.hostName,
    process: {
      cpuShare: now.cpuShare,
      rssBytes: memory.rssBytes,
      heapUsedBytes: memory.heapUsedBytes,
      heapLimitBytes: memory.heapLimitBytes,
    },
    machine: {
      cores: now.cores,
      loadAverage: now.loadAverage,
      memoryBytes: memory.machineBytes,
      memoryLimitBytes: memory.cgroupLimitBytes,
    },
    disk: now.disk,
    eventLoop: { delayMs: now.loopDelayMs, gcShare: now.gcShare },
    clock: {
      now: isoOf(clock.now)!,
      driftMs: clock.driftMs,
      steps: clock.steps.map(({ at, byMs }) => ({ at: isoOf(at)!, byMs })),
      synchronised: clock.synchronised,
    },
    samples: {
      inPerSecond: now.inPerSecond,
      outPerSecond: now.outPerSecond,
      sinks: gateway.runners.map(({ name }) => ({ name, ...system.sinkRates(name) })),
      devices: busiest(gateway, system, sight),
    },
    history: system.points.map(({ at, ...point }) => ({ at: isoOf(at)!, ...point })),
  }
}

function busiest({ polling }: Gateway, system: System, sight: Sight) {
  return polling.devices
    .filter(({ name }) => sight?.(name) !== false)
    .map((device) => ({ name: device.name, samplesPerSecond: system.samplesPerSecond(device) ?? 0 }))
    .filter(({ samplesPerSecond }) => samplesPerSecond > 0)
    .sort((a, b) => b.samplesPerSecond - a.samplesPerSecond)
    .slice(0, MOST_DEVICES)
}
