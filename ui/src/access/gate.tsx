/**
 * What is in front: the page for whoever is in, else set-up or sign-in. When a session ends while the page is open, the page stays as it is
 * underneath, unseen and out of reach, and goes on after the next sign-in.
 */
import { onlineManager, useQueryClient, type Query } from '@tanstack/react-query'
import { Suspense, useEffect, useState } from 'react'
import { ProblemError, whenRefused } from '../api/client.ts'
import { Shell } from '../shell/shell.tsx'
import { lazyPart } from '../lazy-part.ts'
import { useLiveStore } from '../live/context.ts'
import { liveUrl, startLiveSocket } from '../live/socket.ts'
import { shellStrings } from '../strings/shell.ts'
import { takeSetupToken } from './address.ts'
import { useAccess } from './context.ts'

const SignIn = lazyPart(() => import('./sign-in.tsx'))
const SetUp = lazyPart(() => import('./set-up.tsx'))
const NoView = lazyPart(() => import('./no-view.tsx'))

export function Gate({ setupToken: first }: { setupToken: string | undefined }) {
  const [setupToken, setSetupToken] = useState(first)
  const { store, state } = useAccess()
  const live = useLiveStore()
  const isIn = state.at === 'in'
  useEffect(() => {
    // Nothing is asked while nobody is signed in; queries go on by themselves afterwards.
    onlineManager.setOnline(isIn)
    return isIn ? startLiveSocket(live, liveUrl(window.location), () => void store.ask()) : undefined
  }, [isIn, live, store])
  useAskedAgain()
  useEffect(() => {
    const ask = () => void store.ask()
    // They may have signed in in another tab.
    const look = () => store.state.at !== 'in' && ask()
    // A link that is opened where the set-up is open already loads nothing anew.
    const follow = () => {
      const token = takeSetupToken()
      if (token !== undefined) setSetupToken(token)
    }
    window.addEventListener('hashchange', follow)
    whenRefused(ask)
    window.addEventListener('focus', look)
    ask()
    return () => {
      window.removeEventListener('hashchange', follow)
      whenRefused(() => undefined)
      window.removeEventListener('focus', look)
    }
  }, [store])
  return (
    <>
      {(isIn || state.at === 'ended') && <Shell />}
      {state.at === 'asking' && state.unheard && (
        <p className="gate quiet" role="status">
          {shellStrings.connection.bannerNever}
        </p>
      )}
      <Suspense>
        {state.at === 'set-up' && <SetUp key={setupToken} token={setupToken} />}
        {state.at === 'sign-in' && <SignIn who={state.who} late={state.late} ended={undefined} />}
        {state.at === 'ended' && <SignIn who={state.who} late={false} ended={state.user} />}
        {state.at === 'blind' && <NoView user={state.user} />}
      </Suspense>
    </>
  )
}

/** What the gateway did not answer is asked again when it is back: a screen that asks once would otherwise show the failure for ever. */
function useAskedAgain(): void {
  const queries = useQueryClient()
  const live = useLiveStore()
  useEffect(() => {
    let before = live.connection.state
    return live.subscribe(() => {
      const { state } = live.connection
      if (state === 'open' && before === 'lost')
        void queries.refetchQueries({ type: 'active', predicate: isUnanswered })
      before = state
    })
  }, [live, queries])
}

/** Failed without a word of the gateway, or still waiting on a connection that may be dead. */
const isUnanswered = ({ state: { error, data, fetchStatus } }: Query): boolean =>
  (error !== null && !(error instanceof ProblemError)) || (data !== undefined && fetchStatus === 'fetching')
