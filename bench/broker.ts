/** Debian's mosquitto for a benchmark: on a free port, in a folder that goes with it. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { findCommand, freePort } from '../src/testing/peers.ts'

/** Runs `work` with the url of a broker; undefined, with a word, where there is no mosquitto. `extra`: lines of its configuration. */
export async function withBroker<Result>(
  name: string,
  extra: readonly string[],
  work: (url: string, folder: string) => Promise<Result>,
): Promise<Result | undefined> {
  const command = findCommand('mosquitto')
  if (command === undefined) {
    console.log(`${name}: skipped, mosquitto is not installed`)
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const port = await freePort()
  const file = join(folder, 'mosquitto.conf')
  const lines = ['allow_anonymous true', 'set_tcp_nodelay true', `user ${userInfo().username}`, ...extra]
  writeFileSync(file, [`listener ${port} 127.0.0.1`, ...lines, ''].join('\n'))
  const broker = spawn(command, ['-c', file], { stdio: 'ignore' })
  try {
    for (let tries = 0; tries < 100 && !(await listens(port)); tries++)
      await new Promise((resolve) => setTimeout(resolve, 30))
    return await work(`mqtt://127.0.0.1:${port}`, folder)
  } finally {
    broker.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket.end() !== undefined))
    socket.once('error', () => resolve(false))
  })
}
