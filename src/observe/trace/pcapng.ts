/**
 * Traced exchanges as a capture file (pcapng, draft-ietf-opsawg-pcapng): one section, one interface an endpoint, one packet a
 * frame with its time in nanoseconds, its direction, and what went wrong as a comment. Frames are "upper PDUs" (link type 252): they
 * name the dissector that reads them, so that Wireshark understands them whatever port or serial line they came from.
 */
import { isIPv4, isIPv6 } from 'node:net'
import type { CapturedFrame, DriverType, TracedExchange } from '../../core/driver.ts'

const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE_DESCRIPTION = 1
const ENHANCED_PACKET = 6
const BYTE_ORDER_MAGIC = 0x1a2b3c4d
/** LINKTYPE_WIRESHARK_UPPER_PDU of the tcpdump group's list. */
const UPPER_PDU = 252

const OPTION = { end: 0, comment: 1, name: 2, application: 4, packetFlags: 2, resolution: 9 } as const
/** if_tsresol: 10^-9 s. */
const NANOSECONDS = Uint8Array.of(9)
const INBOUND = 1
const OUTBOUND = 2

/** Tags of an upper PDU, as Wireshark's exported_pdu.h numbers them. */
const TAG = { end: 0, dissector: 12, ipv4Source: 20, ipv4Target: 21, ipv6Source: 22, ipv6Target: 23, portType: 24, sourcePort: 25, targetPort: 26 } as const // prettier-ignore
const PORT_TYPE_TCP = 2
/** Our end: the trace does not know its address. */
const OWN_PORT = 49_152
const OWN_IPV4 = Uint8Array.of(127, 0, 0, 1)
const OWN_IPV6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
/** For a far side that has no address of four bytes: a serial port, a host name. Of TEST-NET-1 (RFC 5737). */
const NO_ADDRESS = Uint8Array.of(192, 0, 2, 1)

/** A capture file of these exchanges, oldest first. */
export function encodePcapng(
  exchanges: readonly TracedExchange[],
  device: string,
  capture: DriverType['captureFrame'],
  application: string,
): Buffer {
  const endpoints = [...new Set(exchanges.map(({ endpoint }) => endpoint))]
  const packets = exchanges
    .flatMap((exchange) => packetsOf(exchange, endpoints.indexOf(exchange.endpoint), capture))
    .sort((a, b) => a.time - b.time)
  return Buffer.concat([
    sectionHeader(application),
    ...endpoints.map((endpoint) => interfaceDescription(`${device} ${endpoint}`)),
    ...packets.map(enhancedPacket),
  ])
}

interface Packet {
  readonly endpoint: number
  /** ms since 1970, with fractions. */
  readonly time: number
  readonly outbound: boolean
  readonly data: Buffer
  readonly comments: readonly string[]
}

function packetsOf(exchange: TracedExchange, endpoint: number, capture: DriverType['captureFrame']): Packet[] {
  const { protocol, request, response, sentAt, receivedAt, error } = exchange
  const packets: Packet[] = []
  const add = (frame: Uint8Array, outbound: boolean, time: number, comment: string | undefined) => {
    const captured = capture?.(protocol, frame) ?? { dissector: 'data', port: 0, bytes: frame, note: undefined }
    packets.push({
      endpoint,
      time,
      outbound,
      data: upperPdu(captured, exchange.endpoint, outbound),
      comments: [comment, captured.note].filter((text) => text !== undefined),
    })
  }
  if (request !== undefined) add(request, true, sentAt, response === undefined ? error : undefined)
  if (response !== undefined) add(response, false, receivedAt ?? sentAt, error)
  return packets
}

/** Tags that say who reads the bytes and between whom they went, then the bytes. */
function upperPdu({ dissector, port, bytes }: CapturedFrame, endpoint: string, outbound: boolean): Buffer {
  const [own, far, isV6] = addressesOf(endpoint)
  const [source, target] = outbound ? [own, far] : [far, own]
  const [sourcePort, targetPort] = outbound ? [OWN_PORT, port] : [port, OWN_PORT]
  return Buffer.concat([
    tag(TAG.dissector, Buffer.from(dissector)),
    tag(isV6 ? TAG.ipv6Source : TAG.ipv4Source, source),
    tag(isV6 ? TAG.ipv6Target : TAG.ipv4Target, target),
    tag(TAG.portType, bigEndian32(PORT_TYPE_TCP)),
    tag(TAG.sourcePort, bigEndian32(sourcePort)),
    tag(TAG.targetPort, bigEndian32(targetPort)),
    tag(TAG.end, new Uint8Array(0)),
    bytes,
  ])
}

