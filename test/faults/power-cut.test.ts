/**
 * Power cuts: a virtual machine with a store under load loses its power at random moments. What it reported durable over its serial
 * line is on its disk, in order, and the ledgers add up. The control does not sync its segments and must lose some. BIFROST_CUTS
 * says how many cuts there are: 5 in CI, 50 on demand. What the disk itself holds back (its own write cache) is not modelled.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { quantileOf, randomFrom, reportFault, SEED } from '../../src/testing/fault-table.ts'
import { needs, startProcess, temporaryFolder } from '../../src/testing/peers.ts'
import { KillAudit } from './kill-audit.ts'
import { buildMachine, MACHINE_PROGRAMS, type Machine } from './machine.ts'

const CUTS = Number(process.env.BIFROST_CUTS ?? 5)
const CHILD = join(import.meta.dirname, 'kill-child.ts')
const skip = process.arch === 'x64' ? needs(...MACHINE_PROGRAMS) : 'the machine is an x86 that runs this Node'
const OURS = /^(opening|open|durable|took|gap|wrong|unbalanced)\b/

/** One life of the machine: everything it said until its power was cut, `afterMs` after the first report. */
async function liveAndCut(
  t: TestContext,
  machine: Machine,
  disk: string,
  mode: string,
  afterMs: number,
): Promise<string> {
  const running = machine.boot(t, disk, mode)
  await running.waitFor(/^durable \d+\r?\n/m, 90_000)
  await pause(afterMs)
  await running.stop('SIGKILL')
  const lines = running.output().replaceAll('\r', '').split('\n').slice(0, -1)
  return `${lines.filter((line) => OURS.test(line)).join('\n')}\n`
}

/** Takes everything off the disk, by another process on this machine. */
async function drain(t: TestContext, machine: Machine, disk: string): Promise<string> {
  const into = temporaryFolder(t)
  machine.readDisk(disk, into)
  const settings = JSON.stringify({ dir: join(into, 'store'), mode: 'drain' })
  const child = startProcess(t, process.execPath, [CHILD, settings])
  assert.deepEqual(await child.exited, { code: 0, signal: null }, child.output())
  return child.output()
}

test(
  `${CUTS} power cuts of a virtual machine: what was reported durable is on its disk, and a store that does not sync loses some`,
  { skip, timeout: 240_000 + CUTS * 40_000 },
  async (t) => {
    const random = randomFrom(SEED)
    const machine = await buildMachine(temporaryFolder(t), CHILD)
    const disk = machine.makeDisk('honest.img')
    const audit = new KillAudit()
    for (let cut = 0; cut < CUTS; cut++) audit.live(await liveAndCut(t, machine, disk, 'honest', 200 + random() * 2000))
    audit.live(await drain(t, machine, disk))
    audit.checkLedgers()
    audit.checkExactCount()

    const control = new KillAudit({ isControl: true })
    const other = machine.makeDisk('crippled.img')
    control.live(await liveAndCut(t, machine, other, 'unsynced', 1000 + random() * 1000))
    control.live(await drain(t, machine, other))

    reportFault(t, {
      fault: 'power cut of a virtual machine (ext4)',
      runs: CUTS,
      losses: audit.lost,
      duplicates: audit.duplicates,
      control: `without fdatasync: ${control.lost} of ${control.reported} lost in 1 run`,
      remark: `${audit.reported} samples reported durable; open p99 ${quantileOf(audit.openMs, 0.99).toFixed(0)} ms; seed ${SEED}`,
    })
    assert.equal(audit.lost, 0)
    assert.ok(audit.reported > 0)
    assert.ok(control.lost > 0, 'the control lost nothing')
  },
)
