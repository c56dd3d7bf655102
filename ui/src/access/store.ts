/**
 * Whether somebody is signed in, and who: asked at the start, and again whenever the gateway refuses something. All roads lead through
 * `ask`: what the gateway says about the session decides, never a guess from an error.
 */
import { leaveSetup } from './address.ts'
import { fetchWho, type User, type Who } from './calls.ts'

export type AccessState =
  /** `unheard`: the gateway did not answer so far. */
  | { readonly at: 'asking'; readonly unheard: boolean }
  | { readonly at: 'set-up' }
  /** `late`: they came by the set-up link, and there is an administrator already. */
  | { readonly at: 'sign-in'; readonly who: Who; readonly late: boolean }
  /** Signed in, without the right to look at values. */
  | { readonly at: 'blind'; readonly user: User }
  | { readonly at: 'in'; readonly who: Who; readonly user: User }
  /** Was in; the page waits underneath. */
  | { readonly at: 'ended'; readonly who: Who; readonly user: User }

const RETRY_MS = 1000

export class AccessStore {
  state: AccessState = { at: 'asking', unheard: false }
  #listeners = new Set<() => void>()
  #asking = false

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Asks the gateway who we are. Never throws: who is away now is asked again by whatever failed, or here at the start. */
  readonly ask = async (): Promise<void> => {
    if (this.#asking) return
    this.#asking = true
    try {
      this.heard(await fetchWho())
    } catch {
      if (this.state.at !== 'asking') return
      this.#set({ at: 'asking', unheard: true })
      setTimeout(() => void this.ask(), RETRY_MS)
    } finally {
      this.#asking = false
    }
  }

  /** The gateway said who we are. */
  heard(who: Who): void {
    const { user } = who
    const before = 'user' in this.state ? this.state.user : undefined
    // Somebody else: nothing of what the one before saw stays in memory.
    if (user !== null && before !== undefined && user.name !== before.name) return window.location.reload()
    if (user === null) {
      if (before !== undefined && this.state.at !== 'blind' && !who.setup)
        return this.#set({ at: 'ended', who, user: before })
      return this.#set(who.setup ? { at: 'set-up' } : { at: 'sign-in', who, late: leaveSetup() || this.#isLate() })
    }
    leaveSetup()
    this.#set(user.permissions.includes('view') ? { at: 'in', who, user } : { at: 'blind', user })
  }

  #isLate(): boolean {
    return this.state.at === 'sign-in' && this.state.late
  }

  #set(state: AccessState): void {
    this.state = state
    for (const listener of this.#listeners) listener()
  }
}
