/** What the address gives the wizard to begin with: a device to copy, or one that was found. */
import { useEffect, useRef, useState, createElement, type ReactNode } from 'react'
import { call } from '../../api/client.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { toTagRow } from '../../parts/points/tag-rows.ts'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { shownToDraft } from '../../parts/schema-form/shown.ts'
import { toDrafts } from '../../parts/schema-form/fields.ts'
import { changeQuery, useAddress } from '../../shell/address.ts'
import { addDeviceStrings as strings } from '../../strings/add-device.ts'
import { EMPTY, type Catalogue, type Sketch } from './sketch.ts'

/** Fills in once. Until then nothing can be typed that a late copy would replace; what it shows says so, or why it could not. */
export function usePrefilled(
  catalogue: Catalogue,
  fill: (sketch: Sketch) => void,
): { readonly waits: boolean; readonly note: ReactNode } {
  const { query } = useAddress()
  const [error, setError] = useState<Error>()
  const [copied, setCopied] = useState(false)
  const done = useRef(false)
  const [copy, found] = [query.get('copy'), query.get('device')]
  useEffect(() => {
    if (done.current) return
    done.current = true
    const known = (driver: string) => catalogue.drivers.some(({ name }) => name === driver)
    const take = (sketch: Sketch) => {
      if (sketch.driver === undefined || !known(sketch.driver)) return
      fill(sketch)
      changeQuery({ step: 'connection', device: undefined })
    }
    if (found !== null) take(sketchOf(parsed(found)))
    else if (copy !== null)
      copyOf(copy)
        .then(take, (reason: unknown) => setError(reason as Error))
        .finally(() => setCopied(true))
  }, [catalogue, copy, found, fill])
  if (error !== undefined)
    return { waits: false, note: createElement(ProblemNote, { error, what: strings.copyFailed }) }
  const waits = copy !== null && found === null && !copied
  return { waits, note: waits ? createElement(Elapsed, { label: strings.copying(copy) }) : null }
}

interface Entry {
  readonly name?: unknown
  readonly driver?: unknown
  readonly options?: unknown
  readonly every?: unknown
  readonly tags?: unknown
}

function parsed(text: string): Entry {
  try {
    return JSON.parse(text) as Entry
  } catch {
    return {}
  }
}

function sketchOf({ name, driver, options, every, tags }: Entry): Sketch {
  const driverName = typeof driver === 'string' ? driver : undefined
  return {
    ...EMPTY,
    name: typeof name === 'string' ? name : '',
    driver: driverName,
    drafts: { [driverName ?? '']: toDrafts(options) },
    head: typeof every === 'string' ? { every } : {},
    tags: Array.isArray(tags) ? tags.map((tag) => toTagRow(tag as object)) : [],
  }
}

/** Its options as they are written, and all its tags; what is by default stays so. */
async function copyOf(device: string): Promise<Sketch> {
  const { settings } = await call('GET /api/v1/config/devices/{device}', { params: { device } })
  const value = (setting: string) => settings.find((one) => one.setting === setting)?.value
  // What is not shown is not copied, nor is a URL of which the password is not.
  const own = settings.filter(
    ({ origin, value: is }) => origin !== 'default' && is !== null && !String(is).includes('***'),
  )
  const drafts = own
    .filter(({ setting }) => setting.startsWith('options.'))
    .map((one) => [one.setting.slice('options.'.length), shownToDraft(one.value)])
  const head = own
    .filter(({ setting }) => setting === 'every' || setting === 'area')
    .map((one) => [one.setting, String(one.value)])
  const driver = String(value('driver'))
  return {
    ...EMPTY,
    driver,
    drafts: { [driver]: Object.fromEntries(drafts) as Record<string, string> },
    head: Object.fromEntries(head) as Record<string, string>,
    tags: await tagsOf(device),
    copyOf: device,
  }
}

async function tagsOf(device: string) {
  const rows = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof pageOf>> = await pageOf(device, cursor)
    rows.push(...page.tags.map(({ settings }) => toTagRow(settings)))
    cursor = page.next
  } while (cursor !== null)
  return rows
}

const pageOf = (device: string, cursor: string | null) =>
  call('GET /api/v1/config/devices/{device}/tags', {
    params: { device },
    query: { limit: 10_000, ...(cursor === null ? {} : { cursor }) },
  })
