/**
 * Where the page is: a path, and in the query everything that a screen was told to show, so that every view can be linked and survives a
 * reload. Names of devices and tags are in the query too, never in the path: they may hold dots and slashes.
 */
import { useCallback, useMemo, useSyncExternalStore } from 'react'

export interface Address {
  readonly path: string
  readonly query: URLSearchParams
}

type QueryPart = Readonly<Record<string, string | undefined>>

/** Why the page should not be left now, as a question; undefined: nothing stands against it. */
type Guard = () => string | undefined
let guard: Guard | undefined
let askUser: ((question: string, leave: () => void) => void) | undefined

/** The present address; renders again when it changes. */
export function useAddress(): Address {
  const text = useSyncExternalStore(subscribe, present)
  return useMemo(() => parse(text), [text])
}

/** One word of the query, and how to change it without a new entry in the history; empty takes it away. */
export function useQueryPart(name: string): [string, (value: string) => void] {
  const value = useAddress().query.get(name) ?? ''
  const change = useCallback((next: string) => changeQuery({ [name]: next === '' ? undefined : next }), [name])
  return [value, change]
}

/** `/device?name=press-1`: an address of the page. */
export function hrefOf(path: string, query: QueryPart = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, value)
  return search.size === 0 ? path : `${path}?${search}`
}

/** Goes there, as a link does; asks first where something unsaved would be lost. */
export function navigate(href: string): void {
  if (href === present()) return
  leaveBy(() => {
    window.history.pushState(null, '', href)
    window.scrollTo(0, 0)
    tell()
  })
}

/** Changes parts of the query in place; undefined takes one away. */
export function changeQuery(part: QueryPart): void {
  const query = new URLSearchParams(window.location.search)
  for (const [key, value] of Object.entries(part))
    if (value === undefined) query.delete(key)
    else query.set(key, value)
  replaceAddress(`${window.location.pathname}${query.size === 0 ? '' : `?${query}`}`)
}

export function replaceAddress(href: string): void {
  window.history.replaceState(null, '', href)
  tell()
}

/** While `next` gives a question, nothing leads away without its answer. One screen at a time; returns how to end that. */
export function guardAddress(next: Guard): () => void {
  guard = next
  const hold = (event: BeforeUnloadEvent) => next() !== undefined && event.preventDefault()
  window.addEventListener('beforeunload', hold)
  return () => {
    if (guard === next) guard = undefined
    window.removeEventListener('beforeunload', hold)
  }
}

/** Who asks the user whether to leave. */
export function whenGuarded(ask: (question: string, leave: () => void) => void): () => void {
  askUser = ask
  return () => (askUser = undefined)
}

function leaveBy(leave: () => void): void {
  const question = guard?.()
  if (question === undefined || askUser === undefined) leave()
  else
    askUser(question, () => {
      guard = undefined
      leave()
    })
}

const present = (): string => `${window.location.pathname}${window.location.search}`

function tell(): void {
  shown = present()
  for (const listener of listeners) listener()
}

function parse(text: string): Address {
  const at = text.indexOf('?')
  return at < 0
    ? { path: text, query: new URLSearchParams() }
    : { path: text.slice(0, at), query: new URLSearchParams(text.slice(at)) }
}

const listeners = new Set<() => void>()
/** The address as the screens have it: back and forward have already left it when they are heard of. */
let shown = ''

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    shown = present()
    window.addEventListener('popstate', onPop)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) window.removeEventListener('popstate', onPop)
  }
}

/** With something unsaved the page goes back to where it was, query and all, and asks. */
function onPop(): void {
  const wanted = present()
  if (wanted === shown || guard?.() === undefined) return tell()
  window.history.pushState(null, '', shown)
  leaveBy(() => navigate(wanted))
}
