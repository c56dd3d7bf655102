/**
 * Nobody reads the log any more: its pipe is full and the reader is stopped (SIGSTOP). The gateway goes on, its memory stays, and when the
 * reader goes on it hears how many lines it missed. The control is a gateway without the bound.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'

const LAUNCH = join(import.meta.dirname, '..', 'bin', 'launch')
const CHILD = join(import.meta.dirname, '..', 'src', 'testing', 'chatty-child.ts')

interface Told {
  readonly ticks: number
  readonly waitingBytes: number
  readonly blocked: number
}

/** A process that says much, its stderr read by `cat` into a file; what it tells of itself comes on stdout. */
async function start(t: TestContext, way: 'bounded' | 'unbounded') {
  const file = join(temporaryFolder(t), 'log.ndjson')
  const reader = spawn('cat', [], { stdio: ['pipe', openSync(file, 'w'), 'inherit'] })
  const child = spawn(LAUNCH, [CHILD, way], { stdio: ['pipe', 'pipe', reader.stdin] })
  t.after(() => {
    child.kill('SIGKILL')
    reader.kill('SIGCONT')
    reader.kill('SIGKILL')
  })
  reader.stdin!.destroy()
  let told: Told = { ticks: 0, waitingBytes: 0, blocked: 0 }
  child.stdout!.on('data', (chunk: Buffer) => {
    const line = chunk.toString().trim().split('\n').at(-1)!
    told = JSON.parse(line) as Told
  })
  await eventually('lines arrive', () => readFileSync(file, 'utf8').includes('ecs.version'))
  return { child, reader, file, told: () => told }
}

const MOST_BYTES = 2 ** 20

test('a reader that stands still stops nothing, and is told what it missed', { timeout: 60_000 }, async (t) => {
  const { child, reader, file, told } = await start(t, 'bounded')
  reader.kill('SIGSTOP')
  await eventually('lines are dropped', () => told().blocked > 1000)
  const { ticks } = told()
  await eventually('it goes on', () => told().ticks > ticks + 20)
  assert.ok(told().waitingBytes <= MOST_BYTES, `${told().waitingBytes} bytes wait`)
  reader.kill('SIGCONT')
  await eventually('it is told', () => /stood still.*\n.*again and again.*\n/.test(readFileSync(file, 'utf8')))
  const said = readFileSync(file, 'utf8')
  const line = said.split('\n').find((one) => one.includes('stood still'))!
  const dropped = (JSON.parse(line) as Record<string, number>)['bifrost.dropped']!
  assert.ok(dropped > 1000, line)
  // Whole lines before and after the hole, and the numbers add up to it.
  const lines = said.split('\n').slice(0, -1).map((one) => JSON.parse(one) as Record<string, number>) // prettier-ignore
  const numbers = lines.flatMap((one) => one['event.sequence'] ?? [])
  const holes = numbers.slice(1).map((n, i) => n - numbers[i]! - 1)
  assert.equal(Math.max(...holes), dropped)
  child.stdin!.end()
  const [code] = (await once(child, 'exit')) as [number]
  assert.equal(code, 0)
})

test('control: without the bound the memory grows by what the reader does not take', { timeout: 60_000 }, async (t) => {
  const { reader, told } = await start(t, 'unbounded')
  reader.kill('SIGSTOP')
  await eventually('more waits than the bound lets', () => told().waitingBytes > 2 * MOST_BYTES)
  assert.equal(told().blocked, 0)
})
