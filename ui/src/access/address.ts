/** What the address says about set-up and sign-in: the token of the one-time link, and the view to come back to after single sign-on. */

const SETUP_PATH = '/setup'
const RETURN_KEY = 'bifrost-return'

/**
 * The token of `/setup#TOKEN`, which is taken out of the address at once: it shall not stay in the history, nor be seen over a shoulder.
 * The part behind # never leaves the browser by itself. Undefined at any other address.
 */
export function takeSetupToken(): string | undefined {
  const { pathname, hash } = window.location
  if (pathname !== SETUP_PATH || hash === '') return undefined
  window.history.replaceState(null, '', SETUP_PATH)
  return hash.slice(1)
}

/** Whoever is in has nothing to do at the set-up; true when they were there. */
export function leaveSetup(): boolean {
  if (window.location.pathname !== SETUP_PATH) return false
  window.history.replaceState(null, '', '/')
  return true
}

/** Single sign-on comes back to `/`: what was looked at is kept for that long, for this tab. */
export function keepView(): void {
  const { pathname, search } = window.location
  if (pathname !== SETUP_PATH) window.sessionStorage.setItem(RETURN_KEY, `${pathname}${search}`)
}

export function restoreView(): void {
  const kept = window.sessionStorage.getItem(RETURN_KEY)
  window.sessionStorage.removeItem(RETURN_KEY)
  const { pathname, search } = window.location
  // A path of this page and nothing else, whoever wrote it there.
  if (kept !== null && /^\/(?!\/)/.test(kept) && pathname === '/' && search === '')
    window.history.replaceState(null, '', kept)
}
