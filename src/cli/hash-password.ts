/** `bifrost hash-password`: the hash of a password from stdin, for files of users. The password is never an argument: others see those. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { GatewayError } from '../core/errors.ts'
import { hashPassword } from '../core/password.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'

export async function run({ terminal }: Call): Promise<number> {
  if (process.stdin.isTTY) terminal.say('Password (it is not shown), then Enter:')
  const password = await firstLine()
  if (password === '') throw new GatewayError('USAGE', 'there is no password: give it on stdin, in one line')
  const hash = await hashPassword(password)
  if (terminal.json) terminal.resultJson({ hash })
  else terminal.result(hash)
  return Exit.ok
}

async function firstLine(): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: unseen, terminal: process.stdin.isTTY })
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
  }
}
