/**
 * What every driver must do, whatever it speaks: the contract of `core/driver.ts` as tests, against a real peer. A driver's own
 * test file describes its peer and calls `testDriver`; what it cannot do it lists with the reason.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { test, type TestContext } from 'node:test'
import type { SampleBatch } from '../core/batch.ts'
import { systemClock } from '../core/clock.ts'
import {
  isUnfinished,
  type Context,
  type Driver,
  type DriverType,
  type Endpoint,
  type Point,
  type Poll,
} from '../core/driver.ts'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { isBad, isGood, Status, statusName, type StatusCode } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import type { Value } from '../core/value.ts'
import { dial } from '../wire/dial.ts'

/** A device that the suite may talk to, and what it holds. It ends with the test. */
export interface DriverPeer {
  /** The device's options, as configured. */
  readonly options: Record<string, unknown>
  /** Tags that read well, with the value they have (undefined: any value). At least three, of different types. */
  readonly readable: readonly { readonly tag: TagSettings; readonly value?: Value }[]
  /** Tags that cannot be read, with the status that says why. */
  readonly unreadable: readonly { readonly tag: TagSettings; readonly status: StatusCode }[]
  /** Writes that succeed and read back. */
  readonly writable: readonly { readonly tag: TagSettings; readonly value: Value }[]
  /** Writes that are refused, with the status. */
  readonly refused: readonly { readonly tag: TagSettings; readonly value: Value; readonly status: StatusCode }[]
  /** From now on requests get no answer, or one that takes longer than a second. */
  silence?(): unknown
  /** Ends the connection from the far side. */
  drop?(): unknown
}

/** How to test one driver. */
export interface DriverSuite {
  readonly type: DriverType
  start(t: TestContext): Promise<DriverPeer>
  /** The address as canonical text that parses to the same place. */
  canonical(address: unknown): string
  /** Texts that are no address. */
  readonly badAddresses: readonly string[]
  /** Requirement → why this driver cannot meet it. */
  readonly skip?: Partial<Record<'silence' | 'drop', string>>
}

/** A tag with the settings that a test cares about, and defaults for the rest. */
export function tagOf(
  address: string,
  type: TagSettings['type'] = 'uint16',
  settings: Partial<TagSettings> = {},
): TagSettings {
  return { name: address, address, type, everyMs: 1000, clamp: false, writable: true, ...settings }
}

/** What a gateway gives to a driver, over real sockets; contexts that should share a line get the same `shared`. */
export function testContext(name = 'device', shared: { thing?: unknown; all?: unknown } = {}): Context {
  return {
    name,
    log: silentLog,
    clock: systemClock,
    dial: dialSocket,
    share: <T>(create: () => T): T => (shared.thing ??= create()) as T,
    shareAll: <T>(create: () => T): T => (shared.all ??= create()) as T,
  }
}

function dialSocket(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex> {
  if (endpoint.transport !== undefined && endpoint.transport !== 'tcp') return dial(endpoint, signal)
  const { host, port } = endpoint
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal, noDelay: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', (cause) =>
      reject(signal.aborted ? signal.reason : new NotConnectedError(`${host}:${port}: ${cause.message}`, { cause })),
    )
  })
}

/** Points of these tags, ids from 1 on. */
export function pointsOf<Address>(
  type: { parseAddress(text: string): Address },
  tags: readonly TagSettings[],
): Point<Address>[] {
  return tags.map((settings, index) => ({ tag: index + 1, address: type.parseAddress(settings.address), settings }))
}

/** All steps of a poll, one after the other: the batches that they emitted. */
export async function readAll(poll: Poll, signal = AbortSignal.timeout(10_000)): Promise<SampleBatch[]> {
  const batches: SampleBatch[] = []
  for (let step = 0; step < poll.steps; step++)
    while (isUnfinished(await poll.read(step, (batch) => batches.push(batch), signal)));
  return batches
}

/** The row of each tag id; fails when one has two rows. */
export function rowsByTag(
  batches: readonly SampleBatch[],
): Map<number, { value: Value | undefined; status: StatusCode; time: number }> {
  const rows = new Map<number, { value: Value | undefined; status: StatusCode; time: number }>()
  for (const batch of batches) {
    for (const { tag, value, status, time } of batch) {
      assert.ok(!rows.has(tag), `tag ${tag} has two rows`)
      rows.set(tag, { value, status, time })
    }
  }
  return rows
}

