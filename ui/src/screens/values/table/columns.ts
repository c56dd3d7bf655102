/** The columns of the live table. Which are shown is in the address (`columns=`); tag, value and status always are. */
import { valueWords } from '../../../strings/value-words.ts'
import { valuesStrings } from '../../../strings/values.ts'

export type ColumnId = 'device' | 'tag' | 'value' | 'unit' | 'status' | 'time' | 'received' | 'age' | 'spark' | 'action'

export interface ValueColumn {
  readonly id: ColumnId
  readonly title: string
  /** In the grid. */
  readonly width: string
  readonly hidden?: boolean
  readonly right?: boolean
}

const { columns } = valueWords.values

export const VALUE_COLUMNS: readonly ValueColumn[] = [
  { id: 'device', title: columns.device, width: 'minmax(100px, 1fr)' },
  { id: 'tag', title: columns.tag, width: 'minmax(170px, 2.2fr)' },
  { id: 'value', title: columns.value, width: 'minmax(104px, 0.9fr)', right: true },
  { id: 'unit', title: columns.unit, width: 'minmax(52px, 0.5fr)' },
  { id: 'spark', title: valuesStrings.columns.spark, width: '132px' },
  { id: 'status', title: columns.status, width: 'minmax(150px, 1.4fr)' },
  { id: 'time', title: valuesStrings.columns.time, width: '86px' },
  { id: 'received', title: valuesStrings.columns.received, width: '86px' },
  { id: 'age', title: columns.age, width: '52px', right: true },
  { id: 'action', title: columns.action, width: '62px' },
]
