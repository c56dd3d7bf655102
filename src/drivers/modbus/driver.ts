/**
 * The Modbus TCP driver: how a device is configured, addressed and opened. One request of the poll is one block of `plan.ts`.
 * Source: Modbus Application Protocol V1.1b3; Modbus Messaging on TCP/IP V1.0b.
 */
import { defineDriver } from '../../core/driver.ts'
import { ADDRESS_EXAMPLES, describeAddress } from './address.ts'
import { ModbusDevice } from './device.ts'
import { parseAddress } from './notations.ts'
import { options } from './options.ts'
import { checkTag, expandArray } from './types.ts'

export const modbus = defineDriver({
  name: 'modbus',
  summary: 'Modbus TCP: PLCs, meters, drives and gateways.',
  options,
  addressExamples: ADDRESS_EXAMPLES,
  parseAddress,
  describeAddress,
  expand: (tag) => expandArray(parseAddress(tag.address), tag),
  check: checkTag,
  line: ({ host, port }) => `tcp://${authority(host.toLowerCase(), port)}`,
  endpoint: ({ host, port, unit }) => `${authority(host, port)} unit ${unit}`,
  inFlight: ({ maxInFlight }) => maxInFlight,
  create: (settings, context) => new ModbusDevice(settings, context),
})

/** Host and port as in an address (RFC 3986, 3.2): IPv6 in brackets. */
const authority = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
