/**
 * Stands between a socket and the protocol's server and makes the faults that are switched on happen: a request is delayed,
 * swallowed or refused, an answer is cut, replaced or followed by a reset. With no fault on, bytes pass as they are.
 */
import type { Socket } from 'node:net'
import { duplexPair, type Duplex } from 'node:stream'
import type { Clock } from '../src/core/clock.ts'
import { concerns, type Fault } from './faults.ts'
import { AduSplitter, answer } from './mbap.ts'

/** Gives the stream that the protocol's server is to serve instead of the socket. `faults` is read at every request. */
export function createFaultyStream(socket: Socket, faults: () => readonly Fault[], clock: Clock): Duplex {
  const [near, far] = duplexPair()
  const requests = new AduSplitter()
  const replies = new AduSplitter()
  const cut = new Set<number>()
  const end = () => {
    near.destroy()
    socket.destroy()
  }
  const onRequest = (frame: Buffer) => {
    const target = { unit: frame[6]!, address: frame.length >= 12 ? frame.readUInt16BE(8) : 0, count: countOf(frame) }
    const fault = faults().find((candidate) => concerns(candidate, target))
    if (fault === undefined) near.write(frame)
    else happen(fault, frame)
  }
  const happen = (fault: Fault, frame: Buffer) => {
    switch (fault.kind) {
      case 'slow':
        clock.after(fault.ms, () => near.writable && near.write(frame))
        return
      case 'silent':
        return
      case 'exception':
        socket.write(answer(frame, Uint8Array.of(frame[7]! | 0x80, fault.code)))
        return
      case 'rst':
        socket.resetAndDestroy()
        return
      case 'garbage':
        socket.write(Buffer.from('\x7f\x80garbage on the line\xff\xfe', 'latin1'))
        return
      case 'half':
        cut.add(frame.readUInt16BE(0))
        near.write(frame)
    }
  }
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => {
    const frames = requests.push(chunk)
    if (frames === undefined) end()
    else for (const frame of frames) onRequest(Buffer.from(frame))
  })
  const onReply = (reply: Buffer) => {
    if (!cut.delete(reply.readUInt16BE(0))) return socket.write(reply)
    socket.write(reply.subarray(0, reply.length >> 1), () => socket.resetAndDestroy())
  }
  near.on('data', (chunk: Buffer) => replies.push(chunk)?.forEach(onReply))
  socket.on('error', end)
  socket.on('close', end)
  near.on('end', () => socket.end())
  near.on('error', end)
  return far
}

function countOf(frame: Buffer): number {
  const single = frame[7] === 5 || frame[7] === 6 || frame[7] === 22
  return single || frame.length < 12 ? 1 : frame.readUInt16BE(10)
}
