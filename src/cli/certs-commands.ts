/** The commands of the private authority: `bifrost certs init|issue|renew|status`. */
import type { Action } from './call.ts'
import type { CommandInfo } from './commands.ts'

const CONFIG = ['-c, --config <file>', 'the authority lies in the data folder of this configuration'] as const
const CA = ['--ca <folder>', 'folder of the authority (default: DATA/ca of the configuration)'] as const
const PASSPHRASE = [
  '--passphrase-file <file>',
  'file with the passphrase of the key of the authority (also: $BIFROST_CA_PASSPHRASE_FILE)',
] as const
const FOLDER = [CONFIG, CA, PASSPHRASE] as const

type Name = 'init' | 'issue' | 'renew' | 'status'

const load = (name: Name) => async (): Promise<{ readonly run: Action }> => ({
  run: (await import('./certs.ts'))[name],
})

export const certs: CommandInfo = {
  usage: 'certs',
  summary: 'certificates of a private authority: make it, issue, renew, and what expires when',
  examples: [
    ['bifrost certs init', 'an authority for this plant'],
    ['bifrost certs issue gateway --dns gateway.plant --ip 10.0.0.5', 'a certificate for the page and the API'],
    ['bifrost certs status -c bifrost.yaml', 'every certificate that the configuration uses, with the days left'],
  ],
  commands: [
    {
      usage: 'init',
      summary: 'make the authority: ca.crt, which everybody may know, and ca.key, which nobody else may',
      examples: [
        ['bifrost certs init -c bifrost.yaml --name "Plant 7 CA"', 'in the data folder of the configuration'],
        ['bifrost certs init --ca /media/stick/ca --passphrase-file pass.txt', 'elsewhere, with an encrypted key'],
      ],
      options: [
        ...FOLDER,
        ['--name <name>', 'what it is called', 'Bifrost CA'],
        ['--days <n>', 'how long it holds', '3650'],
      ],
      load: load('init'),
    },
    {
      usage: 'issue <name>',
      summary: 'issue a certificate: NAME.crt and NAME.key, or NAME.crt alone for a signing request',
      description:
        'The name becomes the common name. A server without --dns and --ip gets the names and addresses of this machine. With --csr the key stays with who made the request.',
      examples: [
        ['bifrost certs issue gateway --dns gateway.plant --ip 10.0.0.5', 'for `http.tls` of a gateway'],
        ['bifrost certs issue edge-1 --profile client', 'for a gateway that hands on its log'],
        ['bifrost certs issue broker --csr broker.csr --days 90', 'for a key that somebody else has'],
      ],
      options: [
        ...FOLDER,
        ['--profile <profile>', 'server, client or both', 'server'],
        ['--dns <names>', 'host names, separated by commas'],
        ['--ip <addresses>', 'IP addresses, separated by commas'],
        ['--days <n>', 'how long it holds; never longer than the authority', '397'],
        ['--csr <file>', 'a signing request (PKCS #10, PEM or DER)'],
        ['-o, --output <folder>', 'where the files go', '.'],
      ],
      load: load('issue'),
    },
    {
      usage: 'renew <file-or-ca...>',
      summary: 'issue certificates again: the same names and use, a new key; a running gateway takes them up by itself',
      examples: [
        ['bifrost certs renew gateway.crt', 'beside it lies gateway.key'],
        ['bifrost certs renew --within 30 *.crt', 'only those that hold for no more than 30 days: for a daily job'],
        ['bifrost certs renew ca', 'the authority itself, with its key: what it issued stays good'],
      ],
      options: [
        ...FOLDER,
        ['--days <n>', 'how long they hold', '397'],
        ['--within <days>', 'leave alone what holds for longer than this'],
        ['--keep-key', 'with the key in use'],
      ],
      load: load('renew'),
    },
    {
      usage: 'status',
      summary: 'every certificate that the configuration names, the authority, and those of OPC UA, with the days left',
      examples: [
        ['bifrost certs status -c bifrost.yaml', 'exit 1 when one is of no use or has expired'],
        ['bifrost certs status --json', 'for a program'],
      ],
      options: [CONFIG, CA],
      load: load('status'),
    },
  ],
}
