/** Filters and pens live in the address, so that every view can be linked and survives a reload. */
import { useCallback, useMemo } from 'react'
import { changeQuery, useAddress } from '../../shell/address.ts'
import { severityOf } from '../../status.ts'

export const QUALITIES = ['all', 'abnormal', 'uncertain', 'bad'] as const
/** Which statuses are shown; abnormal: uncertain and bad. */
export type Quality = (typeof QUALITIES)[number]

export interface View {
  /** Text filter. */
  readonly q: string
  readonly device: string | undefined
  readonly quality: Quality
  /** `device/tag` of each trend; undefined: the page chooses. */
  readonly pens: readonly string[] | undefined
  readonly spanSeconds: number
}

/** The view in the address, and how to change parts of it. */
export function useView(): [View, (change: Partial<View>) => void] {
  const { query } = useAddress()
  const view = useMemo(() => parseView(query.toString()), [query])
  const change = useCallback((part: Partial<View>) => {
    changeQuery(queryOf({ ...parseView(window.location.search), ...part }))
  }, [])
  return [view, change]
}

export function parseView(search: string): View {
  const query = new URLSearchParams(search)
  const span = Number(query.get('span'))
  const quality = query.get('status') as Quality
  return {
    q: query.get('q') ?? '',
    device: query.get('device') ?? undefined,
    quality: QUALITIES.includes(quality) ? quality : 'all',
    pens: query.get('pens')?.split(',').filter(Boolean).map(readPen),
    spanSeconds: span >= 5 && span <= 31_536_000 ? span : 300,
  }
}

/** Its words in the query; undefined where it is as usual. */
export function queryOf({ q, device, quality, pens, spanSeconds }: View): Readonly<Record<string, string | undefined>> {
  return {
    q: q === '' ? undefined : q,
    device,
    status: quality === 'all' ? undefined : quality,
    pens: pens?.map(writePen).join(','),
    span: spanSeconds === 300 ? undefined : String(Math.round(spanSeconds)),
  }
}

/** Whether a value of this status is shown. */
export function isOfQuality(status: number, quality: Quality): boolean {
  if (quality === 'all') return true
  const severity = severityOf(status)
  return quality === 'abnormal' ? severity !== 'good' : severity === quality
}

// A comma separates pens, so one within a name is escaped.
const writePen = (key: string): string => key.replaceAll('%', '%25').replaceAll(',', '%2C')
const readPen = (text: string): string => text.replaceAll('%2C', ',').replaceAll('%25', '%')
