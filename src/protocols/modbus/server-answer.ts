/**
 * From a request to the PDU that answers it, the same for every transport: the fault that was asked for, the unit, its
 * diagnostics, exceptions for what goes wrong. On a serial line there are broadcasts, other units' frames and the listen only
 * mode besides (Modbus over Serial Line V1.02, 2.1 and 2.2; Modbus Application Protocol V1.1b3, 6.8.1).
 */
import { ModbusException } from './exception.ts'
import { BROADCAST_UNIT } from './line-frames.ts'
import { DIAGNOSTIC } from './pdu/diagnostics.ts'
import { MAX_PDU_BYTES, wordAt } from './pdu/codec.ts'
import { decodeRequest, encodeResponse } from './pdu/message.ts'
import type { Answer, Fault, ModbusServerOptions, ModbusUnit, ServerRequest, ServerStats } from './server.ts'

/** A PDU; undefined: no answer. */
export type AnswerPdu = Uint8Array | undefined

/** Serial Line V1.02, 2.2: the ids that units can have on a bus. */
const LAST_UNIT = 247
/** Serial Line V1.02, 2.1: broadcasts are writing requests. */
const WRITING: ReadonlySet<number> = new Set([5, 6, 15, 16, 21, 22, 23])
const DIAGNOSTICS = 8

/** One for a server: its connections, lines and datagrams all answer through it. Nothing makes it throw. */
export class ServerAnswers {
  readonly #options: ModbusServerOptions
  readonly #stats: ServerStats

  constructor(options: ModbusServerOptions, stats: ServerStats) {
    this.#options = options
    this.#stats = stats
  }

  /** True where somebody here is concerned by frames to this id on a serial line. */
  isOurs(unit: number): boolean {
    return unit === BROADCAST_UNIT || this.#options.unit(unit) !== undefined
  }

  fault(request: ServerRequest): Fault | undefined {
    try {
      return this.#options.intercept?.(request)
    } catch (error) {
      this.#options.onError?.(error, request)
      return undefined
    }
  }

  /** The promise, where a unit needs time, never rejects. */
  answer(request: ServerRequest, fault: Fault | undefined): AnswerPdu | Promise<AnswerPdu> {
    if (fault?.silent === true) return undefined
    if (request.line !== undefined && request.unit === BROADCAST_UNIT) return this.#broadcast(request)
    if (fault?.exception !== undefined) return this.#refuse(request, fault.exception)
    const unit = this.#options.unit(request.unit)
    if (unit !== undefined) return this.#answerBy(unit, request)
    // Application protocol, clause 7: 0B, no response from the target device. On a serial line it is somebody else's.
    const silent = request.line !== undefined || this.#options.unknownUnit === 'silent'
    return silent ? undefined : this.#refuse(request, 11)
  }

  #answerBy(unit: ModbusUnit, request: ServerRequest): AnswerPdu | Promise<AnswerPdu> {
    const { diagnostics } = unit
    diagnostics?.received(request.line, false)
    if (request.line !== undefined && isUnheard(unit, request.pdu)) {
      diagnostics?.answered(request.pdu[0]!, undefined)
      return undefined
    }
    const answer = this.#ask(unit, request)
    if (answer instanceof Promise) {
      return answer.then((pdu) => {
        diagnostics?.answered(request.pdu[0]!, pdu)
        return pdu
      })
    }
    diagnostics?.answered(request.pdu[0]!, answer)
    return answer
  }

  #ask(unit: ModbusUnit, request: ServerRequest): Uint8Array | Promise<Uint8Array> {
    let answer: Answer | Promise<Answer>
    try {
      answer = unit.answer(decodeRequest(request.pdu), request.pdu, request)
    } catch (error) {
      return this.#failed(request, error)
    }
    if (!(answer instanceof Promise)) return this.#encode(request, answer)
    return answer.then(
      (late) => this.#encode(request, late),
      (error: unknown) => this.#failed(request, error),
    )
  }

  /** Every unit carries it out, once; nobody answers. */
  #broadcast(request: ServerRequest): undefined {
    const units = new Set<ModbusUnit>()
    for (let id = 1; id <= LAST_UNIT; id++) {
      const unit = this.#options.unit(id)
      if (unit !== undefined) units.add(unit)
    }
    for (const unit of units) {
      unit.diagnostics?.received(request.line, true)
      unit.diagnostics?.answered(request.pdu[0]!, undefined)
      if (isUnheard(unit, request.pdu) || !WRITING.has(request.pdu[0]!)) continue
      // What comes of it interests nobody but those who look for defects: `#ask` reports them and never rejects.
      void this.#ask(unit, request)
    }
  }

  #encode(request: ServerRequest, answer: Answer): Uint8Array {
    try {
      const pdu = answer instanceof Uint8Array ? answer : encodeResponse(answer)
      if (pdu.length < 1 || pdu.length > MAX_PDU_BYTES) throw new RangeError(`an answer of ${pdu.length} bytes`)
      return pdu
    } catch (error) {
      return this.#failed(request, error)
    }
  }

  /** Malformed requests get exception 03, defects of the unit 04. */
  #failed(request: ServerRequest, error: unknown): Uint8Array {
    if (error instanceof ModbusException) return this.#refuse(request, error.exceptionCode)
    if (isViolation(error)) return this.#refuse(request, 3)
    this.#options.onError?.(error, request)
    return this.#refuse(request, 4)
  }

  #refuse(request: ServerRequest, code: number): Uint8Array {
    this.#stats.exceptions++
    return Uint8Array.of(request.pdu[0]! | 0x80, code)
  }
}

/** In listen only mode a unit does nothing, until the request that ends it; the one that begins it has no answer either. */
function isUnheard(unit: ModbusUnit, pdu: Uint8Array): boolean {
  const { diagnostics } = unit
  if (diagnostics === undefined) return false
  const subFunction = pdu[0] === DIAGNOSTICS && pdu.length === 5 ? wordAt(pdu, 1) : -1
  if (diagnostics.listenOnly) {
    if (subFunction === DIAGNOSTIC.restartCommunications) diagnostics.restart(wordAt(pdu, 3) === 0xff00)
    return true
  }
  if (subFunction !== DIAGNOSTIC.forceListenOnly || wordAt(pdu, 3) !== 0) return false
  diagnostics.enterListenOnly()
  return true
}

const isViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'PROTOCOL_VIOLATION'
