/** The tags of one device: filter, grid, what is unsaved, and what can be done with what is chosen. */
import { useMemo, useRef, useState, useSyncExternalStore, type ClipboardEvent, type KeyboardEvent } from 'react'
import { useAsk } from '../../api/ask.ts'
import { formatCount } from '../../format.ts'
import { ColumnChooser } from '../../parts/column-chooser.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { useQueryPart } from '../../shell/address.ts'
import { useUnsaved } from '../../shell/leave-guard.tsx'
import { tagStrings as strings } from '../../strings/tags.ts'
import { clearBlock, copyBlock, fillDown, paste, removeRows, revertRows } from './actions.ts'
import { BulkDialog, type BulkKind } from './bulk-dialogs.tsx'
import type { TagSchema } from './check.ts'
import { COLUMNS, shownTagColumns } from './columns.ts'
import { Exchange } from './exchange.tsx'
import { TagGrid } from './grid.tsx'
import { ImportDialog } from './import-dialog.tsx'
import { SaveDialog } from './save-dialog.tsx'
import { savePlanOf, type SavePlan } from './save.ts'
import { AT_START, blockOf, chosenRows } from './selection.ts'
import { Toolbar } from './toolbar.tsx'
import type { Applied } from './use-save.ts'
import type { LoadedSheet } from './use-sheet.ts'
import { viewOf } from './view.ts'

interface Props {
  readonly loaded: LoadedSheet
  readonly editable: boolean
  /** The list stands in a YAML file. */
  readonly isYaml: boolean
  onSaved(applied: Applied): void
  /** The list as it is by now; with `keep` what is unsaved stays. */
  onReload(keep: boolean): void
}

type Dialog = { readonly kind: BulkKind | 'discard' | 'import' } | { readonly kind: 'save'; readonly plan: SavePlan }

