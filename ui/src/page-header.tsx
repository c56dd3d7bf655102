/** Who this is, whether it is live, and a banner when the gateway does not answer. */
import { formatTime } from './format.ts'
import { useLive } from './live/context.ts'
import { StateMark } from './status-mark.tsx'
import { strings } from './strings.ts'

const STATE = { open: 'Running', connecting: 'Connecting', lost: 'Failed' } as const

export function PageHeader() {
  const connection = useLive((store) => store.connection.state)
  const gateway = useLive((store) => store.gateway)
  return (
    <header className="top">
      <h1>{strings.product}</h1>
      {gateway !== undefined && (
        <span className="quiet top-id">
          {gateway.version} · {strings.logId(gateway.logId)}
        </span>
      )}
      <span className="grow" />
      <span className="state-word" data-testid="connection" data-state={connection}>
        <StateMark state={STATE[connection]} />
        {strings.connection[connection]}
      </span>
    </header>
  )
}

export function ConnectionBanner() {
  const state = useLive((store) => store.connection.state)
  const heardAt = useLive((store) => (store.connection.state === 'lost' ? store.connection.heardAt : undefined))
  return (
    <div role="alert" aria-live="assertive">
      {state === 'lost' && (
        <p className="banner" data-testid="banner">
          <StateMark state="Failed" />
          <span>
            {heardAt === undefined ? strings.connection.bannerNever : strings.connection.banner(formatTime(heardAt))}
          </span>
        </p>
      )}
    </div>
  )
}
