/** The cable is pulled while a write is under way: what was given up must not be carried out when it is plugged in again. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createAuthority, createCertificate } from '../src/testing/certificates.ts'
import { needs, temporaryFolder } from '../src/testing/peers.ts'

const CABLE = fileURLToPath(new URL('../src/testing/cable.ts', import.meta.url))

/** A network of one's own needs user namespaces, or root. */
const noNetwork = (): string | false =>
  needs('unshare', 'ip', 'openssl') ||
  (spawnSync('unshare', ['-rn', 'true']).status === 0 ? false : 'no network namespaces here (unshare -rn)')

test(
  'a write that was given up while the cable was out is never carried out; a read is still sent, which shows that the kernel tries',
  { skip: noNetwork() },
  (t) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'plant')
    const device = createCertificate(folder, 'device', authority, '127.0.0.1')
    const args = ['-rn', process.execPath, CABLE, authority.cert, device.cert, device.key]
    const { arrived, outcomes } = JSON.parse(execFileSync('unshare', args, { encoding: 'utf8', timeout: 30_000 })) as {
      arrived: Record<string, number[]>
      outcomes: Record<string, string>
    }
    assert.deepEqual(arrived, { read: [1, 7], write: [1], expired: [1], closed: [1], tls: [1], rtu: [1] })
    assert.deepEqual(outcomes, {
      read: 'TIMEOUT',
      write: 'TIMEOUT',
      expired: '23',
      closed: 'NOT_CONNECTED',
      tls: 'TIMEOUT',
      rtu: 'TIMEOUT',
    })
  },
)
