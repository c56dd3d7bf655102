/**
 * ThingsBoard IoT Gateway: modbus.json of the Modbus connector, as `master.slaves` (3.0 on) or as `server.devices` (before). The format is
 * documented with the connector. Registers are counted from 0; the decoder behind it orders words first, then bytes in each word.
 */
import type { DataType } from '../core/value.ts'
import { DeviceHarvest, Harvest } from './harvest.ts'
import type { Importer } from './importer.ts'
import { BAD_ADDRESS, canonical, HALF_REGISTER, linear, REGISTERS, type Area } from './modbus-words.ts'
import { beginningOf, get, isObject, jsonOf, listOf, numberAt, refuse, textAt, type Json } from './source-text.ts'

export const thingsboard: Importer = {
  name: 'thingsboard',
  summary: 'ThingsBoard IoT Gateway: modbus.json of the Modbus connector',
  looksLike: (file) => /"functionCode"/.test(beginningOf(file)) && /"(timeseries|attributes)"/.test(beginningOf(file)),
  read(file) {
    const document = jsonOf(file)
    const config = unwrapped(document)
    const harvest = new Harvest()
    const slaves = get(get(config, 'master'), 'slaves')
    const server = get(config, 'server')
    if (Array.isArray(slaves))
      for (const [at, slave] of slaves.entries()) readSlave(slave, slave, `master.slaves[${at}]`, harvest) // prettier-ignore
    else if (isObject(server))
      for (const [at, device] of listOf(get(server, 'devices')).entries())
        readSlave(device, server, `server.devices[${at}]`, harvest)
    else
      throw refuse(file, 'it has neither master.slaves nor server.devices, so that it is no modbus.json of ThingsBoard')
    if (isObject(get(config, 'slave')))
      harvest.leave('slave', 'the gateway as a Modbus server', 'it has no counterpart here', 'See `proxy` in docs/reference/drivers.md.') // prettier-ignore
    return harvest.done()
  },
}

/** Exports put the configuration into `configurationJson`, under the name of the connector. */
function unwrapped(document: unknown): unknown {
  const inner = get(document, 'configurationJson')
  if (inner !== undefined) return inner
  if (isObject(document) && !('master' in document) && !('server' in document))
    for (const value of Object.values(document)) if (get(value, 'configurationJson') !== undefined) return get(value, 'configurationJson') // prettier-ignore
  return document
}

const TRANSPORTS: Record<string, string> = { tcp: 'tcp', udp: 'udp', tls: 'tls' }

function readSlave(slave: unknown, line: unknown, place: string, harvest: Harvest): void {
  const name = textAt(slave, 'deviceName') ?? `${textAt(line, 'host') ?? 'serial'}-${textAt(slave, 'unitId') ?? 1}`
  const options = connection(slave, line)
  const everyMs = numberAt(slave, 'timeseriesPollPeriod') ?? numberAt(slave, 'pollPeriod') ?? 5000
  const device = harvest.device({ name, driver: 'modbus', options, everyMs, place })
  const writes = new Set<string>()
  for (const list of ['attributeUpdates', 'rpc'])
    for (const { item, where } of itemsOf(slave, list, place)) {
      const at = placeOf(item)
      if (at !== undefined) writes.add(at)
      else harvest.leave(where, `${list} "${textAt(item, 'tag') ?? ''}"`, 'it has no address', 'Write the tag by hand.')
    }
  const read = new Set<string>()
  for (const list of ['attributes', 'timeseries']) {
    const every = numberAt(slave, list === 'attributes' ? 'attributesPollPeriod' : 'timeseriesPollPeriod')
    for (const { item, where } of itemsOf(slave, list, place)) {
      const at = placeOf(item)
      if (at !== undefined) read.add(at)
      readItem(item, where, every === everyMs ? undefined : every, at !== undefined && writes.has(at), device, harvest)
    }
  }
  for (const list of ['attributeUpdates', 'rpc']) for (const { item, where } of itemsOf(slave, list, place))
    if (!read.has(placeOf(item) ?? ''))
      harvest.leave(where, `${list} "${device.name}/${textAt(item, 'tag') ?? ''}"`, 'it is only written, never read there', 'A write is read back here: write the tag by hand, with writable: true.') // prettier-ignore
}