export function TagTable({ loaded: { device, sheet, tag }, editable, isYaml, onSaved, onReload }: Props) {
  useSyncExternalStore(sheet.subscribe, () => sheet.version)
  const { structure } = sheet
  const [filter] = useQueryPart('q')
  const [sort, setSort] = useQueryPart('sort')
  const [chosen, setChosen] = useQueryPart('columns')
  const [only, setOnly] = useQueryPart('only')
  const onlyPending = only === 'unsaved'
  const [selection, setSelection] = useState(AT_START)
  const [dialog, setDialog] = useState<Dialog>()
  const [said, setSaid] = useState('')
  const grid = useRef<HTMLDivElement>(null)
  // Not with every change of a cell: a row stays where it is while it is edited.
  const view = useMemo(
    () => (structure < 0 ? [] : viewOf(sheet, { filter, onlyPending, sort })),
    [sheet, structure, filter, onlyPending, sort],
  )
  const columns = useMemo(
    () => (structure < 0 ? [] : shownTagColumns(sheet.usedColumns(), chosen)),
    [sheet, structure, chosen],
  )
  const schema = useAsk('GET /api/v1/drivers', {}).data?.tag as TagSchema | undefined
  const unsaved = sheet.pending.size
  useUnsaved(unsaved > 0 ? strings.leave(formatCount(unsaved)) : undefined)
  const rows = useMemo(() => chosenRows(selection, view), [selection, view])
  const block = blockOf(selection)

  const close = () => {
    setDialog(undefined)
    grid.current?.focus({ preventScroll: true })
  }
  const save = () => unsaved > 0 && setDialog({ kind: 'save', plan: savePlanOf(sheet, device, isYaml) })
  /** Puts the cursor there, whatever is filtered away. */
  const show = (at: number, column?: string) => {
    close()
    let row = view.indexOf(at)
    if (row < 0) {
      setOnly('unsaved')
      row = viewOf(sheet, { filter: '', onlyPending: true, sort }).indexOf(at)
    }
    const spot = {
      row: Math.max(0, row),
      column: Math.max(
        0,
        columns.findIndex(({ name }) => name === column),
      ),
    }
    setSelection({ at: spot, to: spot, marked: new Set() })
  }
  const onKey = (event: KeyboardEvent): boolean => {
    const ctrl = event.ctrlKey || event.metaKey
    const key = event.key.toLowerCase()
    const edits: Record<string, () => void> = {
      'ctrl+z': () => (event.shiftKey ? sheet.redo() : sheet.undo()),
      'ctrl+y': () => sheet.redo(),
      'ctrl+d': () => fillDown(sheet, view, block, columns),
      'ctrl+s': save,
      'ctrl+h': () => setDialog({ kind: 'replace' }),
      delete: () => clearBlock(sheet, view, block, columns),
    }
    const always: Record<string, () => void> = {
      'ctrl+a': () =>
        setSelection({ at: { row: 0, column: 0 }, to: { row: view.length - 1, column: columns.length - 1 }, marked: new Set() }), // prettier-ignore
      ' ': () => {
        const marked = new Set(selection.marked)
        const at = view[selection.at.row]
        if (at !== undefined && !marked.delete(at)) marked.add(at)
        setSelection({ ...selection, marked })
      },
    }
    const name = `${ctrl ? 'ctrl+' : ''}${key}`
    const done = always[name] ?? (editable ? edits[name] : undefined)
    done?.()
    if (done !== undefined) event.preventDefault()
    return done !== undefined
  }
  const onCopy = (event: ClipboardEvent) => {
    if (event.target !== grid.current) return
    event.clipboardData.setData('text/plain', copyBlock(sheet, view, block, columns))
    event.preventDefault()
  }
  const onPaste = (event: ClipboardEvent) => {
    if (event.target !== grid.current || !editable) return
    event.preventDefault()
    const { changed, added } = paste(sheet, view, block, columns, event.clipboardData.getData('text/plain'))
    setSaid(strings.pasted(formatCount(changed), formatCount(added)))
  }

  const bulk = dialog === undefined || !isBulk(dialog.kind) ? undefined : dialog.kind
  return (
    <>
      <div className="tag-bar">
        <FilterInput hint={strings.filterHint} />
        <label className="tag-check">
          <input
            type="checkbox"
            checked={onlyPending}
            onChange={(event) => setOnly(event.currentTarget.checked ? 'unsaved' : '')}
          />{' '}
          {strings.onlyPending}
        </label>
        <span className="quiet" role="status">
          {said}
        </span>
        <span className="grow" />
        <span className="quiet numbers" role="status" data-testid="tag-count">
          {strings.count(formatCount(view.length), formatCount(sheet.rows.length))}
        </span>
        <Exchange
          device={device}
          unsaved={unsaved}
          onImport={editable ? () => setDialog({ kind: 'import' }) : undefined}
        />
        <ColumnChooser columns={CHOOSABLE} chosen={chosen} onChoose={setChosen} />
      </div>
      {editable && (
        <Toolbar
          sheet={sheet}
          chosen={rows.length}
          onBulk={(kind) => setDialog({ kind })}
          onRemove={() => removeRows(sheet, rows)}
          onRevert={() => revertRows(sheet, rows)}
          onSave={save}
          onDiscard={() => setDialog({ kind: 'discard' })}
        />
      )}
      <div className="tag-frame" onCopy={onCopy} onPaste={onPaste}>
        <TagGrid
          label={strings.grid(device)}
          sheet={sheet}
          view={view}
          columns={columns}
          schema={schema}
          selection={selection}
          editable={editable}
          grid={grid}
          sort={sort}
          onSort={setSort}
          onSelect={setSelection}
          onKey={onKey}
        />
      </div>
      {view.length === 0 ? (
        <EmptyState text={sheet.rows.length === 0 ? `${strings.empty} ${strings.emptyHint}` : strings.noMatch} />
      ) : (
        editable && <p className="quiet tag-keys">{strings.keys}</p>
      )}
      {dialog?.kind === 'save' && (
        <SaveDialog
          device={device}
          sheet={sheet}
          plan={dialog.plan}
          tag={tag}
          onClose={close}
          onShow={show}
          onSaved={(applied) => {
            close()
            onSaved(applied)
          }}
          onTakeOver={() => {
            close()
            onReload(true)
          }}
        />
      )}
      {dialog?.kind === 'discard' && (
        <Confirm
          title={strings.discardTitle}
          text={strings.discardText(formatCount(unsaved))}
          label={strings.discardEffect(formatCount(unsaved))}
          onClose={close}
          onConfirm={() => onReload(false)}
        />
      )}
      {dialog?.kind === 'import' && (
        <ImportDialog
          device={device}
          tag={tag}
          onClose={close}
          onReload={() => onReload(true)}
          onSaved={(applied) => {
            close()
            onSaved(applied)
          }}
        />
      )}
      {bulk !== undefined && (
        <BulkDialog
          kind={bulk}
          sheet={sheet}
          rows={rows}
          view={view}
          column={columns[selection.at.column]?.name ?? 'name'}
          schema={schema}
          onClose={close}
          onAdded={(from) => show(from)}
        />
      )}
    </>
  )
}

const isBulk = (kind: Dialog['kind']): kind is BulkKind => !['discard', 'import', 'save'].includes(kind)

/** As the chooser of the tables takes them. */
const CHOOSABLE = COLUMNS.map(({ name, title, rare }) => ({
  id: name,
  title,
  width: '',
  hidden: rare === true,
  render: () => null,
}))
