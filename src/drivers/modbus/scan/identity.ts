/** Who answers: Read Device Identification (FC 43/14, Modbus Application Protocol V1.1b3, 6.21), else Report Server ID (FC 17, 6.13). */
import type { Identity } from '../../../core/driver.ts'
import { decodeResponse } from '../../../protocols/modbus/index.ts'
import type { Asker, Heard } from './asker.ts'

const READ_DEVICE_IDENTIFICATION = { functionCode: 43, meiType: 14, level: 1, objectId: 0 } as const
const REPORT_SERVER_ID = Uint8Array.of(17)
/** Object ids of the basic category. */
const KEYS: Readonly<Record<number, keyof Identity>> = { 0: 'vendor', 1: 'product', 2: 'firmware' }

/** What FC 43/14 brought; `identity` is empty when the device does not know it. */
export async function askIdentity(asker: Asker, unit: number): Promise<{ heard: Heard; identity: Identity }> {
  const heard = await asker.ask(unit, READ_DEVICE_IDENTIFICATION)
  return { heard, identity: heard.kind === 'answer' ? identityOf(heard.pdu) : {} }
}

/** What FC 17 brought: its text, as far as it is one. The layout is the vendor's own. */
export async function askServerId(asker: Asker, unit: number): Promise<Identity> {
  const heard = await asker.askRaw(unit, REPORT_SERVER_ID)
  if (heard.kind !== 'answer') return {}
  const text = Buffer.from(heard.pdu.subarray(2)).toString('latin1')
  const words = text.match(/[ -~]{3,}/g)?.map((word) => word.trim()) ?? []
  return words.length === 0 ? {} : { product: words.join(' ') }
}

function identityOf(pdu: Uint8Array): Identity {
  const response = decodeResponse(pdu)
  if (!('objects' in response)) return {}
  const identity: Identity = {}
  for (const { id, value } of response.objects) {
    const key = KEYS[id]
    const text = Buffer.from(value).toString('latin1').replaceAll('\0', '').trim()
    if (key !== undefined && text !== '') identity[key] = text
  }
  return identity
}
