/**
 * A running gateway whose disk fails: full, I/O errors, a file system that the kernel makes read-only. It does not end, says so, brings
 * what it reads to the far side all the same, loses nothing, and writes again by itself when it can. Real file systems, so root only.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { reportFault } from '../../src/testing/fault-table.ts'
import { bifrost } from '../../src/testing/gateway-process.ts'
import { eventually, findCommand, needs } from '../../src/testing/peers.ts'
import { GatewayRig } from './gateway-rig.ts'

const run = (command: string, ...args: string[]): string =>
  execFileSync(findCommand(command) ?? command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

/** Containers often may not mount anything, also as root. */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-test-'))
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', folder)
    run('umount', folder)
    return existsSync('/dev/loop-control')
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const skip = mayMount() ? needs('mosquitto', 'mke2fs', 'losetup') : 'no file system can be mounted here (root only)'

/** A folder in which file systems are mounted; all goes when the test ends. */
class Mounts {
  readonly folder = mkdtempSync(join(tmpdir(), 'bifrost-test-'))
  readonly data = join(this.folder, 'data')

  constructor(t: TestContext) {
    mkdirSync(this.data)
    t.after(() => {
      while (isMounted(this.data)) run('umount', '-l', this.data)
      rmSync(this.folder, { recursive: true, force: true })
    })
  }

  mount(...args: string[]): void {
    run('mount', ...args, this.data)
  }
}

const isMounted = (path: string): boolean => readFileSync('/proc/mounts', 'utf8').includes(` ${path} `)

/** Takes all the room that is left in a folder. */
function fill(folder: string): string {
  const path = join(folder, 'ballast')
  for (const bytes of [16 * 1024, 1]) {
    const block = Buffer.alloc(bytes)
    try {
      for (;;) writeFileSync(path, block, { flag: 'a' })
    } catch (error) {
      assert.match(String(error), /ENOSPC/)
    }
  }
  return path
}

/** Waits until the failure shows everywhere, lets it last a while, and returns what was durable before it. */
async function failing(rig: GatewayRig, pattern: RegExp): Promise<number> {
  await eventually('the log says that it fails', async () => (await rig.log()).failed !== null, 20_000)
  assert.match(String((await rig.log()).failed), pattern)
  assert.equal(await rig.metric('bifrost_log_failed'), 1)
  const { durableSeq } = await rig.log()
  const before = rig.recorder.messages.length
  await rig.more(50)
  await eventually('samples come all the same', () => rig.recorder.messages.length > before + 30)
  return durableSeq
}

test('a full disk: shown, nothing lost, and it goes on by itself when there is room', { skip }, async (t) => {
  const mounts = new Mounts(t)
  const { folder, data } = mounts
  mounts.mount('-t', 'tmpfs', '-o', 'size=4m', 'none')
  const rig = await GatewayRig.make(t, { folder })
  await rig.start()
  await rig.more(50)
  for (let times = 0; times < 3; times++) {
    const ballast = fill(data)
    await failing(rig, /ENOSPC|no space/i)
    rmSync(ballast)
    await eventually('the log can be written again', async () => (await rig.log()).failed === null, 20_000)
    assert.equal(await rig.metric('bifrost_log_failed'), 0)
  }
  const durable = await rig.drained()
  assert.deepEqual(rig.missing([1, durable]), [])
  rig.countsOn(1)
  assert.deepEqual((await rig.sink()).dropped, {})
  assert.equal((await rig.gateway.stop()).code, 0)

  // It starts on a full disk, too, and after a kill there: devices are read, samples go on from memory, a second gateway is refused.
  const ballast = fill(data)
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    await rig.start()
    await failing(rig, /ENOSPC|no space/i)
    const second = await bifrost('run', '-c', join(folder, 'bifrost.yaml'))
    assert.match(
      second.err + second.out,
      new RegExp(`in use by another gateway \\(process ${rig.gateway.child.pid}\\)`),
    )
    await rig.gateway.stop(signal)
  }
  rmSync(ballast)
  await rig.start()
  const { nextSeq } = await rig.log()
  const last = await rig.drained()
  // What came while there was no room was never durable, and went with its gateway where the sink had not got it yet.
  assert.deepEqual(rig.missing([1, durable]), [])
  assert.deepEqual(rig.missing([nextSeq, last]), [])
  assert.equal((await rig.gateway.stop()).code, 0)
  reportFault(t, {
    fault: 'disk full (4 MB tmpfs), gateway running and starting',
    runs: 5,
    losses: 0,
    duplicates: rig.duplicates,
    control: '',
    remark: 'samples go on to the sink from memory',
  })
})

test('a file system that fails with I/O errors and is made read-only by the kernel: the same', { skip }, async (t) => {
  const mounts = new Mounts(t)
  const { folder, data } = mounts
  const image = join(folder, 'disk.img')
  run('truncate', '-s', '64M', image)
  run('mke2fs', '-q', '-F', '-t', 'ext4', image)
  mounts.mount('-o', 'loop,errors=remount-ro', image)
  const rig = await GatewayRig.make(t, { folder })
  await rig.start()
  await rig.more(50)
  const loop = basename(run('losetup', '-j', image).split(':')[0]!)
  writeFileSync(`/sys/fs/ext4/${loop}/trigger_fs_error`, 'test')
  const durable = await failing(rig, /EROFS|EIO|read-only|i\/o/i)
  // The kernel does not make such a file system writable again while files of it are open: a repaired copy takes its place.
  run('umount', '-l', data)
  await rig.more(20)
  const copy = join(folder, 'copy.img')
  run('cp', image, copy)
  try {
    run('e2fsck', '-fy', copy)
  } catch (error) {
    assert.equal((error as { status: number }).status, 1, 'e2fsck corrected something')
  }
  mounts.mount('-o', 'loop', copy)
  await eventually('the log can be written again', async () => (await rig.log()).failed === null, 20_000)
  const after = await rig.drained()
  assert.ok(after > durable)
  assert.deepEqual(rig.missing([1, after]), [])
  rig.countsOn(1)
  assert.deepEqual((await rig.sink()).dropped, {})
  await new Promise((resolve) => setTimeout(resolve, 2500))
  const before = await rig.sink()
  await rig.gateway.stop('SIGKILL')

  // What it says is durable is on the repaired file system, and so is the sink's place.
  await rig.start()
  const again = await rig.sink()
  assert.ok(
    again.delivered >= before.delivered - 1000 && again.delivered > 50,
    `${again.delivered} of ${before.delivered}`,
  )
  assert.ok(rig.duplicates < before.delivered / 2, `${rig.duplicates} came twice: the place of the sink was not kept`)
  assert.equal((await rig.gateway.stop()).code, 0)
  reportFault(t, {
    fault: 'I/O error and read-only file system (ext4), gateway running',
    runs: 1,
    losses: 0,
    duplicates: rig.duplicates,
    control: '',
    remark: 'repaired and mounted again under the running gateway',
  })
})
