/** A gateway over a Modbus device of ours with one parameter set, for tests of what becomes of parameters. */
import type { TestContext } from 'node:test'
import type { AuditLine } from '../audit/line.ts'
import type { DriverType } from '../core/driver.ts'
import type { Log } from '../core/log.ts'
import type { DeviceParameters, ParameterSet, ParameterSettings } from '../core/parameters.ts'
import { modbus } from '../drivers/modbus/driver.ts'
import type { Gateway } from '../gateway.ts'
import { auditEvents } from './audit-lines.ts'
import { startTestGateway } from './gateway-fixture.ts'
import { startDevice, type Device } from './modbus-device.ts'
import { eventually } from './peers.ts'
import { tagSettings } from './tags.ts'

/** A set of these parameters, which may be restored. */
export function parameterSet(
  type: DriverType,
  parameters: readonly (Partial<ParameterSettings> & { name: string; address: string })[],
  more: Partial<ParameterSet> = {},
): ParameterSet {
  return {
    name: 'motor',
    restore: true,
    onFailure: 'stop',
    parameters: parameters.map((given) => {
      const settings = { ...tagSettings({ type: 'uint16' }), ...given }
      return { settings, address: type.parseAddress(settings.address) }
    }),
    ...more,
  }
}

/** Registers 10 to 13: scaled, whole, and a float32. */
export const MOTOR = [
  { name: 'max-speed', address: 'hr:10', scale: 0.1, unit: 'Hz' },
  { name: 'ramp', address: 'hr:11', unit: 's' },
  { name: 'gain', address: 'hr:12', type: 'float32' },
] as const satisfies readonly (Partial<ParameterSettings> & { name: string; address: string })[]

export interface ParameterRig {
  readonly device: Device
  readonly gateway: Gateway
  /** Where the gateway keeps what it keeps. */
  readonly data: string
  /** Requests that could have changed the device: function codes 05, 06, 0F, 10, 16, 17. */
  writes(): string[]
  /** What was put on record, oldest first. */
  audit(): AuditLine[]
}

export interface RigOptions {
  readonly set?: Partial<ParameterSet>
  readonly writes?: boolean
  readonly parameters?: Parameters<typeof parameterSet>[1]
  /** That of an earlier gateway, which has stopped; stop this one before the test ends. */
  readonly folder?: string
  readonly device?: Device
  readonly log?: Log
}

/** Starts it and waits until the device runs. */
export async function startParameterRig(t: TestContext, options: RigOptions = {}): Promise<ParameterRig> {
  const { set = {}, writes = true, parameters = MOTOR, folder, log } = options
  const device = options.device ?? (await startDevice(t))
  const own: DeviceParameters = { writes, sets: [parameterSet(modbus, parameters, set)] }
  const gateway = await startTestGateway(t, {
    ...(folder === undefined ? {} : { folder }),
    ...(log === undefined ? {} : { log }),
    devices: [
      {
        name: 'drive',
        type: modbus,
        options: device.options,
        everyMs: 60_000,
        tags: [{ name: 'hr:0', type: 'uint16' }],
        parameters: own,
      },
    ],
  })
  await eventually('the device runs', () => gateway.polling.device('drive')!.state === 'Running')
  const { data } = gateway.config
  return {
    device,
    gateway,
    data,
    writes: () => device.requests.filter((request) => /: (05|06|0f|10|16|17)/.test(request)),
    audit: () => auditEvents(data),
  }
}

/** For calls that are not given up. */
export const NEVER = new AbortController().signal
export const ANNA = { user: 'anna', from: 'cli' } as const
