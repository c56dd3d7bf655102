/** Which files there are, by folder, each with what is to be known of it; and what is written in the one that is shown. */
import { Button } from '@mantine/core'
import { formatCount } from '../../format.ts'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { StateMark } from '../../status-mark.tsx'
import { configurationStrings } from '../../strings/configuration.ts'
import type { Draft } from './drafts.ts'
import type { ConfigFile } from './files.tsx'

const strings = configurationStrings.files

interface Props {
  readonly files: readonly ConfigFile[]
  readonly present: string | undefined
  readonly drafts: ReadonlyMap<string, Draft>
  onChoose(path: string): void
}

export function FileTree({ files, present, drafts, onChoose }: Props) {
  const folders = new Map<string, ConfigFile[]>()
  for (const file of files) {
    const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1)
    folders.set(folder, [...(folders.get(folder) ?? []), file])
  }
  return (
    <nav className="panel config-tree" aria-label={strings.tree}>
      {[...folders].map(([folder, list]) => (
        <div key={folder}>
          {folder !== '' && <p className="quiet clip">{folder}</p>}
          <ul>
            {list.map((file) => (
              <li key={file.path}>
                <button
                  type="button"
                  className="config-file-link"
                  aria-current={file.path === present ? 'page' : undefined}
                  title={file.path}
                  onClick={() => onChoose(file.path)}
                >
                  <bdi className="clip">{file.path.slice(folder.length)}</bdi>
                  <Badges file={file} unsaved={drafts.has(file.path)} />
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}

function Badges({ file: { isMain, readOnly, onDisk, objectCount }, unsaved }: { file: ConfigFile; unsaved: boolean }) {
  return (
    <span className="config-badges quiet">
      {unsaved && <strong>{strings.unsaved}</strong>}
      {isMain && <span>{strings.main}</span>}
      {readOnly !== null && <span>{strings.readOnly}</span>}
      {onDisk !== 'same' && (
        <span className="state-word">
          <StateMark state="Degraded" /> {onDisk === 'gone' ? strings.gone : strings.differs}
        </span>
      )}
      {objectCount > 0 && <span className="numbers">{strings.objects(formatCount(objectCount))}</span>}
    </span>
  )
}

/** More is found by the search of the browser. */
const MOST_SHOWN = 200

export function WrittenHere({ file: { objects }, onGoTo }: { file: ConfigFile; onGoTo(line: number): void }) {
  if (objects.length === 0) return null
  return (
    <details className="config-written">
      <summary>
        {strings.written} ({formatCount(objects.length)})
      </summary>
      <ul>
        {objects.slice(0, MOST_SHOWN).map(({ kind, name, line }) => (
          <li key={`${kind} ${name} ${line}`}>
            <span className="quiet">{strings.kinds[kind]}</span> <bdi>{name}</bdi>{' '}
            <Button size="compact-xs" variant="default" onClick={() => onGoTo(line)}>
              {strings.line(line)}
            </Button>{' '}
            {kind === 'device' && <Link href={hrefOf('/tags', { device: name })}>{strings.toTags(name)}</Link>}
          </li>
        ))}
      </ul>
    </details>
  )
}
