/** Status codes exactly as they came (OPC 10000-4, 7.39): node-opcua's table knows many; of one that it does not know it would make Bad. */
import { StatusCode, StatusCodes } from 'node-opcua-client'

class GivenStatusCode extends StatusCode {
  readonly #value: number

  constructor(value: number) {
    super()
    this.#value = value
  }

  get value(): number {
    return this.#value
  }

  get name(): string {
    return `0x${this.#value.toString(16).padStart(8, '0')}`
  }

  get description(): string {
    return ''
  }
}

const known = new Map<number, StatusCode>(
  Object.values(StatusCodes as unknown as Record<string, unknown>)
    .filter((code) => code instanceof StatusCode)
    .map((code) => [code.value, code]),
)

/** The StatusCode with exactly these 32 bits. */
export const toStatusCode = (status: number): StatusCode => known.get(status) ?? new GivenStatusCode(status)
