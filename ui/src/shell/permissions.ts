/** What whoever looks at the page may do. The gateway decides; the page only leaves out what would be refused. */
import { useAccess } from '../access/context.ts'
import type { User } from '../access/calls.ts'

export type Permission = User['permissions'][number]

/** Whether they may do this, for at least one device. */
export function useMay(permission: Permission): boolean {
  const { state } = useAccess()
  return 'user' in state && state.user.permissions.includes(permission)
}

/** All of it. */
export function usePermissions(): readonly Permission[] {
  const { state } = useAccess()
  return 'user' in state ? state.user.permissions : []
}