function connection(slave: unknown, line: unknown): Record<string, unknown> {
  const of = (key: string) => get(slave, key) ?? get(line, key)
  const text = (key: string) => (of(key) === undefined ? undefined : String(of(key)))
  const type = (text('type') ?? 'tcp').toLowerCase()
  const isRtu = (text('method') ?? 'socket').toLowerCase() === 'rtu'
  const order = orderOf(text('byteOrder'), text('wordOrder'))
  const timeout = Number(of('timeout'))
  const common = {
    unit: Number(of('unitId') ?? 1),
    order,
    ...(timeout > 0 ? { timeout: `${Math.round(timeout * 1000)}ms` } : {}),
  }
  if (type === 'serial') {
    const parity = { n: 'none', e: 'even', o: 'odd' }[(text('parity') ?? 'N').toLowerCase()] ?? 'none'
    const serial = { path: text('port') ?? '', baud: Number(of('baudrate') ?? 19_200), parity, stopBits: Number(of('stopbits') ?? 1), dataBits: Number(of('bytesize') ?? 8) } // prettier-ignore
    return { transport: (text('method') ?? 'rtu').toLowerCase() === 'ascii' ? 'ascii' : 'rtu', serial, ...common }
  }
  const transport = isRtu ? 'rtu-over-tcp' : (TRANSPORTS[type] ?? 'tcp')
  return { transport, host: text('host') ?? '', port: Number(of('port') ?? 502), ...common }
}

/** Without a word both are LITTLE there. */
function orderOf(bytes = 'LITTLE', words = 'LITTLE'): string {
  const isBig = (text: string) => text.toUpperCase() === 'BIG'
  return isBig(bytes) ? (isBig(words) ? 'ABCD' : 'CDAB') : isBig(words) ? 'BADC' : 'DCBA'
}

const itemsOf = (slave: unknown, list: string, place: string): { item: Json; where: string }[] =>
  listOf(get(slave, list)).flatMap((item, at) => (isObject(item) ? [{ item, where: `${place}.${list}[${at}]` }] : []))

const AREAS: Record<number, Area> = { 1: 'co', 2: 'di', 3: 'hr', 4: 'ir', 5: 'co', 15: 'co', 6: 'hr', 16: 'hr' }

function placeOf(item: unknown): string | undefined {
  const area = AREAS[numberAt(item, 'functionCode') ?? 0]
  return area === undefined ? undefined : canonical({ area, offset: numberAt(item, 'address') ?? -1 })
}

function readItem(
  item: Json,
  place: string,
  everyMs: number | undefined,
  wasWritable: boolean,
  device: DeviceHarvest,
  harvest: Harvest,
): void {
  // prettier-ignore
  const name = textAt(item, 'tag') ?? ''
  const leave = ({ why, next }: { why: string; next: string }) =>
    harvest.leave(place, `"${device.name}/${name}"`, why, next)
  const address = placeOf(item)
  if (address === undefined) return leave(BAD_ADDRESS)
  const common = { name, everyMs, wasWritable, place }
  const type = (textAt(item, 'type') ?? '').toLowerCase()
  const count = numberAt(item, 'objectsCount') ?? 1
  if (/^(co|di)/.test(address)) return device.add({ ...common, address: count > 1 ? `${address}[${count}]` : address, type: 'bool' }) // prettier-ignore
  if (type === 'string') return device.add({ ...common, address, type, length: count * 2 })
  if (type === 'bytes') return device.add({ ...common, address, type, length: count * 2 })
  const bit = numberAt(item, 'bit')
  if (type === 'bits' || type === 'bit')
    return bit === undefined ? leave({ why: 'it is a list of bits', next: 'Read the register as uint16, or one tag a bit, such as hr:0.3.' }) : device.add({ ...common, address: `${address}.${bit}`, type: 'bool' }) // prettier-ignore
  if (/^8u?int$/.test(type)) return leave(HALF_REGISTER)
  const known = typeOf(type, count)
  if (known === undefined)
    return leave({ why: `type "${type}" has no counterpart`, next: 'Read the raw registers as uint16.' })
  const [multiplier, divider] = [numberAt(item, 'multiplier') ?? 1, numberAt(item, 'divider') ?? 1]
  const scale = linear(0, divider, 0, multiplier)?.scale ?? 1
  device.add({ ...common, address, type: known, scale: scale === 1 || scale === 0 ? undefined : scale })
}

/** `16int`, `32float`; the old `int`, `long`, `float`, `double` are as wide as their registers. */
function typeOf(type: string, registers: number): DataType | undefined {
  const [, bits, word] = /^(16|32|64)(u?int|float)$/.exec(type) ?? []
  const plain = { int: 'int', long: 'int', uint: 'uint', float: 'float', double: 'float' }[type]
  const name = word === undefined ? (plain === undefined ? '' : `${plain}${registers * 16}`) : `${word}${bits}`
  return name in REGISTERS ? (name as DataType) : undefined
}
