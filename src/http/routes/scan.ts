/**
 * `/api/v1/scan`: looks for devices in networks that the configuration allows, none by default. Read-only probes, at most so many a second,
 * hosts of configured devices left alone, one scan at a time; who scanned what, and what came of it, is on record. It ends with the request.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { plainEntry, proposedDevice } from '../../core/device-entry.ts'
import type { DriverType, FoundDevice } from '../../core/driver.ts'
import { duration } from '../../core/duration.ts'
import { BusyError, GatewayError, isAbort, messageOf } from '../../core/errors.ts'
import { sizeOf } from '../../core/network.ts'
import { allowedNetworks, MOST_ADDRESSES } from '../../discovery/allowed.ts'
import { usedHosts } from '../../discovery/used.ts'
import type { Gateway } from '../../gateway.ts'
import type { App, RouteContext } from '../app.ts'
import { askerOf } from '../auth/asker.ts'
import { answers } from '../schemas.ts'
import { invalidField } from '../trial-device.ts'
import { isoOf } from '../views.ts'
import { whenGone } from '../when-gone.ts'
import { NDJSON, sendLines } from '../ndjson.ts'

const URL = '/api/v1/scan'
const PROGRESS_MS = 500
const RETRY_MS = 5000
const MOST = { addresses: MOST_ADDRESSES, ports: 16, rate: 1000, concurrency: 64, minutes: 60 } as const
/** Hosts that are left alone are told one by one, and beyond this counted only. */
const MOST_SKIPPED = 100

const bodySchema = z.strictObject({
  driver: z.string().max(100).describe('One that can scan'),
  networks: z.array(z.string().max(300)).min(1).max(64).describe('10.0.1.0/24, an address, a host name'),
  ports: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .max(MOST.ports)
    .optional()
    .describe('Those of the protocol where absent'),
  units: z
    .array(z.int().min(0).max(255))
    .min(1)
    .max(256)
    .default(Array.from({ length: 16 }, (_, at) => at + 1))
    .describe('Unit ids, where the protocol has them'),
  timeout: duration({ minMs: 10, maxMs: 60_000 }).default(1000).describe('For a connection and for each answer: `1s`'),
  rate: z.int().min(1).max(MOST.rate).default(20).describe('New connections a second, at most'),
  concurrency: z.int().min(1).max(MOST.concurrency).default(16).describe('Hosts under way at once, at most'),
  multicast: z.boolean().default(false).describe('Ask the network who announces itself (mDNS), where that is allowed'),
  atMost: duration({ minMs: 1000, maxMs: MOST.minutes * 60_000 })
    .default(15 * 60_000)
    .describe('It ends after this time: `15m`'),
})

const scanSchema = z.object({
  allowed: z.array(z.string()).describe('Networks that may be scanned: `discovery.networks` of the configuration'),
  multicast: z.boolean().describe('`discovery.multicast`'),
  help: z.string().nullable().describe('What to write into the configuration, where nothing may be scanned'),
  drivers: z.array(z.object({ name: z.string(), summary: z.string(), ports: z.array(z.int()) })),
  most: z.object({ addresses: z.int(), ports: z.int(), rate: z.int(), concurrency: z.int(), minutes: z.int() }),
  running: z
    .object({ by: z.string(), since: z.string(), what: z.string() })
    .nullable()
    .describe('The scan that goes on; another one has to wait'),
})

interface Running {
  readonly by: string
  readonly since: number
  readonly what: string
}

export function scanRoutes(app: App, { gateway }: RouteContext): void {
  let running: Running | undefined

  app.route({
    method: 'GET',
    url: URL,
    config: { permission: 'scan' },
    schema: { tags: ['devices'], summary: 'What may be scanned, and how', response: answers(scanSchema) },
    handler: async () => {
      const { discovery, file } = gateway.config
      const drivers = (await scanners()).map(({ name, summary, scanPorts }) => ({ name, summary, ports: scanPorts ?? [] })) // prettier-ignore
      const allowed = discovery.networks.map(({ text }) => text)
      return {
        allowed,
        multicast: discovery.multicast,
        help:
          allowed.length > 0
            ? null
            : `Nothing may be scanned yet. Where a network is yours to scan, write into ${file}: discovery: { networks: [10.0.1.0/24] }`,
        drivers,
        most: MOST,
        running: running === undefined ? null : { ...running, since: isoOf(running.since)! },
      }
    },
  })

  app.route({
    method: 'POST',
    url: URL,
    config: { permission: 'scan', idempotent: false, problems: ['SCAN_FORBIDDEN'] },
    schema: {
      tags: ['devices'],
      summary: 'Look for devices',
      description: `Lines of JSON as it goes: \`event\` is \`begun\`, \`progress\`, \`skipped\`, \`found\` (with \`device\`, as \`POST /api/v1/config/devices\` takes it) and at last \`end\`. Ends with the request. Only networks that the configuration allows, by probes that read only.`,
      body: bodySchema,
      response: {
        ...answers(z.unknown()),
        200: {
          description: 'What happens, a line each',
          content: { [NDJSON]: { schema: z.string().describe('An event a line') } },
        },
      },
    },
    handler: async (request, reply) => {
      // From here on: names are looked up, which takes a while, and nobody may be left to scan for.
      const gone = new AbortController()
      whenGone(reply, () => gone.abort())
      const setup = await setupOf(gateway, request.body)
      if (running !== undefined)
        throw new BusyError(`${running.by} is scanning already (${running.what}): one scan at a time`, RETRY_MS)
      const { user, from, trace } = askerOf(request)
      running = { by: user, since: gateway.clock.now(), what: setup.what }
      let lines: ReturnType<typeof sendLines> | undefined
      try {
        const event = {
          id: randomUUID(),
          action: 'scan',
          user,
          from,
          trace,
          object: 'network',
          details: { what: setup.what },
        }
        await gateway.audit.record({ ...event, outcome: 'requested' })
        lines = sendLines(reply)
        const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(request.body.atMost)])
        const outcome = await scanAloud(gateway, setup, lines.line, signal)
        // Nobody is left to be told that it is not on record.
        await gateway.audit.record({ ...event, outcome }).catch((error: unknown) => {
          gateway.log.error({ error: messageOf(error) }, 'What came of a scan is not on record.')
        })
        return reply
      } finally {
        lines?.end()
        running = undefined
      }
    },
  })
}

