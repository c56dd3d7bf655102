/**
 * Function code 43 with MEI type 14, Read Device Identification (Modbus Application Protocol V1.1b3, 6.21). A device that
 * cannot put all objects into one reply says "more follows" and names the object to ask for next.
 */
import { violation } from '../../../wire/reader.ts'
import type { FunctionCodec } from './codec.ts'

export const MEI_READ_DEVICE_IDENTIFICATION = 14

/** 6.21: 1 basic, 2 regular, 3 extended (each a stream of objects), 4 one object. */
export type IdentificationLevel = 1 | 2 | 3 | 4

export interface ReadDeviceIdentificationRequest {
  readonly functionCode: 43
  readonly meiType: 14
  /** As on the wire; a valid one is an IdentificationLevel. */
  readonly level: number
  readonly objectId: number
}

export interface ReadDeviceIdentificationResponse {
  readonly functionCode: 43
  readonly meiType: 14
  readonly level: number
  readonly conformity: number
  /** 0xFF as on the wire: ask again from `nextObjectId` on; 0x00: this was all. */
  readonly moreFollows: number
  readonly nextObjectId: number
  /** 0 vendor, 1 product code, 2 revision, 3 URL, 4 product name, 5 model, 6 application; 128…255 private. */
  readonly objects: readonly { readonly id: number; readonly value: Uint8Array }[]
}

/**
 * request  = 2B · 0E · level:uint8 (1…4) · objectId:uint8
 * response = 2B · 0E · level:uint8 · conformity:uint8 · moreFollows:uint8 (00 | FF) · nextObjectId:uint8 · count:uint8
 *            · count × ( id:uint8 · length:uint8 · value )
 */
export const readDeviceIdentification: FunctionCodec<
  ReadDeviceIdentificationRequest,
  ReadDeviceIdentificationResponse
> = {
  functionCode: 43,
  title: 'Read Device Identification',
  writeRequest: (writer, { level, objectId }) => void writer.uint8(43).uint8(14).uint8(level).uint8(objectId),
  readRequest: (reader) => ({
    functionCode: 43,
    meiType: readMeiType(reader.uint8('MEI type')),
    level: reader.uint8('read device id code'),
    objectId: reader.uint8('object id'),
  }),
  writeResponse(writer, { level, conformity, moreFollows, nextObjectId, objects }) {
    writer
      .uint8(43)
      .uint8(14)
      .uint8(level)
      .uint8(conformity)
      .uint8(moreFollows)
      .uint8(nextObjectId)
      .uint8(objects.length)
    for (const { id, value } of objects) writer.uint8(id).uint8(value.length).view(value)
  },
  readResponse(reader) {
    const head = {
      functionCode: 43,
      meiType: readMeiType(reader.uint8('MEI type')),
      level: reader.uint8('read device id code'),
      conformity: reader.uint8('conformity level'),
      moreFollows: reader.uint8('more follows'),
      nextObjectId: reader.uint8('next object id'),
    } as const
    const objects = []
    for (let count = reader.uint8('number of objects'); count > 0; count--) {
      objects.push({ id: reader.uint8('object id'), value: reader.view(reader.uint8('object length'), 'object value') })
    }
    return { ...head, objects }
  },
  check: ({ level }) => (level >= 1 && level <= 4 ? undefined : `read device id code ${level} is outside 1…4`),
  mismatch(request, bytes, start, end) {
    if (end - start < HEAD_BYTES) return `reply of ${end - start} bytes, ${HEAD_BYTES} at least expected`
    return bytes[start + 1] === request[1] && bytes[start + 2] === request[2]
      ? undefined
      : 'reply is for another MEI type or read device id code'
  },
}

/** Function code, MEI type, read device id code, conformity level, more follows, next object id, number of objects. */
const HEAD_BYTES = 7

function readMeiType(value: number): 14 {
  if (value !== MEI_READ_DEVICE_IDENTIFICATION)
    throw violation(`MEI type ${value} is not Read Device Identification (14)`)
  return value
}
