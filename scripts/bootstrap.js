// The one way in: `npm start`, `npm test`, `npm run check|bench|docs|site|screenshots` each work as the first command of a fresh clone.
// Plain JavaScript that Node 20 can run: it installs what the lock file names, finds Node 26, builds the page when its
// sources are newer, brings the Debian packages and the Python peer of the tests, and hands over.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'node_modules', '.installed')
const say = (sentence) => process.stderr.write(`bifrost: ${sentence}\n`)

/** `install` is done before each of them; by itself it is what CI begins with. */
const commands = { start, test, check, bench, docs, site, screenshots, install: () => 0 }
const [name, ...rest] = process.argv.slice(2)
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
if (command === undefined) {
  say(`unknown command '${name ?? ''}'; it is one of ${Object.keys(commands).join(', ')}`)
  process.exit(2)
}
process.chdir(root)
install()
process.exitCode = await command(rest)

function start(args) {
  buildPage()
  const [first = 'demo'] = args
  const given = args.length === 0 || first.startsWith('-') ? ['demo', ...args] : args
  return run(join(root, 'bin', 'bifrost'), given)
}

function test(args) {
  installDebianPackages()
  installAsyncua()
  buildPage()
  return runNode(['scripts/test.ts', ...args])
}

function check(args) {
  return runNode(['scripts/check.ts', ...args])
}

function bench(args) {
  return runNode(['bench/index.ts', ...args])
}

function docs(args) {
  return runNode(['scripts/generate-docs.ts', ...args])
}

function site(args) {
  return runNode(['scripts/build-site.ts', ...args])
}

function screenshots(args) {
  return runNode(['scripts/screenshots.ts', ...args])
}

/** `npm ci` when what is installed is not what the lock file names. */
function install() {
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const wanted = `${hash} ${process.platform}-${process.arch}`
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('installing packages (npm ci)')
  const result = spawnSync('npm', ['ci', '--strict-allow-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (result.status !== 0) {
    say('npm ci failed; see above. It needs npm 11 and a package registry that it can reach.')
    process.exit(result.status ?? 1)
  }
  writeFileSync(stamp, wanted)
  // What fails here is told by the command that follows, in its own words.
  spawnSync(join(root, 'bin', 'bifrost'), ['--version'], { stdio: 'ignore' })
  spawnSync(join(root, 'bin', 'launch'), [join(root, 'scripts', 'compile.ts')], { stdio: 'ignore' })
}

/** What BIFROST_NODE names (CI tries Node 24 so), else Node 26 of the lock file, else the Node that runs this when it is new enough. */
function node26() {
  if (process.env.BIFROST_NODE) return process.env.BIFROST_NODE
  const own = join(root, 'node_modules', '.bin', 'node')
  if (existsSync(own)) return own
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  say(
    `needs Node 24 or newer; this is ${process.version} and there is no Node 26 package for ${process.platform}-${process.arch}`,
  )
  process.exit(1)
}

function runNode(args) {
  return run(node26(), args)
}

/** Runs the program to its end. What ends this process ends it too; Ctrl-C reaches it by the terminal, once. */
function run(program, args) {
  const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` }
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', env })
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.once('error', (error) => {
      say(`${program} cannot be started: ${error.message}`)
      resolve(1)
    })
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
}

/** Builds ui/dist when it is missing or older than a source of the page. */
function buildPage() {
  const script = join(root, 'scripts', 'build-page.js')
  const { status } = spawnSync(node26(), [script], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) process.exit(status ?? 1)
}

/** The real brokers, browsers and peers of the tests: installed by root, named otherwise (their tests then skip by name). */
function installDebianPackages() {
  const lines = readFileSync(join(root, 'scripts', 'debian-packages.txt'), 'utf8').split('\n')
  const wanted = lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '')
  const missing = wanted.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  const install = ['install', '-y', '--no-install-recommends', ...missing]
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
    say(`tests of these packages will be skipped by name: ${missing.join(' ')}`)
    say(`to have them: apt-get ${install.join(' ')}`)
    return
  }
  say(`installing Debian packages for the tests: ${missing.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] }
  spawnSync('apt-get', ['update', '-qq'], quiet)
  if (spawnSync('apt-get', ['-qq', ...install], quiet).status !== 0)
    say('apt-get failed; the tests that need these packages are skipped by name')
}

/** The OPC UA peer of the tests, from the Python package index into a virtual environment of this checkout. Its script says what it did. */
function installAsyncua() {
  const python = ['/usr/bin/python3', '/usr/local/bin/python3'].find((path) => existsSync(path))
  if (python === undefined) return say('tests with asyncua will be skipped by name: there is no python3')
  const folder = join(root, '.cache', 'asyncua')
  if (!existsSync(join(folder, 'installed'))) say('installing asyncua for the tests')
  const result = spawnSync(python, [join(root, 'test', 'peers', 'asyncua-install.py'), folder], { encoding: 'utf8' })
  if (result.status !== 0) say(`tests with asyncua will be skipped by name: ${(result.stdout || result.stderr).trim()}`)
}

function isInstalled(name) {
  try {
    const status = execFileSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return status.toString() === 'installed'
  } catch {
    return false
  }
}
