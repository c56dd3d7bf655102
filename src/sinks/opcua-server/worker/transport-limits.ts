/**
 * How much of a message is kept before anybody knows who sends it: what a stranger says in his Hello is no more than a wish
 * (OPC 10000-6, 7.1.2). Buffers lie outside of the worker's heap, so that its limit does not help.
 */
import type { OPCUAServerOptions } from 'node-opcua-server'

const LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024
const BUFFER_BYTES = { least: 8192, most: 65_536 }

type AdjustLimits = NonNullable<NonNullable<OPCUAServerOptions['transportSettings']>['adjustTransportLimits']>

/** node-opcua lets in 128 MiB a message, and chunks of 512 KiB, beyond all certificates. */
export const adjustTransportLimits: AdjustLimits = (hello) => {
  const buffer = (asked: number): number =>
    Math.min(BUFFER_BYTES.most, Math.max(BUFFER_BYTES.least, asked || BUFFER_BYTES.most))
  const receiveBufferSize = buffer(hello.receiveBufferSize)
  const sendBufferSize = buffer(hello.sendBufferSize)
  const maxMessageSize = Math.min(hello.maxMessageSize || LARGEST_MESSAGE_BYTES, LARGEST_MESSAGE_BYTES)
  const chunks = Math.ceil(LARGEST_MESSAGE_BYTES / Math.min(receiveBufferSize, sendBufferSize))
  return {
    receiveBufferSize,
    sendBufferSize,
    maxMessageSize,
    maxChunkCount: Math.min(hello.maxChunkCount || chunks, chunks),
  }
}
