/** OPC UA status codes on the page: severity from bits 31:30 (OPC 10000-4, 7.39), names and sentences from the gateway. */
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { fetchStatusCodes, type StatusInfo } from './api.ts'
import { statusHex } from './format.ts'
import { valueWords } from './strings/value-words.ts'

export type Severity = 'good' | 'uncertain' | 'bad'

export function severityOf(code: number): Severity {
  const severity = code >>> 30
  return severity === 0 ? 'good' : severity === 1 ? 'uncertain' : 'bad'
}

/** Gives name and sentence of a code; until the table is loaded, and for foreign codes, severity and number. */
export function useStatusInfo(): (code: number) => StatusInfo {
  const { data } = useQuery({
    queryKey: ['status-codes'],
    queryFn: ({ signal }) => fetchStatusCodes(signal),
    staleTime: Infinity,
    retry: true,
  })
  const byCode = useMemo(() => new Map((data ?? []).map((info) => [info.code, info])), [data])
  return useCallback((code: number) => byCode.get((code & 0xffff0000) >>> 0) ?? unknownStatus(code), [byCode])
}

function unknownStatus(code: number): StatusInfo {
  const severity = severityOf(code)
  return {
    code,
    name: code === 0 ? valueWords.severity.good : `${valueWords.severity[severity]} ${statusHex(code)}`,
    text: '',
  }
}
