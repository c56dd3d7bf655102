/**
 * What the demo's gateway holds when nobody looks: RSS of the gateway process alone after it has run for a while without a
 * browser, the simulated plant being a process of its own.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const LIMIT_MIB = 120

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: 'string', default: '20' } } })
  const started = performance.now()
  const child = spawn(join(import.meta.dirname, '..', 'bin', 'bifrost'), ['demo'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => chunk.includes('http://') && resolve())
    child.once('exit', (code) => reject(new Error(`the demo ended with code ${code}`)))
  })
  const ready = performance.now() - started
  await new Promise((resolve) => setTimeout(resolve, Number(values.seconds) * 1000))
  const rssMiB = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024
  child.kill('SIGTERM')
  await ended
  const holds = rssMiB <= LIMIT_MIB
  console.log(
    `demo, no browser, after ${values.seconds} s: RSS ${rssMiB.toFixed(0)} MiB (≤ ${LIMIT_MIB})${holds ? '' : '  MISSED'}; URL printed after ${ready.toFixed(0)} ms`,
  )
  if (!holds) process.exitCode = 1
}
