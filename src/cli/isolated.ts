/**
 * A configuration that reaches nobody: no device is polled, nothing is delivered, nobody is told, nothing comes in. For a restored folder that
 * somebody wants to look into, and for drills: the gateway it was copied from may be running.
 */
import { parseAddressRange, type AddressRange } from '../core/address-range.ts'
import type { Config } from '../config/config.ts'

const EVERYTHING = ['0.0.0.0/0', '::/0'].map((range) => parseAddressRange(range) as AddressRange)

export const isolated = (config: Config): Config => ({
  ...config,
  devices: config.devices.map((device) => ({ ...device, enabled: false })),
  sinks: [],
  receive: undefined,
  alerts: undefined,
  tracing: undefined,
  reports: undefined,
  discovery: { networks: [], multicast: false },
  log: { level: config.log.level, format: config.log.format },
  // Whatever is forgotten above finds no way out.
  network: { allow: [], deny: EVERYTHING },
  // Without a sink nothing would wait, and retention would take what the sinks of the true gateway still need.
  store: { ...config.store, maxBytes: Infinity, maxAgeMs: Infinity },
})
