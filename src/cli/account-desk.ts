/** Opens the accounts of a configuration for one command, as the user of this machine who runs it. */
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import type { Accounts } from '../gateway.ts'
import { textOption, type Call } from './call.ts'
import { configFile, loadConfigFile } from './config-file.ts'
import { assertOwnUser, hostUserName } from './host-user.ts'

export type Actor = Parameters<Accounts['users']['remove']>[1]

/** Closed when `work` ends. */
export async function withAccounts<T>(
  call: Call,
  work: (accounts: Accounts, actor: Actor) => T | Promise<T>,
): Promise<T> {
  const config = await loadConfigFile(configFile(call), call.env)
  await assertOwnUser(config.data)
  const { openAccountsAlone } = await import('../gateway.ts')
  const { accounts, close } = await openAccountsAlone(config, { clock: systemClock, log: silentLog })
  try {
    const by = accounts.hostPrincipal(hostUserName())
    return await work(accounts, { by, from: { address: 'host' }, reason: textOption(call, 'reason') })
  } finally {
    await close()
  }
}

/** `a, b` → `['a', 'b']`. */
export const listOption = (call: Call, name: string): string[] | undefined =>
  textOption(call, name)
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

/** `2026-11-23 10:00:07`, in UTC; `never` for null. */
export const whenText = (time: number | null): string =>
  time === null ? 'never' : new Date(time).toISOString().slice(0, 19).replace('T', ' ')
