/**
 * The figures over restarts: one file of the data folder, a first line that says what it is and checks the second, which holds the counts.
 * Written whole or not at all, and rarely. One that is damaged is put aside, and counting begins anew.
 */
import { readFile, rename } from 'node:fs/promises'
import { crc32c } from '../core/crc32c.ts'
import { putFile } from '../core/durable-file.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { Slice } from '../core/slice.ts'
import { ASSET_COUNTS, type KeptAsset } from './asset-meter.ts'
import { DEVICE_COUNTS, type KeptDevice } from './device-record.ts'

const FORMAT = 'bifrost-kpi'
const VERSION = 1

export interface Kept {
  readonly devices: ReadonlyMap<string, KeptDevice>
  readonly assets: ReadonlyMap<string, KeptAsset>
}

/** Undefined: there is none, or it is of no use. Never rejects. */
export async function readKept(path: string, log: Log): Promise<Kept | undefined> {
  try {
    return parseKept(await readFile(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    log.warn(
      { file: path, problem: messageOf(error) },
      'The figures of devices and assets (up time, failures, pieces) cannot be read: they begin anew, and the file is put aside as kpi.damaged.',
    )
    await rename(path, `${path.replace(/\.json$/, '')}.damaged`).catch(() => undefined)
    return undefined
  }
}

/** Makes the text in slices: ten thousand devices are three megabytes. */
export async function writeKept(path: string, { devices, assets }: Kept): Promise<void> {
  const slice = new Slice()
  const entries = async (all: ReadonlyMap<string, unknown>): Promise<string> => {
    const texts: string[] = []
    for (const entry of all) {
      texts.push(JSON.stringify(entry))
      if (slice.spent) await slice.yield()
    }
    return `[${texts.join(',')}]`
  }
  const body = `{"devices":${await entries(devices)},"assets":${await entries(assets)}}`
  const head = JSON.stringify({ format: FORMAT, version: VERSION, crc: checkOf(body) })
  await putFile(path, `${head}\n${body}\n`)
}

const checkOf = (body: string): number => crc32c(Buffer.from(body))

function parseKept(text: string): Kept {
  const [first = '', body = ''] = text.split('\n')
  const head = JSON.parse(first) as { format?: unknown; version?: unknown; crc?: unknown }
  if (head.format !== FORMAT) throw new Error('it is something else')
  if (head.version !== VERSION)
    throw new Error(`it is of version ${String(head.version)}, and this gateway knows ${VERSION}`)
  if (head.crc !== checkOf(body)) throw new Error('its check sum does not fit')
  const { devices, assets } = JSON.parse(body) as {
    devices: [string, KeptDevice][]
    assets: [string, KeptAsset][]
  }
  const fits = (all: [string, { totals: number[] }][], counts: number): boolean =>
    all.every(([, { totals }]) => totals.length === counts)
  if (!fits(devices, DEVICE_COUNTS) || !fits(assets, ASSET_COUNTS)) throw new Error('it has other counts')
  return { devices: new Map(devices), assets: new Map(assets) }
}
