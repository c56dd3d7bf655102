/** A real gateway for tests: the whole flow over a temporary data folder, with devices that the test describes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Config, DeviceConfig, HttpConfig, SinkConfig } from '../config/config.ts'
import type { DriverType } from '../core/driver.ts'
import type { Log } from '../core/log.ts'
import { ACCESS_DEFAULTS, type AccessConfig } from '../core/access.ts'
import { silentLog } from '../core/log.ts'
import type { DeviceParameters } from '../core/parameters.ts'
import type { ReceiveConfig } from '../core/receive.ts'
import type { TagSettings } from '../core/tags.ts'
import { startGateway, type Gateway } from '../gateway.ts'

/** A tag with only what matters to the test. */
export type TagSketch = Partial<TagSettings> & { readonly name: string }

export interface DeviceSketch {
  readonly name: string
  readonly type: DriverType
  readonly options?: Record<string, unknown>
  readonly tags: readonly TagSketch[]
  readonly everyMs?: number
  readonly enabled?: boolean
  readonly area?: string
  readonly parameters?: DeviceParameters
}

export interface GatewaySketch {
  readonly devices: readonly DeviceSketch[]
  readonly sinks?: readonly SinkConfig[]
  readonly assets?: Config['assets']
  readonly log?: Log
  readonly network?: Config['network']
  readonly discovery?: Config['discovery']
  /** Where spans go; nothing is traced where absent. */
  readonly tracing?: Config['tracing']
  /** Other gateways that may hand on their logs, on a free port of the loopback. */
  readonly receive?: Partial<ReceiveConfig>
  /** Where its data folder lies, for a gateway that is started again; a folder of its own where absent. */
  readonly folder?: string
  /** With accounts, as `http.access: accounts` opens them. */
  readonly access?: Partial<AccessConfig>
}

const HTTP: HttpConfig = { listen: { host: '127.0.0.1', port: 0 }, hosts: [], access: 'accounts', plain: false }

const RECEIVE: ReceiveConfig = {
  listen: { host: '127.0.0.1', port: 0 },
  tls: undefined,
  clients: [{ name: 'edge-1', token: undefined }],
  devices: '{gateway}.{device}',
  maxTags: 1000,
}

/** Starts a gateway and stops it when the test ends. */
export async function startTestGateway(t: TestContext, sketch: GatewaySketch): Promise<Gateway> {
  const folder = sketch.folder ?? mkdtempSync(join(tmpdir(), 'bifrost-test-'))
  const config: Config = {
    version: 1,
    file: `${folder}/bifrost.yaml`,
    data: `${folder}/data`,
    log: { level: 'info', format: 'json' },
    http: sketch.access && HTTP,
    access: { ...ACCESS_DEFAULTS, ...sketch.access },
    network: sketch.network,
    tracing: sketch.tracing,
    discovery: sketch.discovery ?? { networks: [], multicast: false },
    store: {
      syncEveryMs: 20,
      maxBytes: 64 * 2 ** 20,
      policy: 'drop-oldest',
      preallocateBytes: 0,
      thinOneIn: 10,
      maxAgeMs: 86_400_000,
      trends: { maxBytes: 64 * 2 ** 20, maxAgeMs: 86_400_000 },
    },
    files: [],
    templates: [],
    roles: [],
    devices: sketch.devices.map(deviceConfig),
    sinks: sketch.sinks ?? [],
    assets: sketch.assets,
    receive: sketch.receive && { ...RECEIVE, ...sketch.receive },
    warnings: [],
  }
  const gateway = await startGateway(config, { log: sketch.log ?? silentLog, version: '0.0.0-test' })
  // One hook for both, because hooks run in the order in which they were set.
  t.after(async () => {
    await gateway.stop()
    if (sketch.folder === undefined) rmSync(folder, { recursive: true, force: true })
  })
  return gateway
}

/** A device as the loader would give it. */
export function deviceConfig({
  name,
  type,
  options = {},
  tags,
  everyMs = 50,
  enabled = true,
  area,
  parameters,
}: DeviceSketch): DeviceConfig {
  return {
    name,
    type,
    options: type.options.parse(options),
    enabled,
    everyMs,
    area,
    parameters,
    tags: tags.map((tag) => {
      const settings: TagSettings = {
        address: tag.name,
        type: 'float64',
        everyMs,
        clamp: false,
        writable: false,
        ...tag,
      }
      return { settings, address: type.parseAddress(settings.address) }
    }),
  }
}
