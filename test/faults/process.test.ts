/**
 * What happens to the process and around it: the clock is set, the gateway and the broker stand still, connections are cut in the middle
 * of a write. Two gateways on one folder are in `test/start-stop.test.ts`; far sides that misbehave, with each sink.
 */
import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { reportFault } from '../../src/testing/fault-table.ts'
import { eventually, needs, needsFile } from '../../src/testing/peers.ts'
import { GatewayRig } from './gateway-rig.ts'

const FAKETIME = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`
const DAY_S = 86_400

test(
  'the clock is set a day on, a day back, and two days back: nothing is lost, nothing is taken for old',
  { skip: needs('mosquitto', 'faketime') || needsFile(FAKETIME) },
  async (t) => {
    const rig = await GatewayRig.make(t, { more: 'store: { maxAge: 10m }' })
    const file = join(rig.folder, 'clock')
    const set = (seconds: number): void => {
      // Never half a file: each call of the clock reads it.
      writeFileSync(`${file}.new`, `${seconds >= 0 ? '+' : ''}${seconds}\n`)
      renameSync(`${file}.new`, file)
    }
    set(0)
    const env = {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
    const gateway = await rig.start(env)
    await rig.drained()
    for (const seconds of [DAY_S, 0, -DAY_S, DAY_S]) {
      await rig.broker.stop()
      await rig.more(30)
      set(seconds)
      await rig.more(30)
      await rig.broker.start()
      await rig.drained()
      const [shown] = await gateway.values()
      assert.ok(
        Math.abs(Date.parse(shown!.time) - Date.now() - seconds * 1000) < 60_000,
        'the source time is the clock’s',
      )
      assert.ok(shown!.ageMs !== null && shown!.ageMs >= 0 && shown!.ageMs < 60_000, `an age of ${shown!.ageMs} ms`)
    }
    const durable = await rig.drained()
    assert.deepEqual(rig.missing([1, durable]), [])
    rig.countsOn(1)
    assert.deepEqual((await rig.sink()).dropped, {})
    assert.match(gateway.output(), /the clock was set/)
    assert.equal((await gateway.stop()).code, 0)
    reportFault(t, {
      fault: 'clock set by ± 1 and ± 2 days under load',
      runs: 4,
      losses: 0,
      duplicates: rig.duplicates,
      control: '',
      remark: 'samples are kept for 10 minutes, none was taken for older',
    })
  },
)

test(
  'the gateway and the broker stand still for a while (SIGSTOP): nothing is lost',
  { skip: needs('mosquitto') },
  async (t) => {
    const rig = await GatewayRig.make(t)
    const gateway = await rig.start()
    await rig.drained()
    for (const standMs of [500, 4000]) {
      gateway.child.kill('SIGSTOP')
      await pause(standMs)
      gateway.child.kill('SIGCONT')
      await rig.drained()
      rig.broker.pause(true)
      await pause(standMs)
      rig.broker.pause(false)
      await rig.drained()
    }
    await eventually('the sink runs', async () => (await rig.sink()).state === 'Running')
    const durable = await rig.drained()
    assert.deepEqual(rig.missing([1, durable]), [])
    assert.deepEqual((await rig.sink()).dropped, {})
    assert.equal((await gateway.stop()).code, 0)
    reportFault(t, {
      fault: 'gateway or broker stopped and continued (SIGSTOP, SIGCONT)',
      runs: 4,
      losses: 0,
      duplicates: rig.duplicates,
      control: '',
      remark: '0.5 s and 4 s',
    })
  },
)

test(
  'the broker is killed again and again in the middle of writes: every number arrives, in order',
  { skip: needs('mosquitto') },
  async (t) => {
    const rig = await GatewayRig.make(t)
    const gateway = await rig.start()
    await rig.drained()
    for (let kill = 0; kill < 5; kill++) {
      await rig.broker.stop('SIGKILL')
      await pause(50 * kill)
      await rig.broker.start()
      await rig.drained()
    }
    const durable = await rig.drained()
    assert.deepEqual(rig.missing([1, durable]), [])
    rig.countsOn(1)
    assert.deepEqual((await rig.sink()).dropped, {})
    assert.equal((await gateway.stop()).code, 0)
    reportFault(t, {
      fault: 'broker killed in the middle of writes',
      runs: 5,
      losses: 0,
      duplicates: rig.duplicates,
      control: '',
      remark: 'MQTT QoS 1',
    })
  },
)
