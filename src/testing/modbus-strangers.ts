/**
 * Modbus programs that nobody here wrote, as tests start them: pymodbus, libmodbus compiled on the spot, a pair of serial ports
 * made by socat; and the list of everything that our client tries on each of their servers.
 */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestContext } from 'node:test'
import { ModbusException, type ModbusClient } from '../protocols/modbus/index.ts'
import { eventually, needs, startProcess, temporaryFolder } from './peers.ts'

export const run = promisify(execFile)
/** The path of a program under test/peers. */
export const peer = (name: string): string => fileURLToPath(new URL(`../../test/peers/${name}`, import.meta.url))

/** Debian's Python carries Debian's python3-pymodbus; another `python3` may come first in PATH. */
export const PYTHON = '/usr/bin/python3'

export function needsPymodbus(): string | false {
  if (
    spawnSync(PYTHON, ['-c', 'import pymodbus.client, pymodbus.server']).status === 0 ||
    process.env.BIFROST_REQUIRE_PEERS === '1'
  )
    return false
  return 'not installed: python3-pymodbus, python3-serial-asyncio (Debian)'
}

export function needsLibmodbus(): string | false {
  const compiler = needs('gcc', 'pkg-config')
  if (compiler !== false || process.env.BIFROST_REQUIRE_PEERS === '1') return compiler
  return spawnSync('pkg-config', ['--exists', 'libmodbus']).status === 0
    ? false
    : 'not installed: libmodbus-dev (Debian)'
}

/** Compiles a peer into the test's own folder; gives its path. */
export async function compile(t: TestContext, name: string): Promise<string> {
  const target = join(temporaryFolder(t), name)
  const { stdout } = await run('pkg-config', ['--cflags', '--libs', 'libmodbus'])
  await run('gcc', ['-O1', '-Wall', '-o', target, peer(`${name}.c`), ...stdout.trim().split(/\s+/)])
  return target
}

/** Two serial ports that are wired to each other. */
export async function serialPair(t: TestContext): Promise<readonly [string, string]> {
  const folder = temporaryFolder(t)
  const ends = [join(folder, 'a'), join(folder, 'b')] as const
  startProcess(
    t,
    'socat',
    ends.map((path) => `pty,raw,echo=0,link=${path}`),
  )
  await eventually('socat made its ports', () => ends.every((path) => existsSync(path)))
  return ends
}

/** Registers as numbers. */
export const words = (bytes: Uint8Array): number[] =>
  Array.from({ length: bytes.length / 2 }, (_, i) => bytes[i * 2]! * 256 + bytes[i * 2 + 1]!)

/** The exception code that a call was refused with. */
export async function exceptionOf(promise: Promise<unknown>): Promise<number> {
  const error = await promise.then(
    () => assert.fail('no exception'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ModbusException, String(error))
  return error.exceptionCode
}

/** What both servers must give to each function of ours; `first` is the value of holding register 0. */
export async function tryAllFunctions(client: ModbusClient, unit: number, first: number): Promise<void> {
  assert.deepEqual(words(await client.readHoldingRegisters(unit, 0, 3)), [first, first + 1, first + 2])
  assert.equal((await client.readHoldingRegisters(unit, 0, 125)).length, 250)
  assert.deepEqual(words(await client.readInputRegisters(unit, 5, 2)), [first * 10 + 5, first * 10 + 6])
  assert.deepEqual([...(await client.readDiscreteInputs(unit, 0, 10))], [0b01001001, 0b10])
  await client.writeCoil(unit, 0, true)
  await client.writeCoils(unit, 8, 11, Uint8Array.of(0b11111101, 0b111))
  assert.deepEqual([...(await client.readCoils(unit, 0, 19))], [1, 0b11111101, 0b111])
  await client.writeRegister(unit, 20, 0xbeef)
  await client.maskWriteRegister(unit, 20, 0x00ff, 0x1200)
  assert.deepEqual(words(await client.readHoldingRegisters(unit, 20, 1)), [0x12ef])
  await client.writeRegisters(
    unit,
    30,
    Uint8Array.from({ length: 246 }, (_, i) => i),
  )
  assert.deepEqual(
    [...(await client.readHoldingRegisters(unit, 30, 123))],
    Array.from({ length: 246 }, (_, i) => i),
  )
  const both = client.readWriteRegisters(
    unit,
    { address: 30, count: 2 },
    { address: 30, registers: Uint8Array.of(9, 8) },
  )
  assert.deepEqual([...(await both)], [9, 8, 2, 3])
  assert.equal(await exceptionOf(client.readHoldingRegisters(unit, 5000, 1)), 2)
  const pipelined = Array.from({ length: 64 }, (_, i) => client.readInputRegisters(unit, i, 1))
  assert.deepEqual(
    (await Promise.all(pipelined)).map((bytes) => words(bytes)[0]),
    Array.from({ length: 64 }, (_, i) => first * 10 + i),
  )
}
