/**
 * Reading a configuration of 100,000 tags, offline, as `bifrost check` does: wall time and peak memory of the process, medians of several
 * runs. 100 devices with a CSV list of 1,000 tags each; `--inline` reads the same tags from one YAML file beside it, which is what the guide
 * advises against. Then what an edit of one tag, a comparison and an estimate cost on top.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { editConfig } from '../src/config/edit/edit-config.ts'
import { loadConfig } from '../src/config/load.ts'
import { compareConfigs } from '../src/config/plan/compare.ts'
import { estimateLoad } from '../src/config/plan/load-estimate.ts'
import { drivers } from '../src/drivers/index.ts'
import { sinks } from '../src/sinks/index.ts'

const LIMIT_SECONDS = 3
const LIMIT_MB = 300
const DEVICES = 100
const TAGS = 1000

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { runs: { type: 'string', default: '5' }, inline: { type: 'boolean', default: false } },
  })
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-config-'))
  try {
    const file = writeLists(folder)
    const checks = await repeat(Number(values.runs), () => check(file))
    const seconds = median(checks.map((one) => one.seconds))
    const megabytes = median(checks.map((one) => one.megabytes))
    const holds = seconds <= LIMIT_SECONDS && megabytes <= LIMIT_MB
    console.log(
      `check of 100,000 tags in CSV: ${seconds.toFixed(2)} s (≤ ${LIMIT_SECONDS}), peak ${megabytes.toFixed(0)} MB (≤ ${LIMIT_MB})${holds ? '' : '  MISSED'}`,
    )
    if (!holds) process.exitCode = 1
    await inProcess(file)
    if (!values.inline) return
    const inline = await check(writeInline(folder))
    console.log(`the same in one YAML file: ${inline.seconds.toFixed(1)} s, peak ${inline.megabytes.toFixed(0)} MB`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What stands on top of a load, in a process that has it loaded. */
async function inProcess(file: string): Promise<void> {
  const sources = { drivers, sinks, env: {} }
  const config = await loadConfig(file, sources)
  const edit = {
    do: 'set',
    object: { kind: 'tag', device: 'device-50', name: 'tag-500' },
    setting: ['unit'],
    value: 'W',
  } as const
  const start = performance.now()
  const edited = await editConfig(file, [edit], sources)
  const took = performance.now()
  const { length } = compareConfigs(config, edited.config)
  const compared = performance.now()
  estimateLoad(config)
  const estimated = performance.now()
  console.log(
    `edit of one tag, loaded and checked: ${(took - start).toFixed(0)} ms; comparison (${length} difference): ${(compared - took).toFixed(0)} ms; estimate: ${(estimated - compared).toFixed(0)} ms`,
  )
}

function writeLists(folder: string): string {
  for (let device = 0; device < DEVICES; device++) {
    const rows = Array.from(
      { length: TAGS },
      (_, tag) => `tag-${tag},hr:${tag * 2},float32,kW,1s,0,100,0.5,Power of part ${tag}\n`,
    )
    writeFileSync(
      join(folder, `device-${device}.csv`),
      `name,address,type,unit,every,low,high,deadband,description\n${rows.join('')}`,
    )
  }
  return write(folder, 'bifrost.yaml', (device) => ` device-${device}.csv\n`)
}

function writeInline(folder: string): string {
  const tag = (_: unknown, at: number) =>
    `      - { name: tag-${at}, address: hr:${at * 2}, type: float32, unit: kW, every: 1s, low: 0, high: 100, deadband: 0.5, description: Power of part ${at} }\n`
  return write(folder, 'inline.yaml', () => `\n${Array.from({ length: TAGS }, tag).join('')}`)
}

function write(folder: string, name: string, tags: (device: number) => string): string {
  const devices = Array.from(
    { length: DEVICES },
    (_, device) =>
      `  - name: device-${device}\n    driver: modbus\n    options: { host: 10.0.0.${device} }\n    tags:${tags(device)}`,
  )
  const sink =
    'sinks: [{ name: plant, sink: mqtt, options: { url: "mqtt://127.0.0.1:1883", topic: "a/{device}/{tag}" } }]\n'
  writeFileSync(join(folder, name), `version: 1\ndevices:\n${devices.join('')}${sink}`)
  return join(folder, name)
}

/** The command as a process; its peak is what the kernel says shortly before its end. */
async function check(file: string): Promise<{ seconds: number; megabytes: number }> {
  const start = performance.now()
  const child = spawn(join(import.meta.dirname, '..', 'bin', 'bifrost'), ['check', file, '--quiet'], {
    stdio: 'ignore',
  })
  let kilobytes = 0
  const look = setInterval(() => {
    const text = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    kilobytes = Math.max(kilobytes, Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1] ?? 0))
  }, 20)
  const code = await new Promise((resolve) => child.once('exit', resolve))
  clearInterval(look)
  if (code !== 0) throw new Error(`check ended with ${String(code)}`)
  return { seconds: (performance.now() - start) / 1000, megabytes: (kilobytes * 1024) / 1e6 }
}

async function repeat<T>(times: number, once: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let time = 0; time < times; time++) results.push(await once())
  return results
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
