/** Who the server is (BuildInfo, OPC 10000-5, 12.4), or the one device behind it (OPC 10000-100). */
import { z } from 'zod'
import { defineTool, type Identity } from '../../../core/driver.ts'
import { oneLine } from '../../../core/one-line.ts'
import { ask, askedDevice } from './walking.ts'

const WORDS: Readonly<Record<keyof Identity, string>> = {
  vendor: 'manufacturer',
  product: 'product',
  serial: 'serial number',
  firmware: 'software',
}

export const identify = defineTool({
  name: 'identify',
  summary: 'manufacturer, product, serial number and software of the device, or of its server',
  examples: [['bifrost opcua identify opc.tcp://10.0.0.5:4840', 'what it says of itself']],
  input: z.strictObject({}),
  positions: [],
  run: (_input, driver, access, signal): Promise<Identity> =>
    ask<Identity>({ device: askedDevice(driver), access, signal }, 'identify', {}),
  toLines(identity: Identity) {
    const known = (Object.keys(WORDS) as (keyof Identity)[]).filter((field) => identity[field] !== undefined)
    if (known.length === 0) return ['it says nothing of itself']
    return known.map((field) => oneLine(`${WORDS[field].padEnd(13)}  ${identity[field]}`))
  },
})
