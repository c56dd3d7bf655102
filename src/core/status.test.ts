import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusCodes } from 'node-opcua-status-code'
import {
  STATUS_TABLE,
  Status,
  isBad,
  isGood,
  isUncertain,
  sparkplugQuality,
  statusByName,
  statusHex,
  statusInfo,
} from './status.ts'

test('every code is the one that an independent OPC UA library has under that name', () => {
  const theirs = StatusCodes as unknown as Record<string, { value: number } | undefined>
  for (const { name, code } of STATUS_TABLE) assert.equal(theirs[name]?.value, code, name)
})

test('severity is read from the top two bits, whatever the flags', () => {
  assert.ok(isGood(Status.Good | 0x400) && isGood(Status.GoodLocalOverride))
  assert.ok(isUncertain(Status.UncertainLastUsableValue))
  assert.ok(isBad(Status.BadTimeout) && !isGood(Status.BadTimeout) && !isUncertain(Status.BadTimeout))
})

test('a known code with flag bits keeps its name; an unknown one keeps its severity and number', () => {
  assert.equal(statusInfo((Status.BadTimeout | 0x0400) >>> 0).name, 'BadTimeout')
  assert.equal(statusInfo(0x80ff0000).name, 'Bad_0x80FF0000')
  assert.equal(statusHex(Status.BadNoCommunication), '0x80310000')
  assert.equal(statusByName('badtimeout')?.code, Status.BadTimeout)
})

test('Sparkplug quality follows the field guide', () => {
  assert.equal(sparkplugQuality(Status.Good), 192)
  assert.equal(sparkplugQuality(Status.UncertainEngineeringUnitsExceeded), 192)
  assert.equal(sparkplugQuality(Status.UncertainNoCommunicationLastUsableValue), 500)
  assert.equal(sparkplugQuality(Status.BadWaitingForInitialData), 500)
  assert.equal(sparkplugQuality(Status.BadTimeout), 0)
})
