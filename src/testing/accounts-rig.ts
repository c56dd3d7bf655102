/** Accounts in a folder of their own, with a clock that tests move and an audit that they read. */
import type { TestContext } from 'node:test'
import { openAccounts, type Accounts, type AccountsSetup, type Actor } from '../accounts/accounts.ts'
import { ACCESS_DEFAULTS, type AccessConfig } from '../core/access.ts'
import type { AuditEvent } from '../core/audit.ts'
import { GatewayError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { temporaryFolder } from './peers.ts'
import { VirtualClock } from './virtual-clock.ts'

export const PASSWORD = 'seven wet umbrellas'
export const OFFICE = { address: '10.0.0.7', agent: 'a browser' }
export const STRANGER = { address: '203.0.113.9' }

export interface AccountsRig {
  readonly accounts: Accounts
  readonly clock: VirtualClock
  readonly data: string
  readonly events: AuditEvent[]
  readonly config: AccessConfig
  /** The command line on the host. */
  readonly host: Actor
  /** A second one on the same file, as another process has it, or the same after a restart. */
  open(more?: Partial<AccountsSetup>): Promise<Accounts>
}

export interface RigOptions {
  readonly config?: Partial<AccessConfig>
  readonly areaOf?: AccountsSetup['areaOf']
  /** Adds the administrator `anna`. */
  readonly withAnna?: boolean
  readonly clock?: VirtualClock
  readonly initialAdmin?: AccountsSetup['initialAdmin']
}

export async function openRig(t: TestContext, options: RigOptions = {}): Promise<AccountsRig> {
  const { clock = new VirtualClock(), areaOf, initialAdmin } = options
  const config = { ...ACCESS_DEFAULTS, ...options.config }
  const data = temporaryFolder(t)
  const events: AuditEvent[] = []
  const audit = {
    record: async (event: AuditEvent) => {
      events.push(event)
    },
  }
  const opened: Accounts[] = []
  t.after(async () => {
    for (const each of opened) await each.close()
  })
  const open: AccountsRig['open'] = async (more = {}) => {
    const accounts = await openAccounts({ data, config, areaOf, clock, log: silentLog, audit, ...more })
    opened.push(accounts)
    return accounts
  }
  const accounts = await open({ initialAdmin })
  const host: Actor = { by: accounts.hostPrincipal('root'), from: { address: 'host' } }
  if (options.withAnna === true) await accounts.users.add({ name: 'anna', password: PASSWORD, roles: ['admin'] }, host)
  return { accounts, clock, data, events, config, host, open }
}

/** The code of the error that this is refused with. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
  return 'none'
}