async function scanners(): Promise<DriverType[]> {
  const { drivers } = await import('../../drivers/index.ts')
  return drivers.filter(({ scan }) => scan !== undefined)
}

type Setup = Omit<Parameters<Gateway['scan']>[0], 'onConnect' | 'onSkip'> & { readonly what: string }

/** Throws INVALID_REQUEST with a pointer, SCAN_FORBIDDEN for what is not allowed. */
async function setupOf({ config }: Gateway, body: z.output<typeof bodySchema>): Promise<Setup> {
  const able = await scanners()
  const type = able.find(({ name }) => name === body.driver)
  if (type === undefined)
    throw invalidField('/driver', `${body.driver} cannot scan; these can: ${able.map(({ name }) => name).join(', ')}`)
  const networks = named(() => allowedNetworks(body.networks, config.discovery.networks, config.file))
  const ports = [...new Set(body.ports ?? type.scanPorts ?? [])]
  if (ports.length === 0) throw invalidField('/ports', 'which port?')
  if (body.multicast && !config.discovery.multicast)
    throw new GatewayError('SCAN_FORBIDDEN', `asking the whole network by multicast is not allowed. Where it is yours to ask, write into ${config.file}: discovery: { multicast: true }`) // prettier-ignore
  return {
    type,
    networks,
    ports,
    units: [...new Set(body.units)],
    timeoutMs: body.timeout,
    concurrency: body.concurrency,
    ratePerSecond: body.rate,
    multicast: body.multicast,
    used: await usedHosts(config.devices.map(({ type: one, options }) => one.line(options as never))),
    what: `${type.name} ${networks.map(({ text }) => text).join(' ')}, port ${ports.join(', ')}, at most ${body.rate} new connections a second`,
  }
}

function named<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'USAGE') throw error
    throw invalidField('/networks', error.message)
  }
}

/** Resolves with the outcome for the record. */
async function scanAloud(gateway: Gateway, setup: Setup, tell: (line: object) => void, signal: AbortSignal) {
  const { clock, config } = gateway
  const startedAt = clock.monotonic()
  const counts = { asked: 0, found: 0, skipped: 0 }
  let at: string | null = null
  const elapsedMs = (): number => Math.round(clock.monotonic() - startedAt)
  const onConnect = (endpoint: string): void => {
    counts.asked++
    at = endpoint
  }
  const onSkip = (endpoint: string): void => {
    counts.skipped++
    if (counts.skipped <= MOST_SKIPPED)
      tell({ event: 'skipped', endpoint, reason: 'a device of the configuration is there: it is left alone' })
  }
  const addresses = setup.networks.reduce((sum, network) => sum + sizeOf(network), 0)
  tell({ event: 'begun', what: setup.what, addresses, ports: setup.ports, startedAt: isoOf(clock.now()) })
  const teller = clock.every(PROGRESS_MS, () => tell({ event: 'progress', ...counts, at, elapsedMs: elapsedMs() }))
  const names = new Set(config.devices.map(({ name }) => name))
  try {
    for await (const device of gateway.scan({ ...setup, onConnect, onSkip }, signal)) {
      counts.found++
      tell({ event: 'found', ...foundView(device, setup.type.name, names) })
    }
    tell({ event: 'end', result: 'done', ...counts, elapsedMs: elapsedMs(), reason: null })
    return `${counts.found} found`
  } catch (error) {
    const isOver = signal.aborted || isAbort(error)
    const reason = isOver ? 'it ended before all addresses were asked' : messageOf(error)
    tell({ event: 'end', result: isOver ? 'interrupted' : 'failed', ...counts, elapsedMs: elapsedMs(), reason })
    return `${counts.found} found, ${isOver ? 'interrupted' : 'failed'}`
  } finally {
    teller.cancel()
  }
}

function foundView(device: FoundDevice, driver: string, names: Set<string>) {
  const { endpoint, identity, notes } = device
  const entry = plainEntry(proposedDevice(device, driver))
  let { name } = entry
  for (let number = 2; names.has(name); number++) name = `${entry.name}-${number}`
  names.add(name)
  return { endpoint, identity, notes, device: { ...entry, name } }
}
