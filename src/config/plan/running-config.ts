/**
 * The configuration that a gateway runs by, from its history (`DATA/config-history`): the very files of the version, whatever is on the disk
 * now. Only read here.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Config, ConfigSources } from '../config.ts'
import { withFiles } from '../file-reading.ts'
import { openConfig } from '../load.ts'

const versionSchema = z.object({
  number: z.int(),
  /** Absolute path to the SHA-256 of its content; the first one is the file that names the others. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
})

export interface RunningConfig {
  readonly version: number
  readonly config: Config
}

/** Which version: the newest one where nothing is said. */
export interface WhichVersion {
  readonly version?: number | undefined
  /** The file that names the others, where the gateway says it. */
  readonly file?: string | undefined
}

/**
 * Undefined where there is no history, or not this version. Throws ConfigError where it does not load here (a secret that only the gateway
 * has), and STORE_FAILED where it is damaged.
 */
export function loadFromHistory(data: string, which: WhichVersion, sources: ConfigSources): RunningConfig | undefined {
  const folder = join(data, 'config-history')
  const number = which.version ?? newest(join(folder, 'versions'))
  if (number === undefined) return undefined
  const name = `${String(number).padStart(6, '0')}.json`
  const text = readIfThere(join(folder, 'versions', name))
  if (text === undefined) return undefined
  const { files } = parseVersion(text.toString('utf8'), number)
  const instead = new Map(Object.entries(files).map(([file, hash]) => [file, contentOf(folder, hash, number)]))
  const main = which.file === undefined ? Object.keys(files)[0] : resolve(which.file)
  if (main === undefined || !instead.has(main)) return undefined
  const config = withFiles(instead, new Map(), () => openConfig(main, sources).config)
  return { version: number, config }
}

function newest(folder: string): number | undefined {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return undefined
  }
  const numbers = names.flatMap((name) => (/^\d+\.json$/.test(name) ? [Number.parseInt(name, 10)] : []))
  return numbers.length === 0 ? undefined : Math.max(...numbers)
}

function parseVersion(text: string, number: number): z.output<typeof versionSchema> {
  try {
    return versionSchema.parse(JSON.parse(text))
  } catch (error) {
    throw damaged(number, error)
  }
}

function contentOf(folder: string, hash: string, number: number): Buffer {
  const bytes = readIfThere(join(folder, 'objects', hash))
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== hash) throw damaged(number)
  return bytes
}

const damaged = (number: number, cause?: unknown): GatewayError =>
  new GatewayError('STORE_FAILED', `version ${number} in the history of the configuration is damaged`, { cause })

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
