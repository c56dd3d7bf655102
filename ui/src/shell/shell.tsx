/** The frame of the page: header, banners, navigation, and the screen that the address names. */
import { Component, Suspense, useEffect, useRef, type ReactNode } from 'react'
import { Button } from '@mantine/core'
import { ConnectionBanner, OpenBanner, PageHeader } from '../page-header.tsx'
import { Elapsed } from '../parts/elapsed.tsx'
import { useLive } from '../live/context.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { shellStrings as strings } from '../strings/shell.ts'
import { useAddress } from './address.ts'
import { LeaveGuard } from './leave-guard.tsx'
import { Link } from './link.tsx'
import { Navigation } from './navigation.tsx'
import { useMay } from './permissions.ts'
import { screenAt, type Screen } from './screens.ts'

export function Shell() {
  const { path } = useAddress()
  const screen = screenAt(path)
  const lost = useLive((store) => store.connection.state === 'lost')
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  useEffect(() => {
    document.title = screen === undefined ? strings.product : `${screen.title} · ${strings.product}`
    // A screen begins at its top, wherever the one before was scrolled to.
    main.current?.scrollTo(0, 0)
    // Whoever works by keyboard or by ear goes on in the new screen; not at the start, where nothing was left.
    if (!first.current) main.current?.focus({ preventScroll: true })
    first.current = false
  }, [path, screen])
  return (
    <div className="page">
      <a className="skip" href="#main">
        {strings.skip}
      </a>
      <PageHeader />
      <OpenBanner />
      <ConnectionBanner />
      <div className="frame">
        <Navigation present={screen?.path} />
        <main
          id="main"
          ref={main}
          tabIndex={-1}
          className="screen"
          aria-label={screen?.title}
          data-old={lost || undefined}
        >
          <Crash key={path}>
            <Suspense fallback={<Elapsed className="screen-wait" label={strings.loading} />}>
              {screen === undefined ? <NoScreen path={path} /> : <Allowed screen={screen} />}
            </Suspense>
          </Crash>
        </main>
      </div>
      <LeaveGuard />
    </div>
  )
}

function Allowed({ screen }: { screen: Screen }) {
  const may = useMay(screen.permission ?? 'view')
  if (screen.permission !== undefined && !may)
    return <EmptyState title={screen.title} text={strings.forbidden(screen.permission)} />
  return <screen.Component />
}

function NoScreen({ path }: { path: string }) {
  return (
    <EmptyState title={strings.notFound} text={strings.notFoundWhy(path)}>
      <Link href="/">{strings.toOverview}</Link>
    </EmptyState>
  )
}

/** A screen that fails takes nothing else with it. */
class Crash extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined }

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override render() {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <EmptyState title={strings.crashed} text={strings.crashedWhy}>
        <pre className="hex">{error.stack ?? error.message}</pre>
        <Button variant="default" onClick={() => this.setState({ error: undefined })}>
          {strings.again}
        </Button>
      </EmptyState>
    )
  }
}
