/**
 * A sample as the message of `sample.proto`. What depends on the tag alone is written once a tag; the fields of a message may stand in any
 * order, so the rest follows it.
 */
import type { Writer } from 'protobufjs'
import {
  HAS_VALUE,
  HISTORICAL,
  IS_BIG,
  IS_BOOLEAN,
  IS_OTHER,
  IS_UNSIGNED,
  KEPT,
  type SampleBatch,
} from '../../core/batch.ts'
import type { TagInfo } from '../../core/tags.ts'
import { seqOf } from '../encode/payload.ts'
import type { ValueFormat } from './records.ts'

/** Field number × 8 + wire type (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes). */
const TAG = {
  device: 0x0a, tag: 0x12, number: 0x19, boolean: 0x20, integer: 0x28, unsigned: 0x30, text: 0x3a, data: 0x42,
  time: 0x48, status: 0x55, log: 0x5a, seq: 0x60, historical: 0x68, unit: 0x72,
} as const // prettier-ignore

/** Loads the library; gives the format for one log. */
export async function protobufFormat(logId: string): Promise<ValueFormat> {
  const { default: protobuf } = await import('protobufjs')
  return {
    head({ device, settings }: TagInfo): Buffer {
      const writer = protobuf.Writer.create().uint32(TAG.device).string(device).uint32(TAG.tag).string(settings.name)
      writer.uint32(TAG.log).string(logId)
      if (settings.unit !== undefined) writer.uint32(TAG.unit).string(settings.unit)
      return Buffer.from(writer.finish())
    },
    text: () => '',
    tail(_text, batch, row) {
      const writer = protobuf.Writer.create()
      writeValue(writer, batch, row)
      writer.uint32(TAG.time).sint64(Math.round(batch.time[row]! * 1000))
      if (batch.status[row] !== 0) writer.uint32(TAG.status).fixed32(batch.status[row]!)
      writer.uint32(TAG.seq).uint64(seqOf(batch, row))
      if (batch.flags[row]! & HISTORICAL) writer.uint32(TAG.historical).bool(true)
      return writer.finish()
    },
  }
}

function writeValue(writer: Writer, batch: SampleBatch, row: number): void {
  const flags = batch.flags[row]!
  if (!(flags & (HAS_VALUE | KEPT))) return
  if (flags & IS_BOOLEAN) writer.uint32(TAG.boolean).bool(batch.value[row] !== 0)
  else if (flags & IS_BIG) writeBig(writer, batch.big![row]!, (flags & IS_UNSIGNED) !== 0)
  else if (flags & IS_OTHER) {
    const value = batch.other!.get(row)!
    if (typeof value === 'string') writer.uint32(TAG.text).string(value)
    else writer.uint32(TAG.data).bytes(value as Uint8Array)
  } else writer.uint32(TAG.number).double(batch.value[row]!)
}

function writeBig(writer: Writer, bits: bigint, unsigned: boolean): void {
  const wire = unsigned ? BigInt.asUintN(64, bits) : BigInt.asUintN(64, (bits << 1n) ^ (bits >> 63n))
  const low = Number(wire & 0xffff_ffffn) | 0
  const high = Number(wire >> 32n) | 0
  writer.uint32(unsigned ? TAG.unsigned : TAG.integer).uint64({ low, high, unsigned: true })
}
