/** An audit log in a folder of a test's own, with a key of its own. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { AUDIT_LIMITS, openAudit, type AuditLog, type AuditOptions } from '../audit/audit.ts'
import { AUDIT_PURPOSE } from '../audit/opening.ts'
import { verifyAudit, type Verdict, type VerifyOptions } from '../audit/verify.ts'
import type { AuditEvent } from '../core/audit.ts'
import { silentLog } from '../core/log.ts'
import { openSecrets, type Secrets } from '../secrets/secrets.ts'
import { privateFiles } from '../store/files.ts'
import { temporaryFolder } from './peers.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface AuditRig {
  readonly data: string
  readonly folder: string
  readonly clock: VirtualClock
  readonly secrets: Secrets
  open(more?: Partial<AuditOptions>): Promise<AuditLog>
  /** As `bifrost audit verify` without a gateway. */
  verify(options?: VerifyOptions): Promise<Verdict>
}

/** Logs that are opened are closed when the test ends. */
export async function auditRig(t: TestContext): Promise<AuditRig> {
  const data = temporaryFolder(t)
  const clock = new VirtualClock()
  const secrets = await openSecrets(data, { env: {}, log: silentLog })
  const folder = join(data, 'audit')
  const signerOf = (id: string) => secrets.signer(AUDIT_PURPOSE, id)
  return {
    data,
    folder,
    clock,
    secrets,
    async open(more = {}) {
      const audit = await openAudit({ data, clock, log: silentLog, secrets, limits: AUDIT_LIMITS, ...more })
      t.after(() => audit.close())
      return audit
    },
    verify: (options = { signerOf, keyIds: secrets.keyIds }) => verifyAudit(privateFiles, folder, options),
  }
}

/** An event like any other. */
export const eventOf = (after: unknown, more: Partial<AuditEvent> = {}): AuditEvent => ({
  action: 'write',
  user: 'anna',
  from: 'http 10.0.0.7',
  object: 'tag press-1/level',
  before: null,
  after,
  outcome: 'written',
  ...more,
})
