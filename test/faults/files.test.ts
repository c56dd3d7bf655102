/**
 * Files of the data folder that are damaged or gone, under a running gateway and between two lives: it starts, says what it found, gives
 * no number twice, and what was durable and is still there reaches the far side.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { reportFault } from '../../src/testing/fault-table.ts'
import { eventually, needs } from '../../src/testing/peers.ts'
import { GatewayRig } from './gateway-rig.ts'

const skip = needs('mosquitto')

/** Every byte of the file is another one, or one in the middle of each of its lines. */
const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  deleted: (path) => rmSync(path),
  emptied: (path) => writeFileSync(path, ''),
  garbled: (path) =>
    writeFileSync(
      path,
      readFileSync(path).map((byte, at) => (at % 16 === 5 ? byte ^ 0x24 : byte)),
    ),
}
const FILES = ['cursors/plant.cursor', 'sequence', 'tags', 'LOCK']

test(
  'state files deleted, emptied and garbled between two lives: nothing that waits for the sink is lost',
  { skip },
  async (t) => {
    const rig = await GatewayRig.make(t)
    let runs = 0
    for (const file of FILES) {
      for (const [how, damage] of Object.entries(DAMAGES)) {
        const what = `${file} ${how}`
        await rig.start()
        const first = (await rig.log()).nextSeq
        await rig.drained()
        // What is taken now waits for the sink over the fault.
        await rig.broker.stop()
        await rig.more(30)
        const { durableSeq, logId } = await rig.log()
        await rig.gateway.stop('SIGKILL')
        damage(join(rig.folder, 'data', file))
        const known = new Set(rig.recorder.messages.map(({ seq }) => seq))
        await rig.broker.start()
        await rig.start()
        assert.equal((await rig.log()).logId, logId, what)
        await rig.drained()
        assert.deepEqual(rig.missing([first, durableSeq]), [], what)
        const fresh = rig.recorder.messages.filter(({ seq }) => !known.has(seq))
        assert.ok(
          fresh.every(({ topic }) => topic === 'plant/d/n'),
          `${what}: samples came without their name`,
        )
        await rig.sink()
        await rig.gateway.stop('SIGKILL')
        runs++
      }
    }
    reportFault(t, {
      fault: `${FILES.join(', ')}: deleted, emptied, garbled`,
      runs,
      losses: 0,
      duplicates: rig.duplicates,
      control: '',
      remark: 'kill -9 with samples waiting, then the damage',
    })
  },
)

test(
  'a segment deleted under a running gateway: samples in memory still come; after a restart the gap is exact',
  { skip },
  async (t) => {
    const rig = await GatewayRig.make(t)
    await rig.start()
    await rig.drained()
    await rig.broker.stop()
    await rig.more(50)
    const log = join(rig.folder, 'data', 'log')
    for (const name of readdirSync(log)) rmSync(join(log, name))
    await rig.more(50)
    await rig.broker.start()
    const kept = await rig.drained()
    assert.deepEqual(rig.missing([1, kept]), [], 'what is in memory comes')
    rig.countsOn(1)

    // Three lives, so that there are sealed segments; the middle one goes while the sink waits for all.
    await rig.broker.stop()
    for (let life = 0; life < 3; life++) {
      await rig.more(30)
      assert.equal((await rig.gateway.stop()).code, 0)
      await rig.start()
    }
    await rig.more(30)
    const before = await rig.sink()
    await rig.gateway.stop()
    const segments = readdirSync(log)
      .filter((name) => name.endsWith('.seg'))
      .sort()
    rmSync(join(log, segments.at(-2)!))
    await rig.broker.start()
    await rig.start()
    await rig.drained()
    const { dropped, routed } = await rig.sink()
    assert.ok((dropped['missing-segment'] ?? 0) >= 30, JSON.stringify(dropped))
    assert.ok(routed >= before.routed)
    await eventually('the gap shows in the metrics', async () =>
      (await (await fetch(`${rig.gateway.url}/metrics`)).text()).includes('missing-segment'),
    )
    assert.equal((await rig.gateway.stop()).code, 0)
    reportFault(t, {
      fault: 'a segment deleted under the gateway',
      runs: 2,
      losses: 0,
      duplicates: rig.duplicates,
      control: '',
      remark: `${dropped['missing-segment']} samples in the gap that is told`,
    })
  },
)
