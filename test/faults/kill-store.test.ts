/**
 * kill -9 of a store under load, at random moments and at named failpoints: everything at or below the watermark that was printed
 * before the kill is in the log afterwards, in order, and the ledgers add up. The control reports the watermark before write(2) and
 * must lose some. BIFROST_KILLS says how many kills there are, BIFROST_SEED repeats a run.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { KILLS, quantileOf, randomFrom, reportFault, SEED } from '../../src/testing/fault-table.ts'
import { startProcess, temporaryFolder } from '../../src/testing/peers.ts'
import { FAILPOINTS } from './failpoints.ts'
import { KillAudit } from './kill-audit.ts'
import type { ChildSettings } from './kill-child.ts'

const CHILD = join(import.meta.dirname, 'kill-child.ts')
/** What a life lasts at most, in which its failpoint should come. */
const LIFE_MS = 2500
const STORE_KILLS = Math.max(4, Math.round(KILLS * 0.8))
const BOUND_BYTES = 40_000

/** Runs the child until it has killed itself, or `killAfterMs` after it began to open the store. */
async function live(t: TestContext, settings: ChildSettings, killAfterMs: number): Promise<string> {
  const child = startProcess(t, process.execPath, [CHILD, JSON.stringify(settings)])
  await child.waitFor(/opening\n/)
  const ended = await Promise.race([child.exited, pause(killAfterMs)])
  if (ended === undefined) await child.stop('SIGKILL')
  else assert.equal(ended.signal, 'SIGKILL', child.output())
  return child.output()
}

async function drain(t: TestContext, settings: Omit<ChildSettings, 'mode'>): Promise<string> {
  const child = startProcess(t, process.execPath, [CHILD, JSON.stringify({ ...settings, mode: 'drain' })])
  assert.deepEqual(await child.exited, { code: 0, signal: null }, child.output())
  return child.output()
}

for (const maxBytes of [undefined, BOUND_BYTES]) {
  const kind = maxBytes === undefined ? 'all is kept' : 'at the bound, thinning, slow sink'
  test(`kill -9 of a store under load, ${kind}: nothing durable is lost, order is kept, the ledgers add up`, async (t) => {
    const random = randomFrom(SEED)
    const dir = temporaryFolder(t)
    const audit = new KillAudit()
    const names = Object.keys(FAILPOINTS).filter(
      (name) => (FAILPOINTS[name]!.isBounded ?? false) === (maxBytes !== undefined),
    )
    const kills = Math.ceil(STORE_KILLS / 2)
    let named = 0
    for (let run = 0; run < kills; run++) {
      // Every other kill comes at a failpoint, each in its turn. The first life fills the log.
      const name = run % 2 === 1 ? names[(run >> 1) % names.length]! : undefined
      const failpoint = name === undefined ? undefined : { name, hit: 1 + Math.floor(random() * 3) }
      const killAfterMs =
        failpoint !== undefined ? LIFE_MS : run > 0 && random() < 0.2 ? random() * 60 : 100 + random() * 500
      const began = performance.now()
      audit.live(await live(t, { dir, mode: 'honest', maxBytes, failpoint }, killAfterMs))
      if (failpoint !== undefined && performance.now() - began < LIFE_MS) named++
    }
    audit.live(await drain(t, { dir, maxBytes }))
    audit.checkLedgers()
    if (maxBytes === undefined) audit.checkExactCount()
    const p99 = quantileOf(audit.openMs, 0.99)
    const remark = `${named} at failpoints; ${audit.reported} samples reported durable; open p99 ${p99.toFixed(0)} ms; seed ${SEED}`
    reportFault(t, {
      fault: `kill -9 of the store, ${kind}`,
      runs: kills,
      losses: audit.lost,
      duplicates: audit.duplicates,
      control: 'below',
      remark,
    })
    assert.equal(audit.lost, 0)
    assert.ok(audit.reported > 200 * kills, `only ${audit.reported} samples were at stake`)
    assert.ok(p99 < 5000, `opening took ${p99} ms`)
  })
}

test('the control that reports before write(2) does lose samples, so the check above can fail', async (t) => {
  const random = randomFrom(SEED)
  const dir = temporaryFolder(t)
  const audit = new KillAudit({ isControl: true })
  const kills = Math.max(2, Math.round(STORE_KILLS / 20))
  for (let run = 0; run < kills; run++) audit.live(await live(t, { dir, mode: 'crippled' }, 500 + random() * 300))
  audit.live(await drain(t, { dir }))
  reportFault(t, {
    fault: 'kill -9, watermark before write(2)',
    runs: kills,
    losses: audit.lost,
    duplicates: audit.duplicates,
    control: 'is one',
    remark: `${audit.reported} samples reported durable`,
  })
  assert.ok(audit.lost > 0, 'the control lost nothing')
})
