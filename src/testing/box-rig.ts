/** A box on which a version is installed and runs, and releases for it: for tests of the updater, with a played systemd (./release-stand-in.ts). */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { installedVersion } from '../release/box.ts'
import { parseTrustedKeys } from '../release/keys.ts'
import { openSource } from '../release/source.ts'
import { readTrial, versionsThere } from '../release/state.ts'
import { look, take, type Update } from '../release/update.ts'
import { temporaryFolder } from './peers.ts'
import { makeBox, makeRelease, newSigningKey, type StandIn } from './release-stand-in.ts'

export const key = newSigningKey()
export const signal = new AbortController().signal

export function rig(t: TestContext, { version = '1.0.0', seconds = 4 } = {}) {
  const root = temporaryFolder(t)
  const { box, env } = makeBox(root, version)
  const before = { ...process.env }
  Object.assign(process.env, env)
  t.after(() => Object.assign(process.env, before))
  spawnSync('systemctl', ['restart', 'bifrost.service'])
  const release = (next: string, more: Partial<StandIn> = {}): string => {
    const folder = join(root, 'releases', next)
    makeRelease(folder, { version: next, key, ...more })
    return folder
  }
  const update = (from: string, more: Partial<Update> = {}): Update => ({
    box,
    source: openSource(from, 'stable'),
    trusted: parseTrustedKeys(key.publicPem),
    channel: 'stable',
    gate: { seconds, url: undefined },
    keep: 2,
    allowDowngrade: false,
    again: false,
    arch: process.arch,
    now: Date.parse('2026-11-29T12:00:00Z'),
    say: () => undefined,
    ...more,
  })
  const apply = async (from: string, more: Partial<Update> = {}): Promise<void> => {
    const one = update(from, more)
    await take(one, await look(one, signal), signal)
  }
  const runs = () => readFileSync(join(root, 'systemd', 'runs'), 'utf8').trim()
  const untouched = (): void => {
    assert.equal(installedVersion(box), '1.0.0')
    assert.equal(runs(), '1.0.0')
    assert.equal(readTrial(box), undefined)
    assert.deepEqual(readdirSync(box.prefix).toSorted(), ['bifrost-gate', 'current', 'versions'])
    assert.deepEqual(versionsThere(box), ['1.0.0'])
  }
  return { root, box, release, update, apply, runs, untouched, env: { ...before, ...env } }
}

/** For assert.rejects: code and sentence of a GatewayError. */
export const fails = (code: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GatewayError, String(error))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, pattern)
  return true
}
