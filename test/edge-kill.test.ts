/**
 * Edge to cloud under `kill -9` of either side, under load. The oracle is the number of each sample, which is its value: what upstream has
 * confirmed is in its log afterwards, exactly once and in order. The control, whose disk says that it has what it has not, must lose some.
 * BIFROST_KILLS says how many kills all kill tests do, BIFROST_SEED repeats a run.
 */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'
import type { SinkType } from '../src/core/sink.ts'
import { bifrost } from '../src/sinks/bifrost/sink.ts'
import { batchOf, startDelivery, tagTable, type Row } from '../src/testing/delivery-rig.ts'
import { KILLS as ALL_KILLS, randomFrom, reportFault, SEED } from '../src/testing/fault-table.ts'
import { eventually, freePort, startProcess, temporaryFolder, type RunningProcess } from '../src/testing/peers.ts'
import { assertRising, readReceived } from '../src/testing/received-log.ts'

const RECEIVER = fileURLToPath(new URL('../src/testing/receiver-child.ts', import.meta.url))
const EDGE = fileURLToPath(new URL('../src/testing/edge-child.ts', import.meta.url))
/** The share of these two tests, of each. */
const KILLS = Math.max(6, Math.round(ALL_KILLS * 0.12))
const timeout = 60_000 + KILLS * 10_000

const type = bifrost as unknown as SinkType
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function startReceiver(t: TestContext, dir: string, port: number, mode = 'honest'): Promise<RunningProcess> {
  const child = startProcess(t, process.execPath, [RECEIVER, dir, String(port), mode])
  await child.waitFor(/listening/)
  return child
}

/** Appends counters to a rig, the value of each its number, until told to stop. */
function load(rig: ReturnType<typeof startDelivery>) {
  let count = 0
  const timer = setInterval(() => {
    const rows = Array.from({ length: 100 }, (): Row => [1 + (count % 7), ++count])
    rig.cursor.append(batchOf(rows))
  }, 5)
  return {
    stop: () => {
      clearInterval(timer)
      return count
    },
  }
}

const numbersFrom = (first: number, to: number) =>
  Array.from({ length: Math.max(0, to - first + 1) }, (_, at) => first + at)

function report(t: TestContext, fault: string, losses: number, duplicates: number): void {
  const remark = `edge to cloud; seed ${SEED}`
  reportFault(t, { fault, runs: KILLS, losses, duplicates, control: 'loses some: a disk that says too early', remark })
}

const TAGS = Array.from({ length: 7 }, (_, at) => `press/t${at}`)

test(
  `the upstream gateway is killed ${KILLS} times under load: exactly what was sent is in its log, once`,
  { timeout },
  async (t) => {
    const dir = temporaryFolder(t)
    const port = await freePort()
    let receiver = await startReceiver(t, dir, port)
    const options = { host: '127.0.0.1', port, tls: false, gateway: 'edge-1' }
    const rig = startDelivery(t, type, options, { tags: tagTable(...TAGS), runner: { batchRows: 400 } })
    const samples = load(rig)
    const random = randomFrom(SEED)
    let before = 0
    for (let kill = 0; kill < KILLS; kill++) {
      await eventually('samples are confirmed', () => rig.cursor.ledger().delivered > before + 1500, 20_000)
      await pause(random() * 600)
      await receiver.stop('SIGKILL')
      before = rig.cursor.ledger().delivered
      receiver = await startReceiver(t, dir, port)
    }
    const count = samples.stop()
    await eventually('all is confirmed', () => rig.cursor.ledger().pending === 0, 30_000 + KILLS * 2_000)
    assert.deepEqual(rig.cursor.ledger().delivered, count)
    await receiver.stop()
    const { samples: kept } = await readReceived(dir, 'edge-1')
    const values = new Set(kept.map(({ value }) => value as number))
    const [lost, duplicates] = [count - values.size, kept.length - values.size]
    report(t, 'kill -9 of the upstream gateway', lost, duplicates)
    assertRising(kept)
    assert.deepEqual([lost, duplicates], [0, 0], `${lost} of ${count} are missing, ${duplicates} came twice`)
    const misplaced = kept.findIndex(({ value }, at) => value !== at + 1)
    assert.equal(misplaced, -1, `${String(kept[misplaced]?.value)} stands where ${misplaced + 1} belongs`)
  },
)

