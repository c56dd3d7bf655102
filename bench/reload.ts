/**
 * One tag among 100,000 changes: what a reload costs, as the command has it, and an edit through the API, beside a full start of the same gateway. 100 devices of 1,000
 * tags, each with a list of its own; then one device with all 100,000 in one list.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TAGS = 100_000
const ROUNDS = 5
const LIMIT_MS = 500

interface Applied {
  readonly changes: readonly string[]
  readonly report: {
    readonly durationMs: number
    readonly devices: { readonly changed: readonly unknown[]; readonly untouched: number }
  }
}

export async function run(): Promise<void> {
  for (const devices of [100, 1]) for (const way of ['reload', 'edit'] as const) await measure(devices, way)
}

async function measure(devices: number, way: 'reload' | 'edit'): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const port = await freePort()
  const list = (device: number, changed?: number) =>
    `name,address,type,unit,low,high,deadband\n${Array.from({ length: TAGS / devices }, (_, at) => `t${at},sine:period=${60 + (device % 7)}${at === 7 && changed !== undefined ? changed : ''},float64,m,-1,1,0.5\n`).join('')}`
  mkdirSync(join(folder, 'tags'))
  const names = Array.from({ length: devices }, (_, device) => `d${device}`)
  for (const [device, name] of names.entries()) writeFileSync(join(folder, 'tags', `${name}.csv`), list(device))
  const entries = names.map((name) => `  - { name: ${name}, driver: simulated, every: 10s, tags: tags/${name}.csv }\n`)
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(
    file,
    `version: 1\ndata: ./data\nhttp: { listen: 127.0.0.1:${port}, access: open }\ndevices:\n${entries.join('')}`,
  )
  const gateway = spawn(join(import.meta.dirname, '..', 'bin', 'bifrost'), ['run', '-c', file], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const began = performance.now()
    await ready(gateway)
    const startMs = performance.now() - began
    const times: number[] = []
    let applied: Applied | undefined
    for (let round = 0; round < ROUNDS; round++) {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      if (way === 'reload') writeFileSync(join(folder, 'tags', 'd0.csv'), list(0, round))
      const from = performance.now()
      applied = way === 'reload' ? await send(port, 'POST', 'reload', {}) : await edit(port, round)
      times.push(performance.now() - from)
    }
    times.sort((a, b) => a - b)
    const worst = times.at(-1)!
    const median = times[ROUNDS >> 1]!
    const holds = median <= LIMIT_MS && applied!.report.devices.changed.length === 1
    console.log(
      `${TAGS} tags in ${devices} lists, one tag changed: ${way === 'reload' ? 'reload' : 'edit by API'} ${median.toFixed(0)} ms (median of ${ROUNDS}, ≤ ${LIMIT_MS})${holds ? '' : '  MISSED'}, ` +
        `${worst.toFixed(0)} ms worst, ${applied!.report.durationMs} ms of it in the gateway; ` +
        `${applied!.changes.join()}; ${applied!.report.devices.untouched} devices untouched. Full start: ${startMs.toFixed(0)} ms`,
    )
    if (!holds) process.exitCode = 1
  } finally {
    gateway.kill('SIGTERM')
    await new Promise((resolve) => gateway.once('exit', resolve))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function send<T = Applied>(port: number, method: string, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json', 'if-match': '*' }
  const init = { method, headers, body: JSON.stringify(body) }
  return (await (await fetch(`http://127.0.0.1:${port}/api/v1/config/${path}`, init)).json()) as T
}

const edit = async (port: number, round: number): Promise<Applied> =>
  (await send<{ applied: Applied }>(port, 'PATCH', 'devices/d0/tags/t7', { set: { unit: `m${round}` } })).applied

const ready = (gateway: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    gateway.stdout!.on('data', (chunk: Buffer) => chunk.includes('http://') && resolve())
    gateway.once('exit', (code) => reject(new Error(`the gateway ended with code ${code}`)))
  })

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
