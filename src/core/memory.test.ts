/** The limit of memory: of the control groups above too, of either version, and what is asked for by hand. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryFolder } from '../testing/peers.ts'
import { cgroupLimitBytes, memoryLimitBytes } from './memory.ts'

const MIB = 2 ** 20

/** The limit where `/proc/self/cgroup` says this and these files are there, MiB. */
function limitOf(t: TestContext, said: string, files: Record<string, string>): number | null {
  const folder = temporaryFolder(t)
  const proc = join(folder, 'proc')
  writeFileSync(proc, said)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), `${content}\n`)
  }
  const bytes = cgroupLimitBytes(proc, folder)
  return bytes === null ? null : bytes / MIB
}

const mib = (count: number): string => String(count * MIB)

test('version 2: the least of the group and those above it, and of the bound at which it is slowed down', (t) => {
  const path = 'a.slice/b.service'
  const said = `0::/${path}\n`
  assert.equal(limitOf(t, said, { [`${path}/memory.max`]: mib(256) }), 256)
  assert.equal(limitOf(t, said, { [`${path}/memory.max`]: 'max', 'a.slice/memory.max': mib(300) }), 300)
  assert.equal(limitOf(t, said, { [`${path}/memory.max`]: mib(256), 'a.slice/memory.max': mib(128) }), 128)
  assert.equal(limitOf(t, said, { [`${path}/memory.max`]: mib(256), [`${path}/memory.high`]: mib(230) }), 230)
  assert.equal(limitOf(t, said, { [`${path}/memory.max`]: mib(256), [`${path}/memory.high`]: '0' }), 256)
  assert.equal(limitOf(t, said, { [`${path}/memory.max`]: 'max' }), null)
})

test('in a container the root of what is mounted counts, whatever the path of the host', (t) => {
  assert.equal(limitOf(t, '0::/\n', { 'memory.max': mib(256) }), 256)
  assert.equal(limitOf(t, '0::/kubepods/pod1/c2\n', { 'memory.max': mib(256) }), 256)
  assert.equal(limitOf(t, '0::/../c2\n', { 'memory.max': mib(256), 'c2/memory.max': mib(1) }), 256)
})

test('version 1: the controller of memory alone, and what it says where there is no limit', (t) => {
  const said = '5:cpu,cpuacct:/c\n4:memory:/a/b\n1:name=systemd:/d\n0::/\n'
  const none = '9223372036854771712'
  assert.equal(limitOf(t, said, { 'memory/a/b/memory.limit_in_bytes': mib(256), 'memory/c/memory.limit_in_bytes': mib(1) }), 256) // prettier-ignore
  assert.equal(limitOf(t, said, { 'memory/a/b/memory.limit_in_bytes': none, 'memory/a/memory.limit_in_bytes': mib(512) }), 512) // prettier-ignore
  assert.equal(limitOf(t, said, { 'memory/a/b/memory.limit_in_bytes': none, 'memory/memory.limit_in_bytes': none }), null) // prettier-ignore
  assert.equal(limitOf(t, '', {}), null)
  assert.equal(cgroupLimitBytes('/nonexistent/cgroup'), null)
})

test('the machine bounds it too, and so does BIFROST_MEMORY=small', (t) => {
  t.after(() => delete process.env.BIFROST_MEMORY)
  process.env.BIFROST_MEMORY = 'small'
  assert.equal(memoryLimitBytes(), Math.min(256 * MIB, cgroupLimitBytes() ?? Infinity, totalmem()))
  delete process.env.BIFROST_MEMORY
  assert.equal(memoryLimitBytes(), Math.min(cgroupLimitBytes() ?? Infinity, totalmem()))
  assert.ok(memoryLimitBytes() > 256 * MIB, 'a machine that runs these tests has more')
})
