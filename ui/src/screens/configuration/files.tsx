/** The files of the configuration: which there are, the text of one to read and to edit, what is wrong with it, and applying it. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useRef, useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { Asked } from '../../parts/asked.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { saveFile } from '../../parts/download.ts'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { useQueryPart } from '../../shell/address.ts'
import { useUnsaved } from '../../shell/leave-guard.tsx'
import { useMay } from '../../shell/permissions.ts'
import { StateMark } from '../../status-mark.tsx'
import { configurationStrings } from '../../strings/configuration.ts'
import { ApplyDialog } from './apply-dialog.tsx'
import { fileText, useDrafts } from './drafts.ts'
import { Editor, type EditorHandle, type LineMark } from './editor.tsx'
import { FileTree, WrittenHere } from './file-tree.tsx'
import { unifiedPatch } from './line-diff.ts'
import { ProblemList } from './problem-list.tsx'
import { useCheck } from './use-check.ts'

const strings = configurationStrings.files

export type ConfigFile = Operations['GET /api/v1/config/files']['answer']['files'][number]

export function Files() {
  const files = useAsk('GET /api/v1/config/files', {}, { everyMs: 10_000 })
  const work = useDrafts()
  const [wanted, choose] = useQueryPart('file')
  useUnsaved(work.drafts.size > 0 ? strings.leave : undefined)
  return (
    <Asked query={files}>
      {({ files: list }) => {
        const file = list.find(({ path }) => path === wanted) ?? list.find(({ isMain }) => isMain) ?? list[0]
        return (
          <div className="config-files">
            <FileTree files={list} present={file?.path} drafts={work.drafts} onChoose={choose} />
            {file !== undefined && <OneFile key={file.path} file={file} files={list} work={work} onChoose={choose} />}
          </div>
        )
      }}
    </Asked>
  )
}

interface Props {
  readonly file: ConfigFile
  readonly files: readonly ConfigFile[]
  readonly work: ReturnType<typeof useDrafts>
  onChoose(path: string): void
}

function OneFile({ file, files, work, onChoose }: Props) {
  const { path, hash } = file
  const may = useMay('config.write')
  const { drafts, write, drop, bringTogether } = work
  const draft = drafts.get(path)
  const stored = useQuery({
    queryKey: ['GET /api/v1/config/file', path, hash],
    queryFn: ({ signal }) => fileText(path, signal),
    refetchOnWindowFocus: false,
  })
  const { checked, error, isBehind } = useCheck(drafts)
  const editor = useRef<EditorHandle>(null)
  const [asking, setAsking] = useState(false)
  const [said, setSaid] = useState<string>()
  const [failed, setFailed] = useState<Error>()
  const marks = useMemo(() => marksOf(checked?.problems ?? [], path), [checked, path])
  // All files are applied together or not at all.
  const fixed = files.filter((one) => one.readOnly !== null && drafts.has(one.path)).map((one) => one.path)
  const base = draft?.base ?? stored.data
  const text = draft?.text ?? stored.data?.text
  const goTo = (at: string, line: number) => {
    if (at === path) editor.current?.goTo(line)
    else if (files.some((one) => one.path === at)) onChoose(at)
  }
  return (
    <section className="panel fill config-file" aria-label={path}>
      <div className="bar panel-head">
        <h2 className="clip" title={path}>
          <bdi>{path}</bdi>
        </h2>
        <span className="grow" />
        {text !== undefined && (
          <Button size="compact-sm" variant="default" onClick={() => saveText(path, text)}>
            {strings.download}
          </Button>
        )}
        {draft !== undefined && (
          <>
            <CopyButton text={unifiedPatch(path, draft.base.text, draft.text)} label={strings.copyPatch} />
            <Button size="compact-sm" variant="default" onClick={() => drop(path)}>
              {strings.revert}
            </Button>
          </>
        )}
        {may && drafts.size > 0 && fixed.length === 0 && (
          <Button size="compact-sm" disabled={checked?.ok !== true || isBehind} onClick={() => setAsking(true)}>
            {strings.review(drafts.size)}
          </Button>
        )}
      </div>
      {file.readOnly !== null && <p className="quiet">{strings.isReadOnly(file.readOnly)}</p>}
      {file.readOnly === null && fixed.length > 0 && <p className="quiet">{strings.notWithThose(fixed.join(', '))}</p>}
      {file.onDisk !== 'same' && (
        <p className="state-word">
          <StateMark state="Degraded" /> {strings.onDiskDiffers}
        </p>
      )}
      {(base?.masked ?? 0) > 0 && <p className="quiet">{strings.masked(base!.masked)}</p>}
      {said !== undefined && (
        <p role="status" data-testid="applied">
          {said}
        </p>
      )}
      <Asked query={stored}>
        {() =>
          base !== undefined &&
          text !== undefined && (
            <Editor
              label={strings.text(path)}
              text={text}
              readOnly={!may}
              marks={marks}
              handle={editor}
              onChange={(next) => write(base, next)}
            />
          )
        }
      </Asked>
      <ProblemNote error={failed} />
      <ProblemNote error={error} what={strings.checkFailed} />
      {drafts.size > 0 && <ProblemList checked={checked} isBehind={isBehind} onGoTo={goTo} />}
      <WrittenHere file={file} onGoTo={(line) => editor.current?.goTo(line)} />
      {asking && (
        <ApplyDialog
          drafts={drafts}
          plan={checked?.plan ?? undefined}
          onClose={() => setAsking(false)}
          onApplied={(done) => {
            setAsking(false)
            setSaid(done)
            drop()
          }}
          onTakeOver={() => {
            setAsking(false)
            setFailed(undefined)
            bringTogether().then(
              (conflicts) => setSaid(configurationStrings.apply.merged(conflicts)),
              (reason: unknown) => setFailed(reason as Error),
            )
          }}
        />
      )}
    </section>
  )
}

function marksOf(
  problems: Operations['POST /api/v1/config/check']['answer']['problems'],
  path: string,
): ReadonlyMap<number, LineMark> {
  const marks = new Map<number, LineMark>()
  for (const { file, line, severity, message } of problems) {
    if (file !== path) continue
    const before = marks.get(line)
    marks.set(line, {
      severity: before?.severity === 'error' ? 'error' : severity,
      text: before === undefined ? message : `${before.text}\n${message}`,
    })
  }
  return marks
}

const saveText = (path: string, text: string): void =>
  saveFile(path.split('/').at(-1)!, new Blob([text], { type: 'text/plain' }))
