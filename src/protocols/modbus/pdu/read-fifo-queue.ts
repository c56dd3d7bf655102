/** Function code 24, Read FIFO Queue: looks at a queue of registers without emptying it (Modbus Application Protocol V1.1b3, 6.18). */
import { violation } from '../../../wire/reader.ts'
import { lengthMismatch, wordAt, type FunctionCodec } from './codec.ts'

/** 6.18: a queue of more than 31 registers is answered by exception 03. */
export const MAX_FIFO_COUNT = 31

/** `address`: the FIFO pointer, the register that holds the queue's count. */
export interface ReadFifoQueueRequest {
  readonly functionCode: 24
  readonly address: number
}

/** The queued registers, two bytes each, big-endian; the oldest first. */
export interface ReadFifoQueueResponse {
  readonly functionCode: 24
  readonly registers: Uint8Array
}

/**
 * request  = 18 · address:uint16
 * response = 18 · byteCount:uint16 (2 + 2 × count) · count:uint16 (0…31) · registers
 */
export const readFifoQueue: FunctionCodec<ReadFifoQueueRequest, ReadFifoQueueResponse> = {
  functionCode: 24,
  title: 'Read FIFO Queue',
  writeRequest: (writer, { address }) => void writer.uint8(24).uint16(address),
  readRequest: (reader) => ({ functionCode: 24, address: reader.uint16('FIFO pointer address') }),
  writeResponse: (writer, { registers }) =>
    void writer
      .uint8(24)
      .uint16(2 + registers.length)
      .uint16(registers.length / 2)
      .view(registers),
  readResponse(reader) {
    const byteCount = reader.uint16('byte count')
    const count = reader.uint16('FIFO count')
    if (byteCount !== 2 + 2 * count) throw violation(`byte count ${byteCount} does not fit a FIFO count of ${count}`)
    return { functionCode: 24, registers: reader.view(2 * count, 'registers') }
  },
  check: () => undefined,
  mismatch(_request, bytes, start, end) {
    if (end - start < 5) return 'reply without a FIFO count'
    const count = wordAt(bytes, start + 3)
    if (count > MAX_FIFO_COUNT) return `FIFO count ${count} is outside 0…31`
    if (wordAt(bytes, start + 1) !== 2 + 2 * count)
      return `byte count ${wordAt(bytes, start + 1)} does not fit a FIFO count of ${count}`
    return lengthMismatch(5 + 2 * count, start, end)
  },
}
