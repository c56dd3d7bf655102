/**
 * The Modbus driver: how a device is configured, addressed and opened. One request of the poll is one block of `plan.ts`.
 * Source: Modbus Application Protocol V1.1b3; Modbus Messaging on TCP/IP V1.0b; Modbus over Serial Line V1.02.
 */
import { defineDriver } from '../../core/driver.ts'
import { ADDRESS_EXAMPLES, describeAddress } from './address.ts'
import { estimatePoll } from './estimate.ts'
import { ModbusDevice } from './device.ts'
import { describeFrame } from './frame-words.ts'
import { captureFrame, inspectFrame } from './frames.ts'
import { parseAddress } from './notations.ts'
import { options, type ModbusOptions } from './options.ts'
import { parseListenAddress } from './proxy/listen-address.ts'
import { rawOf } from './raw-points.ts'
import { scanModbus } from './scan/scan.ts'
import { tagDefaults } from './sunspec/tag-defaults.ts'
import { tools } from './tools/list.ts'
import { farSide } from './transport.ts'
import { checkAccess, checkTag, expandArray } from './types.ts'

export const modbus = defineDriver({
  name: 'modbus',
  summary: 'Modbus TCP, TLS, UDP, RTU and ASCII: PLCs, meters, drives and gateways.',
  options,
  addressExamples: ADDRESS_EXAMPLES,
  parseAddress,
  describeAddress,
  tagDefaults: ({ sunspec }) => (sunspec === undefined ? undefined : tagDefaults(sunspec)),
  expand: (tag) => expandArray(parseAddress(tag.address), tag),
  check: (address, tag) => checkTag(address, tag) ?? checkAccess(address, tag),
  line: (settings) => `${SCHEMES[settings.transport]}://${farSide(settings)}`,
  endpoint: (settings) => `${farSide(settings)} unit ${settings.unit}`,
  ports: ({ proxy }) => (proxy === undefined ? [] : [parseListenAddress(proxy.listen)?.port ?? 0]),
  inFlight: ({ maxInFlight }) => maxInFlight,
  estimate: estimatePoll,
  create: (settings, context) => new ModbusDevice(settings, context),
  tools,
  scan: scanModbus,
  scanPorts: [502],
  rawOf,
  describeFrame,
  inspectFrame,
  captureFrame,
})

/** Different frames on one port are different lines: they cannot work beside each other, and the status will say so. */
const SCHEMES: Record<ModbusOptions['transport'], string> = {
  tcp: 'tcp', tls: 'tls', udp: 'udp', rtu: 'rtu', ascii: 'ascii', 'rtu-over-tcp': 'rtu+tcp', 'ascii-over-tcp': 'ascii+tcp',
} // prettier-ignore
