/** Hands the one store of the page to its components, and the second hand that lets ages tick. */
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import type { LiveStore } from './store.ts'

export const LiveContext = createContext<LiveStore | undefined>(undefined)

/** The store itself; does not re-render. */
export function useLiveStore(): LiveStore {
  const store = useContext(LiveContext)
  if (store === undefined) throw new Error('there is no LiveContext above this component')
  return store
}

/** What `select` gives, again whenever the store tells of a change in it. */
export function useLive<T>(select: (store: LiveStore) => T): T {
  const store = useLiveStore()
  return useSyncExternalStore(store.subscribe, () => select(store))
}

/** The gateway's time, once a second. */
export function useNow(): number {
  const store = useLiveStore()
  const [now, setNow] = useState(() => store.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(store.now()), 1000)
    return () => clearInterval(timer)
  }, [store])
  return now
}
