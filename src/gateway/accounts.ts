/** The accounts of a configuration: those of the gateway that runs, and those that the command line opens on the host. */
import type { Accounts, AreaOf } from '../accounts/accounts.ts'
import { handInAudit } from '../audit/inbox.ts'
import type { Config } from '../config/config.ts'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'

interface AccountsContext {
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Accounts are loaded where somebody is asked who they are. */
export async function openAccountsOf(
  config: Config,
  { clock, log, audit, env }: AccountsContext,
): Promise<Accounts | undefined> {
  if (config.http?.access !== 'accounts') return undefined
  const [{ openAccounts }, { initialAdmin }] = await Promise.all([
    import('../accounts/accounts.ts'),
    import('../config/initial-admin.ts'),
  ])
  return openAccounts({
    data: config.data,
    config: config.access,
    areaOf: areaOf(config),
    clock,
    log: log.child({ component: 'accounts' }),
    audit,
    initialAdmin: initialAdmin(env),
  })
}

/** The accounts of a configuration for the command line on the host, beside a gateway that runs or without one. */
export async function openAccountsAlone(config: Config, { clock, log }: Pick<AccountsContext, 'clock' | 'log'>) {
  const { openAccounts } = await import('../accounts/accounts.ts')
  const { data, access } = config
  const audit = handInAudit(data, clock)
  const accounts = await openAccounts({ data, config: access, areaOf: areaOf(config), clock, log, audit })
  return { accounts, close: () => accounts.close() }
}

/** Where devices stand. */
export function areaOf({ devices }: Config): AreaOf {
  const areas = new Map(devices.flatMap(({ name, area }) => (area === undefined ? [] : [[name, area] as const])))
  return (device) => areas.get(device)
}
