/**
 * Recorded traffic for tests: classic pcap files of Ethernet, IPv4 and TCP, read with the byte streams inside them, and made.
 * Packets that are something else, or whose headers are damaged, are left out. RFC 791 (IPv4), RFC 9293 (TCP).
 */
import { readFileSync } from 'node:fs'

/** One TCP segment as captured. */
export interface TcpPacket {
  /** Position in the file, from 1: what Wireshark calls the frame number. */
  readonly number: number
  readonly timeMs: number
  readonly source: string
  readonly sourcePort: number
  readonly destination: string
  readonly destinationPort: number
  readonly sequence: number
  readonly payload: Uint8Array
}

/** Bytes that a packet adds to its direction of a connection. */
export interface StreamChunk {
  readonly packet: TcpPacket
  /** Without what earlier packets brought already. */
  readonly bytes: Uint8Array
  /** True when bytes before it are missing from the recording: what was unfinished stays so. */
  readonly afterGap: boolean
}

const MAGIC_MICROSECONDS = 0xa1b2c3d4
const ETHERNET = 1

/** All TCP packets of a file, in its order. */
export function readPcap(path: string): TcpPacket[] {
  const file = readFileSync(path)
  const little = file.readUInt32LE(0) === MAGIC_MICROSECONDS
  const uint32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at))
  if (uint32(0) !== MAGIC_MICROSECONDS || uint32(20) !== ETHERNET)
    throw new Error(`${path}: not a classic pcap file of Ethernet`)
  const packets: TcpPacket[] = []
  let number = 0
  for (let at = 24; at + 16 <= file.length; at += 16 + uint32(at + 8)) {
    const timeMs = uint32(at) * 1000 + uint32(at + 4) / 1000
    const packet = tcpPacket(file.subarray(at + 16, at + 16 + uint32(at + 8)), ++number, timeMs)
    if (packet !== undefined) packets.push(packet)
  }
  return packets
}

function tcpPacket(frame: Buffer, number: number, timeMs: number): TcpPacket | undefined {
  if (frame.length < 34 || frame.readUInt16BE(12) !== 0x0800 || frame[14]! >> 4 !== 4 || frame[23] !== 6)
    return undefined
  const ip = frame.subarray(14)
  const ipHeader = (ip[0]! & 15) * 4
  // Ethernet pads short frames: the IP length says where the payload ends.
  const segment = ip.subarray(ipHeader, ip.readUInt16BE(2))
  if (segment.length < 20) return undefined
  return {
    number,
    timeMs,
    source: [...ip.subarray(12, 16)].join('.'),
    sourcePort: segment.readUInt16BE(0),
    destination: [...ip.subarray(16, 20)].join('.'),
    destinationPort: segment.readUInt16BE(2),
    sequence: segment.readUInt32BE(4),
    payload: segment.subarray((segment[12]! >> 4) * 4),
  }
}

/** Both directions of every connection, each as the chunks that make up its stream; retransmissions are left out. */
export function tcpStreams(packets: readonly TcpPacket[]): StreamChunk[][] {
  const streams = new Map<string, { next: number; chunks: StreamChunk[] }>()
  for (const packet of packets) {
    if (packet.payload.length === 0) continue
    const key = `${packet.source}:${packet.sourcePort}>${packet.destination}:${packet.destinationPort}`
    let stream = streams.get(key)
    if (stream === undefined) streams.set(key, (stream = { next: packet.sequence, chunks: [] }))
    // Sequence numbers wrap at 32 bits: the distance is what counts.
    const ahead = (packet.sequence - stream.next) | 0
    const bytes = ahead < 0 ? packet.payload.subarray(-ahead) : packet.payload
    if (bytes.length === 0) continue
    stream.chunks.push({ packet, bytes, afterGap: ahead > 0 })
    stream.next = (packet.sequence + packet.payload.length) >>> 0
  }
  return [...streams.values()].map(({ chunks }) => chunks)
}

/** The bytes of a classic pcap file: one connection to this port, each of these payloads a packet (Ethernet, IPv4, TCP). */
export function toPcap(
  frames: readonly { readonly toServer: boolean; readonly bytes: Uint8Array }[],
  port: number,
): Buffer {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.set([2, 0, 4, 0], 4)
  head.set([0xff, 0xff, 0, 0, 1], 16)
  const sequences = [1, 1]
  const packets = frames.map(({ toServer, bytes: payload }, i) => {
    const packet = Buffer.alloc(16 + 14 + 20 + 20 + payload.length)
    packet.writeUInt32LE(i, 0)
    packet.writeUInt32LE(packet.length - 16, 8)
    packet.writeUInt32LE(packet.length - 16, 12)
    packet.writeUInt16BE(0x0800, 28)
    const ip = packet.subarray(30)
    ip.set([0x45, 0, 0, 0, 0, i, 0, 0, 64, 6, 0, 0, 10, 0, 0, toServer ? 1 : 2, 10, 0, 0, toServer ? 2 : 1])
    ip.writeUInt16BE(ip.length, 2)
    const tcp = ip.subarray(20)
    const own = toServer ? 0 : 1
    tcp.writeUInt16BE(toServer ? 40_000 : port, 0)
    tcp.writeUInt16BE(toServer ? port : 40_000, 2)
    tcp.writeUInt32BE(sequences[own]!, 4)
    tcp.writeUInt32BE(sequences[1 - own]!, 8)
    tcp.set([0x50, 0x18, 0xff, 0xff], 12)
    tcp.set(payload, 20)
    sequences[own]! += payload.length
    return packet
  })
  return Buffer.concat([head, ...packets])
}
