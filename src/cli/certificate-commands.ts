/** The commands about certificates in the group `bifrost opcua`, where the tools of the OPC UA driver stand, too. */
import type { Action } from './call.ts'
import { URL_OPTION, type CommandInfo } from './commands.ts'

const FOLDER = [
  '-c, --config <file>',
  'work on the data folder of this configuration itself, without a running gateway',
] as const
const LOCAL = [
  '--local',
  'work on the certificates that the command line uses for devices given by their address (opc.tcp://…)',
] as const
const USERS = ['--users', 'certificates of persons who log in to our server, not those of applications'] as const
const REASON = ['--reason <text>', 'why, for the audit'] as const
const NEW_KEY = ['--new-key', 'with a new key in place of the one in use'] as const
const BITS = ['--bits <n>', 'length of a new key: 2048, 3072 or 4096', '2048'] as const
const OUTPUT = ['-o, --output <file>', 'write it into this file; - is stdout', '-'] as const
const CHANGE = [FOLDER, LOCAL, URL_OPTION, USERS, REASON] as const

type Name = 'list' | 'trust' | 'reject' | 'remove' | 'importFile' | 'own' | 'csr' | 'renew'

const load = (name: Name) => async (): Promise<{ readonly run: Action }> => ({
  run: (await import('./certificates.ts'))[name],
})

export const CERTIFICATE_COMMANDS: readonly CommandInfo[] = [
  {
    usage: 'certificates [thumbprint]',
    summary: 'the certificates of OPC UA: what waits to be trusted and why, what is trusted, our own',
    examples: [
      ['bifrost opcua certificates', 'the inbox first: who presented what, why it was refused and what to do'],
      ['bifrost opcua certificates 58A10A72', 'one of them, with all that stands in it'],
      ['bifrost opcua certificates -c bifrost.yaml --json', 'of a gateway that does not run, for a program'],
    ],
    options: [
      FOLDER,
      LOCAL,
      URL_OPTION,
      USERS,
      ['--state <state>', 'rejected, trusted, issuer, own, next or previous'],
    ],
    load: load('list'),
  },
  {
    usage: 'trust <thumbprint-or-file>',
    summary: 'trust a certificate of the inbox, or one of a file (DER or PEM); it counts from the next connection on',
    description:
      'The thumbprint may be cut to its first 8 digits or more. Compare it with the one that the far side shows before you trust. To trust an authority trusts all that it issued.',
    examples: [
      ['bifrost opcua trust 58A10A72BC705344E08099A69FBE052294DA6F8B', 'what was presented and refused'],
      ['bifrost opcua trust press-7.der --reason "new drive, ticket 812"', 'a certificate that the server exported'],
    ],
    options: [...CHANGE],
    load: load('trust'),
  },
  {
    usage: 'reject <thumbprint>',
    summary: 'take back the trust: the certificate is refused from the next connection on, and waits in the inbox',
    examples: [['bifrost opcua reject 58A10A72', 'it can be trusted again']],
    options: [...CHANGE],
    load: load('reject'),
  },
  {
    usage: 'untrust <thumbprint>',
    summary: 'the same as reject',
    examples: [['bifrost opcua untrust 58A10A72', 'take back the trust']],
    options: [...CHANGE],
    load: load('reject'),
  },
  {
    usage: 'remove <thumbprint>',
    summary: 'remove a certificate from the inbox, the trusted ones and the authorities',
    examples: [['bifrost opcua remove 58A10A72', 'it may be presented again']],
    options: [...CHANGE],
    load: load('remove'),
  },
  {
    usage: 'import <file>',
    summary: 'import certificates of authorities, which complete chains, or revocation lists (DER or PEM)',
    examples: [
      ['bifrost opcua import plant-ca.crl', 'a newer list takes the place of the older one'],
      ['bifrost opcua import root.pem', 'known, which trusts nothing by itself; `trust` does'],
    ],
    options: [...CHANGE],
    load: load('importFile'),
  },
  {
    usage: 'own',
    summary: 'our own certificate: show it, or write it into a file for the far sides',
    examples: [
      ['bifrost opcua own', 'its thumbprint, names and validity; it is made where there is none'],
      ['bifrost opcua own -o bifrost.der', 'the file that a server takes into its trusted ones'],
      ['bifrost opcua own --import signed.pem', 'what an authority issued for `bifrost opcua csr`'],
    ],
    options: [
      FOLDER,
      LOCAL,
      URL_OPTION,
      ['-o, --output <file>', 'write it into this file, DER, or PEM where the name ends so; - is stdout'],
      ['--pem', 'as PEM'],
      ['--import <file>', 'the certificate of an authority for our key; it waits for `renew --use`'],
      ['--bits <n>', 'where there is none yet: length of its key, 2048, 3072 or 4096', '2048'],
      REASON,
    ],
    load: load('own'),
  },
  {
    usage: 'csr',
    summary: 'a signing request for our certificate, for an authority (PKCS #10)',
    examples: [['bifrost opcua csr -o bifrost.csr', 'then `bifrost opcua own --import` with what comes back']],
    options: [FOLDER, LOCAL, URL_OPTION, OUTPUT, NEW_KEY, BITS, REASON],
    load: load('csr'),
  },
  {
    usage: 'renew',
    summary: 'renew our own certificate, in two steps: make it, tell the far sides, take it in use',
    description:
      'Without a flag a new certificate is made that waits. Give it to the far sides (-o writes the file), then --use takes it in use: devices and servers have it from their next connection or start on. --undo goes back, --done removes the one of before.',
    examples: [
      ['bifrost opcua renew -o next.der', 'make it, and write the file for the far sides'],
      ['bifrost opcua renew --use', 'when the far sides trust it'],
      ['bifrost opcua renew --done', 'when all work with it'],
    ],
    options: [
      FOLDER,
      LOCAL,
      URL_OPTION,
      ['-o, --output <file>', 'write the new one into this file, DER, or PEM where the name ends so'],
      ['--use', 'take the new one in use'],
      ['--undo', 'go back to the one of before'],
      ['--done', 'remove the one of before'],
      NEW_KEY,
      BITS,
      REASON,
    ],
    load: load('renew'),
  },
]
