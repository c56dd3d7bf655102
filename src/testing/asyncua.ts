/**
 * asyncua, the OPC UA library in Python, as client and server that nobody here wrote. It lives in a virtual environment of the tests'
 * own, made once per checkout from pinned hashes: by `npm test`, else by the first test that asks (about ten seconds; files of tests that
 * run beside each other wait for one another). Where the package index is out of reach its tests skip by name, with
 * BIFROST_REQUIRE_PEERS=1 too; whatever else is in the way fails them then.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCommand, freePort, type Cleanup } from './peers.ts'
import { startSteered, type SteeredProcess } from './steered-process.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PEERS = join(ROOT, 'test', 'peers')
const FOLDER = join(ROOT, '.cache', 'asyncua')
const PYTHON = join(FOLDER, 'bin', 'python')
const OUT_OF_REACH = 3

let verdict: string | false | undefined
/** Why it cannot be had, told by the first test that needs it. */
let trouble = 'needsAsyncua() was not asked'

/** `test('…', { skip: needsAsyncua() }, …)`: false when it is here, else the reason. Installs it when it is missing. */
export function needsAsyncua(): string | false {
  verdict ??= judge()
  return verdict
}

function judge(): string | false {
  if (isInstalled()) return false
  const required = process.env.BIFROST_REQUIRE_PEERS === '1'
  const python = ['/usr/bin/python3', findCommand('python3')].find((path) => path !== undefined && existsSync(path))
  trouble = 'not installed: python3, python3-venv (Debian)'
  if (python === undefined) return required ? false : trouble
  const result = spawnSync(python, [join(PEERS, 'asyncua-install.py'), FOLDER], { encoding: 'utf8' })
  if (result.status === 0) return false
  trouble = result.stdout.trim() || result.stderr.trim()
  return required && result.status !== OUT_OF_REACH ? false : trouble
}

function start(t: Cleanup, script: string, settings: object): SteeredProcess {
  if (!isInstalled()) throw new Error(trouble)
  return startSteered(t, PYTHON, [join(PEERS, script), JSON.stringify(settings)], ENVIRONMENT)
}

function isInstalled(): boolean {
  const mark = join(FOLDER, 'installed')
  if (!existsSync(mark) || !existsSync(PYTHON)) return false
  const wanted = createHash('sha256')
    .update(readFileSync(join(PEERS, 'asyncua.txt')))
    .digest('hex')
  return readFileSync(mark, 'utf8') === wanted
}

/** Settings of test/peers/opcua-server.py, which describes them; all have a default. */
export interface AsyncuaServerSettings {
  readonly port?: number
  readonly host?: string
  readonly name?: string
  readonly applicationUri?: string
  readonly namespaces?: readonly string[]
  /** Files; see createApplicationCertificate. */
  readonly certificate?: string
  readonly key?: string
  readonly policies?: readonly string[]
  readonly anonymous?: boolean
  readonly users?: Readonly<Record<string, string>>
  readonly readers?: readonly string[]
  readonly userCertificates?: readonly string[]
  readonly trusted?: readonly string[]
  readonly counters?: number
  readonly counterType?: string
  readonly intervalMs?: number
  readonly tree?: number
  readonly hugeArray?: number
  readonly di?: boolean
  readonly device?: Readonly<Record<string, string>>
  readonly alarms?: readonly string[]
  readonly history?: { readonly values?: number; readonly periodMs?: number; readonly maxPerReply?: number }
  readonly limits?: Readonly<Record<string, number>>
  readonly maxSessions?: number
  readonly maxSubscriptions?: number
  readonly maxQueue?: number
  readonly maxSessionTimeoutMs?: number
  readonly endpointHost?: string
}

/** A value with its quality and times, as the server and the client print it. */
export interface PeerValue {
  readonly value: unknown
  readonly type: string | null
  readonly status: string
  readonly code: number
  readonly sourceTime: string | null
  readonly serverTime: string | null
}

export interface AsyncuaServer extends SteeredProcess {
  readonly port: number
  readonly url: string
  /** In the order of their index. */
  readonly namespaces: readonly string[]
}

/** The namespaces of the simulated plant (test/peers/opcua/plant.py): its nodes, and its types. */
export const PLANT = 'urn:bifrost:test:plant'
export const TYPES = 'urn:bifrost:test:types'

/** Starts it and waits until it listens (about two seconds; 20,000 nodes take longer). Stopped when the test ends. */
export async function startAsyncuaServer(t: Cleanup, settings: AsyncuaServerSettings = {}): Promise<AsyncuaServer> {
  const port = settings.port ?? (await freePort())
  const running = start(t, 'opcua-server.py', { ...settings, port })
  const ready = await running.heard('ready', undefined, 60_000)
  return { ...running, port, url: String(ready.url), namespaces: ready.namespaces as string[] }
}

/** Settings of test/peers/opcua-client.py, which describes them. */
export interface AsyncuaClientSettings {
  readonly url: string
  /** "None" (default) or "Basic256Sha256/SignAndEncrypt" and the like. */
  readonly policy?: string
  readonly certificate?: string
  readonly key?: string
  readonly serverCertificate?: string
  readonly applicationUri?: string
  readonly user?: string
  readonly password?: string
  readonly userCertificate?: string
  readonly userKey?: string
  readonly timeoutMs?: number
}

/** A client process; `await client.heard('connected')` is done. Its commands are described in test/peers/opcua-client.py. */
export async function startAsyncuaClient(t: Cleanup, settings: AsyncuaClientSettings): Promise<SteeredProcess> {
  const running = start(t, 'opcua-client.py', settings)
  await running.heard('connected', undefined, 30_000)
  return running
}

const ENVIRONMENT = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' }
