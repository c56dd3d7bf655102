/** A box below a temporary root for `deploy/edge/install.sh`, with real signatures and tarballs and a played systemd (./release-stand-in.ts). */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { needs, temporaryFolder } from './peers.ts'
import { makeBox, makeRelease, newSigningKey, type StandIn } from './release-stand-in.ts'

export const SCRIPT = join(import.meta.dirname, '..', '..', 'deploy', 'edge', 'install.sh')
export const peers = { skip: needs('openssl', 'setpriv') }
const key = newSigningKey()

export function rig(t: TestContext) {
  const root = temporaryFolder(t)
  const { box, env } = makeBox(root)
  const trust = join(root, 'trust.pem')
  writeFileSync(trust, key.publicPem)
  const sh = (args: readonly string[], more: Record<string, string> = {}) => {
    const all = { ...process.env, ...env, BIFROST_INSTALL_SYSTEMD: '1', ...more }
    const { status, stdout, stderr } = spawnSync('sh', [SCRIPT, ...args], { env: all, encoding: 'utf8' })
    return { status, said: stdout + stderr }
  }
  const release = (version: string, more: Partial<StandIn> = {}): string => {
    const folder = join(root, 'releases', `${version}-${Math.random()}`)
    makeRelease(folder, { version, key, ...more })
    return folder
  }
  const install = (from: string, args: readonly string[] = [], more?: Record<string, string>) =>
    sh(['--from', from, '--trust', trust, ...args], more)
  /** Version that is linked, and what lies beside it that should not. */
  const is = (version: string | undefined): void => {
    const link = join(box.prefix, 'current')
    assert.equal(existsSync(link) ? readlinkSync(link) : undefined, version && `versions/${version}`)
    assert.deepEqual(globSync('.*', { cwd: box.prefix }), [])
    assert.deepEqual([existsSync(join(box.state, 'lock')), existsSync(join(box.state, 'trial'))], [false, false])
  }
  const ok = ({ status, said }: { status: number | null; said: string }, pattern: RegExp): void => {
    assert.equal(status, 0, said)
    assert.match(said, pattern)
  }
  const refused = ({ status, said }: { status: number | null; said: string }, pattern: RegExp): void => {
    assert.equal(status, 1, said)
    assert.match(said, pattern)
  }
  return {
    root,
    box,
    env: { ...process.env, ...env, BIFROST_INSTALL_SYSTEMD: '1' },
    trust,
    sh,
    release,
    install,
    is,
    ok,
    refused,
  }
}

/** A program of the system that is exchanged for a script, found first. */
export function exchange(root: string, name: string, script: string): Record<string, string> {
  const folder = join(root, `exchanged-${name}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return { PATH: `${folder}:${join(root, 'bin')}:${process.env.PATH ?? ''}` }
}
