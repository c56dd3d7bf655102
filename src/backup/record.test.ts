/** A backup, a check and a drill that end at once: each of them stands in the status. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { readBackupStatus, statusFile } from '../core/backup-status.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { outcome, recordStatus } from './record.ts'

test('what ends at once is all written down; a status that cannot be read is a failure until then', async (t) => {
  const data = temporaryFolder(t)
  mkdirSync(dirname(statusFile(data)))
  writeFileSync(statusFile(data), '{')
  assert.deepEqual(Object.entries(readBackupStatus(data)!.repositories).map(([name, { ok }]) => `${name} ${ok}`), ['(status unreadable) false']) // prettier-ignore
  const names = Array.from({ length: 12 }, (_, at) => `region-${at}`)
  await Promise.all(
    names.map(
      (name) =>
      recordStatus(data, (status) => ({ ...status, verify: { ...status.verify, [name]: outcome(undefined, 1, 2, undefined) } })), // prettier-ignore
    ),
  )
  const { verify, repositories } = readBackupStatus(data)!
  assert.deepEqual(Object.keys(verify).toSorted(), names.toSorted())
  assert.deepEqual(repositories, {})
})
