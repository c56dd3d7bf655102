/** A tag list as a spreadsheet (XLSX, ECMA-376). Every cell is a text, so that none is a formula; the library is loaded on first use. */
import { columnsOf, type Cells } from '../config/tag-exchange/tag-table.ts'

export const SHEET_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

export async function sheetBytes(rows: readonly Cells[]): Promise<Buffer> {
  const { writeXlsx } = await import('hucre/xlsx')
  const columns = columnsOf(rows)
  const table = [columns, ...rows.map((row) => columns.map((column) => row.get(column) ?? null))]
  return Buffer.from(await writeXlsx({ sheets: [{ name: 'Tags', rows: table }] }))
}
