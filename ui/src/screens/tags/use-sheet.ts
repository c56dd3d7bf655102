/** The tag list of a device as a sheet: fetched once with the version that it is of, so that what somebody works on never changes under them. */
import { useCallback, useEffect, useState } from 'react'
import { callTagged } from '../../api/client.ts'
import { useQuery } from '@tanstack/react-query'
import { cellsOfExport, rebased, TagSheet } from './sheet.ts'

export interface LoadedSheet {
  readonly device: string
  readonly sheet: TagSheet
  /** The ETag of the version that it is of. */
  readonly tag: string | undefined
}

const EXPORT = 'GET /api/v1/config/devices/{device}/tags/export'

export function useSheet(device: string) {
  const query = useQuery({
    queryKey: [EXPORT, 'sheet', device],
    queryFn: ({ signal }) => callTagged(EXPORT, { params: { device }, query: { format: 'csv' }, signal }),
    staleTime: Infinity,
    gcTime: 0,
    // Asked again it is a new list, also where it is the same.
    structuralSharing: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const [loaded, setLoaded] = useState<LoadedSheet>()
  const { data } = query
  useEffect(() => {
    if (data === undefined) return
    const list = cellsOfExport(data.answer)
    // What is unsaved is kept on top of what the gateway has by now.
    setLoaded((before) => {
      const kept = before?.device === device && before.sheet.pending.size > 0 ? before.sheet : undefined
      return { device, tag: data.tag, sheet: kept === undefined ? new TagSheet(list) : rebased(kept, list) }
    })
  }, [data, device])
  const { refetch } = query
  /** As the gateway has it by now; without `keep` what is unsaved goes. */
  const reload = useCallback(
    async (keep: boolean) => {
      if (!keep) setLoaded(undefined)
      await refetch()
    },
    [refetch],
  )
  return { query, loaded: loaded?.device === device ? loaded : undefined, reload }
}
