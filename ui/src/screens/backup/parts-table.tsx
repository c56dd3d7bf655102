/** What a backup holds for each part, and what would become of it; which parts are restored. */
import { formatCount } from '../../format.ts'
import { useMay } from '../../shell/permissions.ts'
import { backupStrings } from '../../strings/backup.ts'
import type { Part, Preview } from './restore-backup.tsx'

const strings = backupStrings.restore
const COUNTS = ['create', 'change', 'remove', 'same', 'kept', 'refused'] as const
const NAMED = ['create', 'change', 'remove', 'kept', 'refused'] as const
/** Of each kind. */
const MOST_NAMES = 200

interface Props {
  readonly parts: Preview['parts']
  readonly chosen: ReadonlySet<Part>
  onChoose(chosen: ReadonlySet<Part>): void
}

export function PartsTable({ parts, chosen, onChoose }: Props) {
  const may: Readonly<Record<Part, boolean>> = {
    config: true,
    certificates: useMay('certificates.manage'),
    parameters: useMay('parameters'),
    profiles: useMay('devices.manage'),
  }
  const toggle = (part: Part, on: boolean) => {
    const next = new Set(chosen)
    if (on) next.add(part)
    else next.delete(part)
    onChoose(next)
  }
  return (
    <>
      <div className="backup-scroll">
        <table className="backup-parts" aria-label={strings.partsTable}>
          <thead>
            <tr>
              <th scope="col">{strings.columns.part}</th>
              {COUNTS.map((count) => (
                <th key={count} scope="col" className="right">
                  {strings.columns[count]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {parts.map((one) => (
              <tr key={one.part} data-part={one.part}>
                <th scope="row">
                  {may[one.part] ? (
                    <label>
                      <input
                        type="checkbox"
                        checked={chosen.has(one.part)}
                        onChange={(event) => toggle(one.part, event.currentTarget.checked)}
                      />{' '}
                      {strings.parts[one.part]}
                    </label>
                  ) : (
                    strings.parts[one.part]
                  )}
                </th>
                {COUNTS.map((count) => {
                  const given = one[count]
                  const number = typeof given === 'number' ? given : given.length
                  return (
                    <td key={count} className={number === 0 ? 'right numbers quiet' : 'right numbers'}>
                      {formatCount(number)}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <details>
        <summary>{strings.details}</summary>
        <ul className="backup-names">
          {parts.flatMap((one) =>
            NAMED.flatMap((kind) =>
              one[kind].slice(0, MOST_NAMES).map((name) => (
                <li key={`${one.part} ${kind} ${name}`}>
                  <span aria-hidden="true">{strings.signs[kind]}</span>{' '}
                  <span className="sr-only">{strings.columns[kind]}</span> <bdi>{name}</bdi>
                </li>
              )),
            ),
          )}
        </ul>
      </details>
    </>
  )
}
