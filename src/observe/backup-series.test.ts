/** The status that backups leave becomes one series for each metric of the table; what is no status is a failure. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { statusFile } from '../core/backup-status.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { backupMetrics } from './backup-metrics.ts'
import { createMetrics } from './metrics.ts'

const OUTCOME = { lastAttempt: 5000, lastSuccess: 4000, ok: false, error: 'away', seconds: 2.5 }
const STATUS = {
  version: 1,
  repositories: { site: { ...OUTCOME, covers: 3000, bytes: 10, addedBytes: 4 } },
  verify: { site: { ...OUTCOME, lastSuccess: null } },
  prune: { site: { ...OUTCOME, ok: true } },
  drill: { ...OUTCOME, restoreSeconds: 7, restoredBytes: 9 },
}

test('each metric says what the status says', async (t) => {
  const gateway = await startTestGateway(t, { devices: [] })
  const metrics = createMetrics(gateway)
  const series = async (): Promise<Record<string, number>> =>
    Object.fromEntries([...(await metrics.render(false)).matchAll(/^(bifrost_backup_\S+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)])) // prettier-ignore
  assert.deepEqual(await series(), {})
  const file = statusFile(gateway.config.data)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'no status')
  assert.match(await metrics.render(false), /^bifrost_backup_failed\{repository="\(status unreadable\)"\} 1$/m)
  assert.match(
    await metrics.render(false),
    /^bifrost_backup_last_success_timestamp_seconds\{repository="\(status unreadable\)"\} 0$/m,
  )
  writeFileSync(file, JSON.stringify(STATUS))
  const found = await series()
  assert.deepEqual(found, {
    'bifrost_backup_last_success_timestamp_seconds{repository="site"}': 4,
    'bifrost_backup_failed{repository="site"}': 1,
    'bifrost_backup_covered_timestamp_seconds{repository="site"}': 3,
    'bifrost_backup_bytes{repository="site"}': 10,
    'bifrost_backup_added_bytes{repository="site"}': 4,
    'bifrost_backup_duration_seconds{repository="site"}': 2.5,
    'bifrost_backup_verify_last_success_timestamp_seconds{repository="site"}': 0,
    'bifrost_backup_verify_failed{repository="site"}': 1,
    'bifrost_backup_prune_failed{repository="site"}': 0,
    bifrost_backup_drill_last_success_timestamp_seconds: 4,
    bifrost_backup_drill_failed: 1,
    bifrost_backup_drill_restore_seconds: 7,
  })
  assert.equal(Object.keys(found).length, backupMetrics.length)
})
