/** When two values count as equal, and what a stored value says after a way through its file. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Status } from '../core/status.ts'
import type { ParameterSettings } from '../core/parameters.ts'
import type { Value } from '../core/value.ts'
import { tagSettings } from '../testing/tags.ts'
import { compareSet, isEqual } from './compare.ts'
import { checkIdentity } from './identity.ts'
import { decodeVersion, digestOf, encodeVersion, rawOf, toStoredValue, type StoredVersion } from './stored.ts'

const settingsOf = (given: Partial<ParameterSettings>): ParameterSettings => ({ ...tagSettings(), ...given })

describe('equal', () => {
  const float = settingsOf({ type: 'float32' })
  const cases: readonly (readonly [
    what: string,
    stored: Value,
    device: Value,
    settings: ParameterSettings,
    equal: boolean,
  ])[] = [
    ['the same float', Math.fround(0.1), Math.fround(0.1), float, true],
    ['the next float32, without a tolerance', Math.fround(0.1), Math.fround(0.1) + 2 ** -27, float, false],
    ['0 and -0, whose bits differ', 0, -0, float, false],
    ['0 and -0, with a tolerance', 0, -0, { ...float, tolerance: 0 }, true],
    ['inside the tolerance', 20, 20.5, { ...float, tolerance: 0.5 }, true],
    ['0.2 and 0.3 with a tolerance of 0.1', 0.2, 0.3, { ...float, tolerance: 0.1 }, true],
    ['outside the tolerance', 20, 20.51, { ...float, tolerance: 0.5 }, false],
    ['a tolerance is in engineering units', 200, 204, settingsOf({ type: 'int16', scale: 0.1, tolerance: 0.5 }), true],
    ['a tolerance is in engineering units', 200, 206, settingsOf({ type: 'int16', scale: 0.1, tolerance: 0.5 }), false],
    ['int64 beyond 2^53', 9_007_199_254_740_993n, 9_007_199_254_740_992n, settingsOf({ type: 'int64' }), false],
    ['the same int64', -5n, -5n, settingsOf({ type: 'int64' }), true],
    ['a text', 'abc', 'abc', settingsOf({ type: 'string' }), true],
    ['a text with a blank', 'abc', 'abc ', settingsOf({ type: 'string' }), false],
    ['bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 2), settingsOf({ type: 'bytes' }), true],
    ['longer bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0), settingsOf({ type: 'bytes' }), false],
    ['true and false, whatever the tolerance', true, false, settingsOf({ type: 'bool', tolerance: 5 }), false],
  ]
  for (const [what, stored, device, settings, equal] of cases)
    test(`${what}: ${equal}`, () => assert.equal(isEqual(stored, device, settings), equal))
})

test('a value is the same after its way through the file', () => {
  const raws: readonly (readonly [ParameterSettings['type'], Value])[] = [
    ['float32', Math.fround(0.1)],
    ['float64', 1e300],
    ['float32', -0],
    ['int64', -9_223_372_036_854_775_808n],
    ['uint64', 18_446_744_073_709_551_615n],
    ['string', 'ä "x"\n'],
    ['bytes', Uint8Array.of(0, 255, 7)],
    ['bool', false],
  ]
  const values = raws.map(([type, raw], at) =>
    toStoredValue({ settings: settingsOf({ name: `p${at}`, type }), raw, status: Status.Good }),
  )
  const version: StoredVersion = {
    format: 1, device: 'd', set: 's', version: 1, time: '2026-11-29T09:00:00.000Z', user: 'a', from: 'b',
    reason: null, identity: {}, sha256: digestOf(values), values,
  } // prettier-ignore
  const back = decodeVersion(encodeVersion(version))
  assert.equal(encodeVersion(back), encodeVersion(version))
  for (const [at, [type, raw]] of raws.entries())
    assert.ok(isEqual(raw, rawOf(back.values[at]!)!, settingsOf({ type })), `${type} ${String(raw)}`)
})

test('what is new, gone, moved or not readable is none of it equal', () => {
  const [kept, fresh, moved, dead] = ['kept', 'fresh', 'moved', 'dead'].map((name) => settingsOf({ name, type: 'uint16', address: `hr:${name.length}` })) // prettier-ignore
  const stored = [kept!, { ...moved!, address: 'hr:99' }, dead!, settingsOf({ name: 'gone' })].map((settings) =>
    toStoredValue({ settings, raw: 5, status: Status.Good }),
  )
  const version = { values: stored } as unknown as StoredVersion
  const compared = compareSet(version, [
    { settings: kept!, raw: 5, status: Status.Good },
    { settings: fresh!, raw: 5, status: Status.Good },
    { settings: moved!, raw: 5, status: Status.Good },
    { settings: dead!, raw: undefined, status: Status.BadOutOfRange, reason: 'exception 02' },
  ])
  assert.deepEqual(
    compared.map(({ name, state, stored: before, device }) => [name, state, before, device]),
    [
      ['kept', 'equal', 5, 5],
      ['fresh', 'missing', undefined, 5],
      ['moved', 'redefined', undefined, 5],
      ['dead', 'unreadable', 5, undefined],
      ['gone', 'removed', 5, undefined],
    ],
  )
})

test('a replacement may have another serial number and firmware; maker and model have to be told and the same', () => {
  const old = { vendor: 'Acme', product: 'PX-7', serial: '1', firmware: 'v1' }
  for (const [stored, device, verdict, remark] of [
    [old, { ...old, serial: '2' }, 'same', undefined],
    [old, { ...old, firmware: 'v2' }, 'same', 'The firmware was v1 when the set was saved, and is v2 now.'],
    [old, { ...old, product: 'PX-8' }, 'other', 'The set was saved from Acme PX-7; the device is Acme PX-8.'],
    [old, { ...old, vendor: 'Other' }, 'other', 'The set was saved from Acme PX-7; the device is Other PX-7.'],
    [old, {}, 'other', 'The set was saved from Acme PX-7; the device does not say what it is.'],
    [{}, old, 'unknown', 'The set was saved from a device that does not say what it is.'],
  ] as const) {
    const found = checkIdentity(stored, device)
    assert.deepEqual([found.verdict, found.remark], [verdict, remark])
  }
})
