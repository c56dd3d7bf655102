/** Certificates of TLS that the configuration names: of our servers, of the connections outward, of our authority; when they expire. */
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { Asked } from '../../parts/asked.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { StateMark } from '../../status-mark.tsx'
import { certificateStrings } from '../../strings/certificates.ts'
import { ValidUntil } from './certificate.tsx'

const strings = certificateStrings.tls
const { columns: heads } = strings

type Row = Operations['GET /api/v1/certificates/tls']['answer']['certificates'][number]

export default function TlsTab() {
  const listing = useAsk('GET /api/v1/certificates/tls', {}, { everyMs: 15_000 })
  return (
    <Asked query={listing}>
      {({ certificates, faults }) => (
        <>
          <p className="quiet">{strings.about}</p>
          {faults.map(({ use, fault }) => (
            <p key={use} role="alert" className="state-word">
              <StateMark state="Failed" />
              {strings.fault(useText(use))} {fault}
            </p>
          ))}
          <DataTable
            label={strings.list}
            columns={COLUMNS}
            rows={certificates}
            keyOf={({ use, name, file }) => `${use} ${name} ${file}`}
            empty={
              <EmptyState text={strings.empty}>
                <p className="quiet">{strings.insecure}</p>
              </EmptyState>
            }
          />
        </>
      )}
    </Asked>
  )
}

const useText = (use: string): string => (strings.uses as Readonly<Record<string, string>>)[use] ?? use

const COLUMNS: readonly Column<Row>[] = [
  { id: 'use', title: heads.use, width: 'minmax(150px, 1fr)', sort: ({ use }) => useText(use), render: ({ use }) => useText(use) }, // prettier-ignore
  { id: 'name', title: heads.name, width: 'minmax(100px, 0.8fr)', sort: ({ name }) => name, render: ({ name, use }) => name === use ? <span className="quiet">–</span> : <bdi>{name}</bdi> }, // prettier-ignore
  { id: 'subject', title: heads.subject, width: 'minmax(140px, 1fr)', sort: ({ subject }) => subject, render: ({ subject }) => <bdi>{subject ?? '–'}</bdi> }, // prettier-ignore
  { id: 'until', title: heads.until, width: '160px', sort: ({ validTo }) => validTo, render: ({ validFrom, validTo }) => <ValidUntil from={validFrom} to={validTo} /> }, // prettier-ignore
  {
    id: 'state',
    title: heads.state,
    width: 'minmax(120px, 1.2fr)',
    render: ({ problem }) => (
      <span className="state-word" title={problem ?? undefined}>
        <StateMark state={problem === null ? 'Running' : 'Failed'} />
        <span className="clip">{problem ?? strings.fine}</span>
      </span>
    ),
  },
  { id: 'file', title: heads.file, width: 'minmax(140px, 1.4fr)', wide: true, render: ({ file }) => <code title={file}>{file}</code> }, // prettier-ignore
]
