/** Hands the one access store of the page to its components. */
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { AccessState, AccessStore } from './store.ts'

export const AccessContext = createContext<AccessStore | undefined>(undefined)

export function useAccess(): { readonly store: AccessStore; readonly state: AccessState } {
  const store = useContext(AccessContext)
  if (store === undefined) throw new Error('there is no AccessContext above this component')
  return { store, state: useSyncExternalStore(store.subscribe, () => store.state) }
}
