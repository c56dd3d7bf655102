/**
 * The commands of one write as text that grows and goes out in pieces, so that the server works while we encode. Lengths are
 * counted in bytes by whoever adds; a piece that is ASCII throughout is sent as Latin-1, which is the fast way.
 */
const PIECE_CHARACTERS = 32_768

/** Sends a piece of text in this encoding. */
export type Send = (text: string, encoding: 'latin1' | 'utf8') => void

export class CommandText {
  readonly #send: Send
  #text = ''
  #isAscii = true

  constructor(send: Send) {
    this.#send = send
  }

  add(text: string, isAscii: boolean): void {
    this.#text += text
    this.#isAscii &&= isAscii
    if (this.#text.length > PIECE_CHARACTERS) this.flush()
  }

  flush(): void {
    if (this.#text === '') return
    this.#send(this.#text, this.#isAscii ? 'latin1' : 'utf8')
    this.#text = ''
    this.#isAscii = true
  }
}

/** True for text whose characters are bytes of UTF-8 as they stand. */
export const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length
