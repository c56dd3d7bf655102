/**
 * The example `edge-to-cloud` as its README says: its certificates are made by its own commands, both gateways run as a person runs them,
 * the central one is killed, and nothing is lost.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadConfig } from '../src/config/load.ts'
import { drivers } from '../src/drivers/index.ts'
import { sinks } from '../src/sinks/index.ts'
import { bifrost } from '../src/testing/gateway-process.ts'
import {
  eventually,
  freePort,
  needs,
  startProcess,
  temporaryFolder,
  type RunningProcess,
} from '../src/testing/peers.ts'

const EXAMPLE = join(import.meta.dirname, '..', 'examples', 'edge-to-cloud')
const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'bifrost')
const skip = needs('openssl')

/** The example in a folder of its own, with the certificates that the commands of its README make. */
function copied(t: TestContext): string {
  const folder = temporaryFolder(t)
  for (const file of globSync('*', { cwd: EXAMPLE })) cpSync(join(EXAMPLE, file), join(folder, file))
  const commands = /```sh\n(.*?)```/s.exec(readFileSync(join(EXAMPLE, 'README.md'), 'utf8'))![1]!
  execFileSync('sh', ['-e', '-c', commands], { cwd: folder, stdio: 'pipe' })
  return folder
}

test('both sides load without warnings', { skip }, async (t) => {
  const folder = copied(t)
  for (const file of ['edge.yaml', 'central.yaml']) {
    const { warnings } = await loadConfig(join(folder, file), { drivers, sinks, env: {} })
    assert.deepEqual(warnings, [], file)
  }
})

interface Received {
  readonly received: readonly { readonly name: string; readonly connected: boolean; readonly upTo: number | null }[]
}

test(
  'the central gateway is killed and comes back: all that the edge read meanwhile is there once',
  { skip, timeout: 90_000 },
  async (t) => {
    const folder = copied(t)
    const [edgeHttp, centralHttp, port] = [await freePort(), await freePort(), await freePort()]
    const env = { EDGE_HTTP: String(edgeHttp), CENTRAL_HTTP: String(centralHttp), CENTRAL_PORT: String(port) }
    const start = async (file: string): Promise<RunningProcess> => {
      const running = startProcess(t, LAUNCHER, ['run', '-c', file], { cwd: folder, env: { ...process.env, ...env } })
      await running.waitFor(/http:\/\/127\.0\.0\.1:\d+/, 20_000)
      return running
    }
    const url = (at: number) => `http://127.0.0.1:${at}`
    // As a program of the gateway's own user: nobody has set it up yet.
    const ask = (at: number, path: string) => {
      const data = at === edgeHttp ? 'edge-data' : 'central-data'
      const { token } = JSON.parse(readFileSync(join(folder, data, 'run', 'host.json'), 'utf8')) as { token: string }
      return fetch(`${url(at)}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } })
    }
    const get = async <T>(at: number, path: string): Promise<T> => (await (await ask(at, path)).json()) as T
    const pressure = () => get<{ value: number; unit: string; status: { name: string }; reason: string | null }>(centralHttp, 'values/edge-1.press/pressure') // prettier-ignore
    const sink = async () => (await get<{ sinks: { pending: number; delivered: number; reason: string | null }[] }>(edgeHttp, 'sinks')).sinks[0]! // prettier-ignore

    const samples = async (at: number, tags: string) => {
      const text = await (await ask(at, `export?format=ndjson&tags=${tags}`)).text()
      return text
        .trim()
        .split('\n')
        .map((line) => {
          const { time, tag, value, status } = JSON.parse(line) as Record<string, unknown>
          return [time, tag, value, status]
        })
    }

    let central = await start('central.yaml')
    const edge = await start('edge.yaml')
    await eventually('a value of the edge', async () => (await pressure()).status?.name === 'Good', 20_000)
    assert.equal((await pressure()).unit, 'bar')

    await central.stop('SIGKILL')
    await eventually('samples wait', async () => (await sink()).pending >= 8, 20_000)
    assert.match((await sink()).reason ?? '', /localhost:\d+/)
    central = await start('central.yaml')
    await eventually('nothing waits', async () => (await sink()).pending === 0, 30_000)
    const { received } = await get<Received>(centralHttp, 'received')
    assert.deepEqual(received.map(({ name, connected }) => [name, connected]), [['edge-1', true]]) // prettier-ignore
    const said = await bifrost('received', '--url', url(centralHttp))
    assert.match(said.out, /^edge-1 {2}connected from 127\.0\.0\.1:\d+ for /)

    const read = await samples(edgeHttp, 'press/*')
    await edge.stop()
    await eventually('it says that the edge is away', async () => (await pressure()).status.name === 'UncertainNoCommunicationLastUsableValue') // prettier-ignore
    assert.match((await pressure()).reason ?? '', /^edge-1 is away/)
    const there = await samples(centralHttp, 'edge-1.press/*')
    assert.ok(read.length >= 8 && there.length >= read.length, `${there.length} of ${read.length}`)
    assert.deepEqual(there.slice(0, read.length), read, 'the same times, values and statuses, none twice')
    await central.stop()
  },
)