/** Our address and the far side's, of `10.0.0.5:502` or `[::1]:502`. */
function addressesOf(endpoint: string): readonly [own: Uint8Array, far: Uint8Array, isV6: boolean] {
  const host = endpoint.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  if (isIPv4(host)) return [OWN_IPV4, Uint8Array.from(host.split('.').map(Number)), false]
  if (isIPv6(host)) return [OWN_IPV6, ipv6Bytes(host), true]
  return [OWN_IPV4, NO_ADDRESS, false]
}

/** RFC 4291, 2.2: `::` stands for the zeros that are missing; the last four bytes may be written as IPv4. */
function ipv6Bytes(text: string): Uint8Array {
  const plain = text.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number) as [number, number, number, number]
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [head = '', tail] = plain.split('::')
  const words = (part: string) => (part === '' ? [] : part.split(':'))
  const before = words(head)
  const after = tail === undefined ? [] : words(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  const bytes = Buffer.alloc(16)
  for (const [at, word] of [...before, ...zeros, ...after].entries())
    bytes.writeUInt16BE(Number.parseInt(word, 16), at * 2)
  return bytes
}

/** `SHB = type · length · magic · version 1.0 · section length unknown (-1) · options · length` */
const sectionHeader = (application: string): Buffer => {
  const body = Buffer.alloc(16, 0xff)
  body.writeUInt32LE(BYTE_ORDER_MAGIC, 0)
  body.writeUInt16LE(1, 4)
  body.writeUInt16LE(0, 6)
  const hint = 'Modbus RTU: set the preference mbrtu.tcp.port to 502 to tell all requests from their answers.'
  return block(SECTION_HEADER, [body, option(OPTION.comment, hint), option(OPTION.application, application), END])
}

/** `IDB = type · length · link type · reserved · snap length 0 (none) · options · length` */
const interfaceDescription = (name: string): Buffer => {
  const body = Buffer.alloc(8)
  body.writeUInt16LE(UPPER_PDU, 0)
  return block(INTERFACE_DESCRIPTION, [body, option(OPTION.name, name), option(OPTION.resolution, NANOSECONDS), END])
}

/** `EPB = type · length · interface · time high · time low · captured · original length · data · options · length` */
function enhancedPacket({ endpoint, time, outbound, data, comments }: Packet): Buffer {
  const nanoseconds = BigInt(Math.round(time * 1000)) * 1000n
  const body = Buffer.alloc(20)
  body.writeUInt32LE(endpoint, 0)
  body.writeUInt32LE(Number(nanoseconds >> 32n), 4)
  body.writeUInt32LE(Number(nanoseconds & 0xffff_ffffn), 8)
  body.writeUInt32LE(data.length, 12)
  body.writeUInt32LE(data.length, 16)
  const flags = Buffer.alloc(4)
  flags.writeUInt32LE(outbound ? OUTBOUND : INBOUND)
  return block(ENHANCED_PACKET, [
    body,
    padded(data),
    ...comments.map((text) => option(OPTION.comment, text)),
    option(OPTION.packetFlags, flags),
    END,
  ])
}

const END = Buffer.alloc(4)

function block(type: number, parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const framed = Buffer.alloc(body.length + 12)
  framed.writeUInt32LE(type, 0)
  framed.writeUInt32LE(framed.length, 4)
  framed.set(body, 8)
  framed.writeUInt32LE(framed.length, framed.length - 4)
  return framed
}

function option(code: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const head = Buffer.alloc(4)
  head.writeUInt16LE(code, 0)
  head.writeUInt16LE(bytes.length, 2)
  return Buffer.concat([head, padded(bytes)])
}

/** `tag = number:uint16 · length:uint16 · value`, big-endian; the length counts the padding in. */
function tag(number: number, value: Uint8Array): Buffer {
  const bytes = padded(value)
  const head = Buffer.alloc(4)
  head.writeUInt16BE(number, 0)
  head.writeUInt16BE(bytes.length, 2)
  return Buffer.concat([head, bytes])
}

/** To whole words of four bytes. */
const padded = (bytes: Uint8Array): Uint8Array =>
  bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, new Uint8Array(4 - (bytes.length % 4))])

function bigEndian32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
