/** Whoever runs a command on the host of the gateway: with its files before them, they need no password. */
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { GatewayError } from '../core/errors.ts'

export function hostUserName(): string {
  try {
    return userInfo().username
  } catch {
    return 'a user without a name'
  }
}

/** Files that another user made are closed to the gateway. `instead` is what else can be done. */
export async function assertOwnUser(data: string, instead = ''): Promise<void> {
  const owner = await stat(data).then(
    ({ uid }) => uid,
    () => undefined,
  )
  if (owner === undefined || owner === process.getuid?.()) return
  throw new GatewayError(
    'USAGE',
    `${data} belongs to the user ${owner}; run this as that user (sudo -u '#${owner}' bifrost …)${instead}`,
  )
}
