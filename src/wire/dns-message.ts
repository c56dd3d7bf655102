/**
 * Messages of DNS as far as service discovery needs them (RFC 1035, 4.1; RFC 2782; RFC 6763, 6). What cannot be read is no record:
 * anybody in the network may send anything.
 */

export type DnsRecord =
  | { readonly type: 'PTR'; readonly name: string; readonly target: string }
  | { readonly type: 'SRV'; readonly name: string; readonly host: string; readonly port: number }
  | { readonly type: 'TXT'; readonly name: string; readonly entries: Readonly<Record<string, string>> }
  | { readonly type: 'ADDRESS'; readonly name: string; readonly address: string }

const PTR = 12
const TXT = 16
const AAAA = 28
const SRV = 33
const A = 1
const MOST_LABELS = 128
const HEADER_BYTES = 12

/** A question for the instances of a service, answered to whoever asks. */
export function encodeQuery(service: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(1, 4)
  const labels = service.split('.').map((label) => Buffer.from(label, 'utf8'))
  const name = Buffer.concat(labels.flatMap((label) => [Buffer.from([label.length]), label]))
  // IN, and the bit that asks for an answer to this port alone (RFC 6762, 5.4).
  return Buffer.concat([header, name, Buffer.from([0, 0, PTR, 0x80, 1])])
}

/** The records of an answer, in order; those up to the first that cannot be read. */
export function decodeRecords(message: Buffer): DnsRecord[] {
  const records: DnsRecord[] = []
  try {
    if (message.length < HEADER_BYTES || (message[2]! & 0x80) === 0) return []
    const questions = message.readUInt16BE(4)
    const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
    let at = HEADER_BYTES
    for (let i = 0; i < questions; i++) at = readName(message, at).end + 4
    for (let i = 0; i < count; i++) {
      const { name, end } = readName(message, at)
      const type = message.readUInt16BE(end)
      const length = message.readUInt16BE(end + 8)
      const start = end + 10
      if (start + length > message.length) break
      const record = readRecord(message, name, type, start, length)
      if (record !== undefined) records.push(record)
      at = start + length
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return records
}

function readRecord(message: Buffer, name: string, type: number, start: number, length: number): DnsRecord | undefined {
  if (type === PTR) return { type: 'PTR', name, target: readName(message, start).name }
  if (type === SRV)
    return { type: 'SRV', name, host: readName(message, start + 6).name, port: message.readUInt16BE(start + 4) }
  if (type === TXT) return { type: 'TXT', name, entries: readEntries(message.subarray(start, start + length)) }
  if (type === A && length === 4)
    return { type: 'ADDRESS', name, address: [...message.subarray(start, start + 4)].join('.') }
  if (type !== AAAA || length !== 16) return undefined
  const groups = Array.from({ length: 8 }, (_, i) => message.readUInt16BE(start + 2 * i).toString(16))
  return { type: 'ADDRESS', name, address: groups.join(':') }
}

/** Labels with dots between them. A pointer leads back to where a name stands already (RFC 1035, 4.1.4). */
function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = []
  let at = start
  let end: number | undefined
  for (let steps = 0; steps < MOST_LABELS; steps++) {
    const length = message.readUInt8(at)
    if (length === 0) return { name: labels.join('.'), end: end ?? at + 1 }
    if (length >= 0xc0) {
      end ??= at + 2
      at = message.readUInt16BE(at) & 0x3fff
    } else {
      if (length > 63 || at + 1 + length > message.length) throw new RangeError('a label beyond the end')
      labels.push(message.toString('utf8', at + 1, at + 1 + length))
      at += 1 + length
    }
  }
  throw new RangeError('a name without end')
}

/** `path=/plant`, each with its length before it. */
function readEntries(bytes: Buffer): Record<string, string> {
  const entries: Record<string, string> = {}
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) {
    const text = bytes.toString('utf8', at + 1, at + 1 + bytes[at]!)
    const split = text.indexOf('=')
    if (split > 0) entries[text.slice(0, split).toLowerCase()] ??= text.slice(split + 1)
  }
  return entries
}