test('the control: an upstream disk that says it has what it has not loses some', { timeout: 60_000 }, async (t) => {
  const dir = temporaryFolder(t)
  const port = await freePort()
  const receiver = await startReceiver(t, dir, port, 'late')
  const options = { host: '127.0.0.1', port, tls: false, gateway: 'edge-1' }
  const rig = startDelivery(t, type, options, { tags: tagTable(...TAGS), runner: { batchRows: 400 } })
  const samples = load(rig)
  await eventually('samples are confirmed', () => rig.cursor.ledger().delivered > 3000, 20_000)
  samples.stop()
  await receiver.stop('SIGKILL')
  const confirmed = rig.cursor.ledger().delivered
  const { samples: kept } = await readReceived(dir, 'edge-1')
  assert.ok(kept.length < confirmed, `${kept.length} of ${confirmed}`)
})

interface EdgeReport {
  /** The number of the first sample of this process. */
  readonly first: number
  readonly durable: number
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Readonly<Record<string, number>>
}

const reportOf = (edge: RunningProcess): EdgeReport | undefined => {
  const line = edge.output().trimEnd().split('\n').at(-1)
  return line === undefined || !line.endsWith('}') ? undefined : (JSON.parse(line) as EdgeReport)
}

test(
  `both sides are killed in turn, ${KILLS} times: what was durable at the edge is upstream, once`,
  { timeout },
  async (t) => {
    const [edgeDir, dir] = [temporaryFolder(t), temporaryFolder(t)]
    const port = await freePort()
    let receiver = await startReceiver(t, dir, port)
    let edge = startProcess(t, process.execPath, [EDGE, edgeDir, String(port)])
    const durable: (readonly [from: number, to: number])[] = []
    const random = randomFrom(SEED)
    let from = 1
    for (let kill = 0; kill < KILLS; kill++) {
      await eventually(() => `samples are confirmed: ${edge.output().slice(-500)}`, () => (reportOf(edge)?.durable ?? 0) > from + 2000 && reportOf(edge)!.pending < 50_000, 20_000) // prettier-ignore
      await pause(random() * 800)
      if (kill % 2 === 1) {
        await receiver.stop('SIGKILL')
        receiver = await startReceiver(t, dir, port)
      }
      if (kill % 3 === 1) continue
      await edge.stop('SIGKILL')
      durable.push([from, reportOf(edge)!.durable])
      edge = startProcess(t, process.execPath, [EDGE, edgeDir, String(port)])
      await edge.waitFor(/"durable"/)
      from = reportOf(edge)!.first
    }
    await eventually('it goes on', () => (reportOf(edge)?.durable ?? 0) > from + 1000, 20_000)
    edge.child.kill('SIGUSR2')
    await eventually(
      () => `all is confirmed: ${edge.output().slice(-500)}`,
      () => reportOf(edge)?.pending === 0,
      30_000 + KILLS * 2_000,
    )
    await pause(100)
    const { routed, delivered, pending, dropped, durable: last } = reportOf(edge)!
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    assert.equal(routed, delivered + pending + lost, 'the ledger of the edge adds up')
    durable.push([from, last])
    await edge.stop()
    await receiver.stop()
    const { samples, gaps } = await readReceived(dir, 'edge-1')
    assertRising(samples)
    const values = new Set(samples.map(({ value }) => value as number))
    const missing = durable.flatMap(([first, to]) => numbersFrom(first, to).filter((seq) => !values.has(seq)))
    report(t, 'kill -9 of an edge gateway and of the upstream one', missing.length, samples.length - values.size)
    assert.equal(values.size, samples.length, 'nothing came twice')
    assert.deepEqual(missing.slice(0, 10), [], `${missing.length} are missing of ${JSON.stringify(durable)}`)
    assert.ok(gaps.length > 0 && gaps.every(({ reason }) => reason === 'unclean-stop at edge-1'), JSON.stringify(gaps))
  },
)