interface Opened {
  readonly peer: DriverPeer
  readonly driver: Driver<unknown>
  readonly signal: AbortSignal
  readonly points: (tags: readonly TagSettings[]) => Point<unknown>[]
}

/** Registers the tests. */
export function testDriver(suite: DriverSuite): void {
  const { type } = suite
  const name = (text: string) => `driver ${type.name}: ${text}`

  const open = async (t: TestContext): Promise<Opened> => {
    const peer = await suite.start(t)
    const driver = type.create(type.options.parse(peer.options), testContext())
    t.after(() => driver.close())
    const signal = AbortSignal.timeout(10_000)
    return { peer, driver, signal, points: (tags) => pointsOf(type, tags) }
  }

  testAddresses(suite, type, name)
  testReading(name, open)
  testWriting(name, open)
  testConnection(suite, name, open)
}

type Name = (text: string) => string
type Open = (t: TestContext) => Promise<Opened>

function testAddresses(suite: DriverSuite, type: DriverType, name: Name): void {
  for (const example of type.addressExamples) {
    test(name(`address example ${example} parses, and its canonical text means the same`), () => {
      const address = type.parseAddress(example)
      assert.notEqual(type.describeAddress(address), '')
      const again = type.parseAddress(suite.canonical(address))
      assert.equal(suite.canonical(again), suite.canonical(address))
    })
  }
  test(name('a bad address is CONFIG_INVALID with the column'), () => {
    for (const text of suite.badAddresses) {
      assert.throws(
        () => type.parseAddress(text),
        (error: unknown) =>
          error instanceof GatewayError && error.code === 'CONFIG_INVALID' && Number(error.details.column) >= 1,
        `'${text}' was accepted, or refused without a column`,
      )
    }
  })
  test(name('an option that it does not know is refused'), async (t) => {
    const { options } = await suite.start(t)
    assert.ok(type.options.safeParse(options).success)
    assert.ok(!type.options.safeParse({ ...options, noSuchOption: 1 }).success)
  })
}

function testReading(name: Name, open: Open): void {
  test(name('gives each point exactly one row: values where it can, statuses where not'), async (t) => {
    const { peer, driver, signal, points } = await open(t)
    await driver.connect(signal)
    // Twice: what the first cycle learns about bad points must not lose any in the second.
    const all = points([...peer.readable.map(({ tag }) => tag), ...peer.unreadable.map(({ tag }) => tag)])
    const poll = driver.prepare(all)
    for (let cycle = 0; cycle < 2; cycle++) {
      const before = Date.now()
      const batches = await readAll(poll, signal)
      assert.ok(batches.length >= poll.steps, 'a batch a step at least')
      const rows = rowsByTag(batches)
      assert.deepEqual(
        [...rows.keys()].sort((a, b) => a - b),
        all.map(({ tag }) => tag),
      )
      peer.readable.forEach(({ tag, value }, index) => {
        const row = rows.get(index + 1)!
        assert.ok(isGood(row.status), `${tag.address}: ${statusName(row.status)}`)
        assert.notEqual(row.value, undefined, tag.address)
        if (value !== undefined) assert.deepEqual(row.value, value, tag.address)
        assert.ok(row.time >= before && row.time <= Date.now(), `${tag.address}: time ${row.time}`)
      })
      peer.unreadable.forEach(({ tag, status }, index) => {
        const row = rows.get(peer.readable.length + index + 1)!
        assert.equal(statusName(row.status), statusName(status), tag.address)
        assert.equal(row.value, undefined, tag.address)
      })
    }
  })
  test(name('no points: no steps'), async (t) => {
    const { driver } = await open(t)
    assert.equal(driver.prepare([]).steps, 0)
  })
  test(name('an aborted read rejects with the reason, and the connection stays of use'), async (t) => {
    const { peer, driver, signal, points } = await open(t)
    await driver.connect(signal)
    const poll = driver.prepare(points(peer.readable.map(({ tag }) => tag)))
    const reason = new Error('no longer wanted')
    await assert.rejects(
      poll.read(0, () => assert.fail('emitted'), AbortSignal.abort(reason)),
      reason,
    )
    assert.equal(rowsByTag(await readAll(poll, signal)).size, peer.readable.length)
  })
}

