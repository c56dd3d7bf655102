/** Parameter sets, versions, comparisons and restores as JSON shows them: values in engineering units, `raw` as the device holds them. */
import type { ParameterSettings } from '../core/parameters.ts'
import { toShown } from '../core/scaling.ts'
import { toJsonValue, type Value } from '../core/value.ts'
import type { Gateway } from '../gateway.ts'
import { isoOf, statusView } from './views.ts'

type Parameters = Gateway['parameters']
type SetReading = Awaited<ReturnType<Parameters['read']>>
type Comparison = Awaited<ReturnType<Parameters['compare']>>
type Restoration = Awaited<ReturnType<Parameters['restore']>>
type KnownVersion = Awaited<ReturnType<Parameters['versions']>>[number]
type StoredVersion = Awaited<ReturnType<Parameters['stored']>>
type Summary = Comparison['version']

const identityView = ({ vendor, product, serial, firmware }: Comparison['identity']['device']) => ({
  vendor: vendor ?? null,
  product: product ?? null,
  serial: serial ?? null,
  firmware: firmware ?? null,
})

const summaryView = ({ device: _device, set: _set, identity, ...rest }: Summary) => ({
  ...rest,
  identity: identityView(identity),
})

const identityCheckView = ({ verdict, stored, device, remark }: Comparison['identity']) => ({
  verdict,
  stored: identityView(stored),
  device: identityView(device),
  remark: remark ?? null,
})

const shown = (raw: Value | undefined, settings: ParameterSettings | undefined) =>
  toJsonValue(raw === undefined || settings === undefined ? raw : toShown(raw, settings))

/** One set without its entries. */
export function setView(parameters: Parameters, device: string, name: string, versions: readonly KnownVersion[]) {
  const set = parameters.set(device, name)
  const last = parameters.lastCompare(device, name)
  const forbidden = parameters.forbidden(device, name) ?? null
  const newest = versions[0]?.summary
  return {
    device,
    set: name,
    description: set.description ?? null,
    parameters: set.points.length,
    restorable: forbidden === null,
    forbidden,
    newest: newest === undefined ? null : summaryView(newest),
    versions: versions.length,
    lastCompare:
      last === undefined ? null : { time: isoOf(last.time)!, version: last.version, differences: last.differences },
  }
}

export function setDetailView(parameters: Parameters, device: string, name: string, versions: readonly KnownVersion[]) {
  const { points, onFailure, compareEveryMs = null } = parameters.set(device, name)
  return {
    ...setView(parameters, device, name, versions),
    onFailure,
    compareEveryMs,
    entries: points.map(({ settings }) => ({
      name: settings.name,
      address: settings.address,
      type: settings.type,
      unit: settings.unit ?? null,
      description: settings.description ?? null,
      tolerance: settings.tolerance ?? null,
      readOnly: settings.readOnly === true,
    })),
    stored: versions.map(({ version, summary }) => ({
      version,
      summary: summary === undefined ? null : summaryView(summary),
    })),
  }
}

export function versionView({ values, format: _format, identity, ...head }: StoredVersion) {
  return {
    ...head,
    identity: identityView(identity),
    parameters: values.length,
    unreadable: values.filter(({ status }) => status !== undefined).length,
    values: values.map(({ name, address, type, unit = null, value, raw, status = null }) => {
      return { name, address, type, unit, value, raw, status }
    }),
  }
}

export const readingView = (device: string, set: string, { time: at, identity, readings }: SetReading) => ({
  device,
  set,
  time: isoOf(at)!,
  identity: identityView(identity),
  unreadable: readings.filter(({ raw }) => raw === undefined).length,
  parameters: readings.map(({ settings, raw, status, reason = null }) => ({
    name: settings.name,
    unit: settings.unit ?? null,
    value: shown(raw, settings),
    raw: toJsonValue(raw),
    status: statusView(status),
    reason,
  })),
})

export const savedView = ({ saved, isNew }: Awaited<ReturnType<Parameters['save']>>) => ({
  saved: summaryView(saved),
  isNew,
})

export function comparisonView(device: string, set: string, { time: at, version, identity, parameters }: Comparison) {
  const differences = parameters.filter(({ state }) => state !== 'equal').length
  return {
    device,
    set,
    time: isoOf(at)!,
    version: summaryView(version),
    identity: identityCheckView(identity),
    equal: differences === 0,
    differences,
    parameters: parameters.map(({ name, state, settings, stored, device: now, status, reason = null }) => ({
      name,
      state,
      unit: settings?.unit ?? null,
      stored: shown(stored, settings),
      device: shown(now, settings),
      status: statusView(status),
      reason,
    })),
  }
}

export const restorationView = (
  device: string,
  set: string,
  { version, identity, parameters, ...rest }: Restoration,
) => ({
  device,
  set,
  ...rest,
  version: summaryView(version),
  identity: identityCheckView(identity),
  parameters: parameters.map(
    ({ name, state, settings, stored, before, after, status, code = null, reason = null }) => ({
      name,
      state,
      unit: settings?.unit ?? null,
      stored: shown(stored, settings),
      before: shown(before, settings),
      after: shown(after, settings),
      status: statusView(status),
      code,
      reason,
    }),
  ),
})
