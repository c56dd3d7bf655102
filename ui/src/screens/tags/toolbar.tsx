/** What can be done with the tags; the buttons say with how many. */
import { Button } from '@mantine/core'
import { formatCount } from '../../format.ts'
import { tagStrings } from '../../strings/tags.ts'
import type { BulkKind } from './bulk-dialogs.tsx'
import type { TagSheet } from './sheet.ts'

const strings = tagStrings.toolbar

interface Props {
  readonly sheet: TagSheet
  /** How many rows are chosen. */
  readonly chosen: number
  onBulk(kind: BulkKind): void
  onRemove(): void
  onRevert(): void
  onSave(): void
  onDiscard(): void
}

export function Toolbar({ sheet, chosen, onBulk, onRemove, onRevert, onSave, onDiscard }: Props) {
  const unsaved = sheet.pending.size
  const count = formatCount(chosen)
  return (
    <div className="tag-bar" role="toolbar" aria-label={strings.label}>
      <Button size="compact-sm" variant="default" onClick={() => onBulk('add')}>
        {strings.add}
      </Button>
      <Button size="compact-sm" variant="default" disabled={chosen === 0} onClick={onRemove}>
        {strings.remove(count)}
      </Button>
      <Button size="compact-sm" variant="default" disabled={chosen === 0} onClick={() => onBulk('set')}>
        {strings.set(count)}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => onBulk('series')}>
        {strings.series}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => onBulk('replace')}>
        {strings.replace}
      </Button>
      <Button size="compact-sm" variant="default" disabled={chosen === 0} onClick={onRevert}>
        {strings.revert(count)}
      </Button>
      <Button size="compact-sm" variant="default" disabled={!sheet.canUndo} onClick={() => sheet.undo()}>
        {strings.undo}
      </Button>
      <Button size="compact-sm" variant="default" disabled={!sheet.canRedo} onClick={() => sheet.redo()}>
        {strings.redo}
      </Button>
      <span className="grow" />
      <span className="quiet" role="status" data-testid="unsaved">
        {unsaved > 0 && strings.unsaved(sheet.counts)}
      </span>
      {unsaved > 0 && (
        <Button size="compact-sm" variant="default" onClick={onDiscard}>
          {strings.discard}
        </Button>
      )}
      <Button size="compact-sm" className="effect" disabled={unsaved === 0} onClick={onSave}>
        {unsaved === 0 ? strings.saved : strings.save(formatCount(unsaved))}
      </Button>
    </div>
  )
}
