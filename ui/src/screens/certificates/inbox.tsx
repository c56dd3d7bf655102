/** Certificates that were presented and refused: each with the reason in words, who presented it, and the one click that lets it in. */
import { Button } from '@mantine/core'
import { formatCount } from '../../format.ts'
import { Moment } from '../../parts/moment.tsx'
import { Panel } from '../../parts/panel.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { StateMark } from '../../status-mark.tsx'
import { certificateStrings } from '../../strings/certificates.ts'
import { CertificateFacts, DownloadButton, nameOf, type Listed } from './certificate.tsx'
import type { Change, Holders } from './trust-change.tsx'

const strings = certificateStrings.inbox
/** How many of those who presented it are named. */
const SHOWN = 5

interface Props {
  readonly holders: Holders
  readonly certificates: readonly Listed[]
  onChange(change: Change, certificate: Listed): void
}

export function Inbox({ holders, certificates, onChange }: Props) {
  return (
    <Panel title={strings.title}>
      {certificates.length === 0 && (
        <p className="quiet" data-testid="no-rejected">
          {holders === 'persons' ? strings.emptyPersons : strings.empty}
        </p>
      )}
      <ul className="inbox" aria-label={strings.list}>
        {certificates.map((one) => (
          <li key={one.thumbprint} className="card" data-thumbprint={one.thumbprint}>
            <div className="card-head">
              <StateMark state="Failed" />
              <strong>
                <bdi>{nameOf(one)}</bdi>
              </strong>
              <span className="grow" />
              <Button
                size="compact-sm"
                aria-label={strings.trustOf(nameOf(one))}
                onClick={() => onChange('trust', one)}
              >
                {strings.trust}
              </Button>
              <DownloadButton certificate={one} />
              <Button
                size="compact-xs"
                variant="default"
                aria-label={strings.removeOf(nameOf(one))}
                onClick={() => onChange('remove', one)}
              >
                {strings.remove}
              </Button>
            </div>
            {one.reason !== null && (
              <p className="card-reason">
                {strings.why}: {one.reason} {one.status !== null && <code>{one.status}</code>}
              </p>
            )}
            <CertificateFacts certificate={one}>
              {one.presented.length > 0 && (
                <>
                  <dt>{strings.by}</dt>
                  <dd>
                    {one.presented.slice(0, SHOWN).map(({ endpoint, device, lastAt, times }) => (
                      <p key={`${endpoint} ${device}`}>
                        <Link href={hrefOf('/device', { name: device })}>{strings.presented(endpoint, device)}</Link>,{' '}
                        {strings.times(formatCount(times))}, {strings.last} <Moment time={lastAt} />
                      </p>
                    ))}
                  </dd>
                </>
              )}
            </CertificateFacts>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
