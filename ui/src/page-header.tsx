/** Which gateway this is, whether it is live, who looks at it, and banners: nobody is asked who they are; the gateway does not answer. */
import { AccountMenu } from './access/account-menu.tsx'
import { useAccess } from './access/context.ts'
import { formatTime } from './format.ts'
import { GoTo } from './shell/go-to.tsx'
import { Link } from './shell/link.tsx'
import { useLive } from './live/context.ts'
import { StateMark } from './status-mark.tsx'
import { accessStrings } from './strings/access.ts'
import { shellStrings } from './strings/shell.ts'

const STATE = { open: 'Running', connecting: 'Connecting', lost: 'Failed' } as const

export function PageHeader() {
  const connection = useLive((store) => store.connection.state)
  const gateway = useLive((store) => store.gateway)
  return (
    <header className="top">
      <Link href="/" className="brand">
        {shellStrings.product}
      </Link>
      {gateway !== undefined && (
        <span className="quiet top-id">
          {gateway.version} · {shellStrings.logId(gateway.logId)}
        </span>
      )}
      <span className="grow" />
      <span className="state-word" data-testid="connection" data-state={connection}>
        <StateMark state={STATE[connection]} />
        {shellStrings.connection[connection]}
      </span>
      <GoTo />
      <AccountMenu />
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
            {heardAt === undefined
              ? shellStrings.connection.bannerNever
              : shellStrings.connection.banner(formatTime(heardAt))}
          </span>
        </p>
      )}
    </div>
  )
}

export function OpenBanner() {
  const { state } = useAccess()
  if (state.at !== 'in' || state.who.access !== 'open') return null
  return (
    <p className="banner notice" data-testid="open-access">
      <StateMark state="Degraded" />
      <span>{accessStrings.open}</span>
    </p>
  )
}