function testWriting(name: Name, open: Open): void {
  test(name('a written value reads back'), async (t) => {
    const { peer, driver, signal, points } = await open(t)
    await driver.connect(signal)
    const targets = points(peer.writable.map(({ tag }) => tag))
    const items = peer.writable.map(({ value }, index) => ({ point: targets[index]!, value }))
    assert.deepEqual(
      (await driver.write(items, signal)).map(statusName),
      items.map(() => 'Good'),
    )
    const rows = rowsByTag(await readAll(driver.prepare(targets), signal))
    items.forEach(({ point, value }) => assert.deepEqual(rows.get(point.tag)?.value, value, point.settings.address))
  })
  test(name('a refused write is a status, and changes nothing for the item beside it'), async (t) => {
    const { peer, driver, signal, points } = await open(t)
    await driver.connect(signal)
    const good = peer.writable[0]!
    const writes = [...peer.refused, { ...good, status: Status.Good }]
    const targets = points(writes.map(({ tag }) => tag))
    const items = writes.map(({ value }, index) => ({ point: targets[index]!, value }))
    const results = await driver.write(items, signal)
    assert.deepEqual(
      results.map((status, index) => `${writes[index]!.tag.address}: ${statusName(status)}`),
      writes.map(({ tag, status }) => `${tag.address}: ${statusName(status)}`),
    )
  })
}

function testConnection(suite: DriverSuite, name: Name, open: Open): void {
  test(
    name('before connect and after close everything is NotConnectedError; connect makes it work again'),
    async (t) => {
      const { peer, driver, signal, points } = await open(t)
      const some = points(peer.readable.map(({ tag }) => tag))
      const poll = driver.prepare(some)
      await assert.rejects(readAll(poll, signal), NotConnectedError)
      for (let round = 0; round < 2; round++) {
        await driver.connect(signal)
        assert.equal(rowsByTag(await readAll(poll, signal)).size, some.length)
        await driver.close()
        await driver.close()
        await assert.rejects(readAll(poll, signal), NotConnectedError)
        await assert.rejects(driver.write([{ point: some[0]!, value: 1 }], signal), NotConnectedError)
      }
    },
  )
  test(name('an aborted connect rejects with the reason'), async (t) => {
    const { driver } = await open(t)
    const reason = new Error('no longer wanted')
    await assert.rejects(driver.connect(AbortSignal.abort(reason)), reason)
  })
  test(
    name('a silent device is BadTimeout for each point, not an exception; an abort ends the wait'),
    skipped(suite, 'silence'),
    async (t) => {
      const { peer, driver, signal, points } = await open(t)
      await driver.connect(signal)
      await peer.silence!()
      const poll = driver.prepare(points(peer.readable.map(({ tag }) => tag)))
      const abort = new AbortController()
      const waiting = poll.read(0, () => assert.fail('emitted'), abort.signal)
      abort.abort(new Error('no longer wanted'))
      await assert.rejects(waiting, /no longer wanted/)
      const rows = rowsByTag(await readAll(poll, signal))
      assert.equal(rows.size, peer.readable.length)
      for (const row of rows.values()) {
        assert.ok(isBad(row.status))
        assert.equal(statusName(row.status), 'BadTimeout')
      }
    },
  )
  test(
    name('a lost connection is NotConnectedError, and connect makes it work again'),
    skipped(suite, 'drop'),
    async (t) => {
      const { peer, driver, signal, points } = await open(t)
      await driver.connect(signal)
      const poll = driver.prepare(points(peer.readable.map(({ tag }) => tag)))
      await readAll(poll, signal)
      await peer.drop!()
      await assert.rejects(async () => {
        for (;;) await readAll(poll, signal)
      }, NotConnectedError)
      await driver.connect(signal)
      assert.equal(rowsByTag(await readAll(poll, signal)).size, peer.readable.length)
    },
  )
}

function skipped(suite: DriverSuite, requirement: 'silence' | 'drop'): { skip: string | false } {
  return { skip: suite.skip?.[requirement] ?? false }
}
