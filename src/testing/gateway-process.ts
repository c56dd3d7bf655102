/**
 * The product as its users start it: `bin/bifrost run -c FILE` in a folder of its own, spoken to over HTTP. Tests end it, and can
 * start it again on the same folder.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePort, startProcess, temporaryFolder, type RunningProcess } from './peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

/** One value as `GET /api/v1/values` gives it; the fields that tests look at. */
export interface ValueView {
  readonly device: string
  readonly tag: string
  readonly value: number | string | boolean | null
  readonly status: { readonly code: number; readonly name: string }
  readonly time: string
  readonly ageMs: number | null
  readonly reason: string | null
}

export interface GatewayProcess extends RunningProcess {
  readonly url: string
  readonly folder: string
  /** GET of a path below /api/v1, parsed. */
  get<T>(path: string): Promise<T>
  values(query?: string): Promise<ValueView[]>
}

export interface GatewayFiles {
  /** The configuration without `version`, `data` and `http`, which this adds. */
  readonly yaml: string
  /** More files of the folder, such as tag lists. */
  readonly files?: Readonly<Record<string, string>>
  /** An earlier gateway's folder, to start again on its data. */
  readonly folder?: string
  /** That of an earlier one, so that its configuration is the same; a free one where absent. */
  readonly port?: number
  /** More of its environment. */
  readonly env?: NodeJS.ProcessEnv
  /** `open` where absent: most tests are not about who asks. */
  readonly access?: 'accounts' | 'open'
  /** Another command than the checkout's `bifrost`: a built product. */
  readonly launcher?: string
  /** More of `http`, as YAML within braces. */
  readonly http?: string
}

export async function startGatewayProcess(
  t: TestContext,
  {
    yaml,
    files = {},
    folder = temporaryFolder(t),
    port: wanted,
    env = {},
    access = 'open',
    http = '',
    launcher = LAUNCHER,
  }: GatewayFiles,
): Promise<GatewayProcess> {
  const port = wanted ?? (await freePort())
  const file = join(folder, 'bifrost.yaml')
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  writeFileSync(
    file,
    `version: 1\ndata: ./data\nhttp: { listen: 127.0.0.1:${port}, access: ${access}${http} }\n${yaml}`,
  )
  const running = startProcess(t, launcher, ['run', '-c', file], { cwd: folder, env })
  const url = `http${http.includes('tls:') ? 's' : ''}://127.0.0.1:${port}`
  await running.waitFor(new RegExp(url.replaceAll('.', '\\.')), 60_000)
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}`)
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  return {
    ...running,
    url,
    folder,
    get,
    values: async (query = '') => (await get<{ values: ValueView[] }>(`values${query}`)).values,
  }
}

/** Runs one command of the product to its end, without colours. */
export async function bifrost(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(LAUNCHER, args, { env: { ...process.env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}
