/** The commands about people and tokens. They work on the data folder itself, on the host of the gateway, whether it runs or not. */
import type { Action } from './call.ts'
import type { CommandInfo } from './commands.ts'

const CONFIG = ['-c, --config <file>', 'configuration file (default: $BIFROST_CONFIG, else bifrost.yaml)'] as const
const REASON = ['--reason <text>', 'why, for the audit'] as const

const user =
  (name: 'add' | 'list' | 'reset' | 'disable' | 'enable' | 'remove' | 'role') =>
  async (): Promise<{ readonly run: Action }> => ({
    run: (await import('./user.ts'))[name],
  })
const token = (name: 'create' | 'list' | 'revoke') => async (): Promise<{ readonly run: Action }> => ({
  run: (await import('./token.ts'))[name],
})

export const ACCOUNT_COMMANDS: readonly CommandInfo[] = [
  {
    usage: 'user',
    summary: 'the people who may sign in; on the host of the gateway, which may run meanwhile',
    examples: [
      ['bifrost user add anna --role engineer', 'asks for the password; or give it on stdin, in one line'],
      ['bifrost user reset anna', 'a new password, when the old one is lost; all sessions of anna end'],
    ],
    commands: [
      {
        usage: 'add <name>',
        summary: 'add a user; the first one is an administrator',
        examples: [
          ['bifrost user add anna', 'the first administrator, in place of the one-time link'],
          ['bifrost user add ben --role operator < password.txt', 'a password from a file'],
        ],
        options: [
          CONFIG,
          ['--role <roles>', 'roles, with commas between them (default: admin for the first, else viewer)'],
          REASON,
        ],
        load: user('add'),
      },
      {
        usage: 'list',
        summary: 'everybody with roles, state and last sign-in',
        examples: [['bifrost user list --json', 'for a program']],
        options: [CONFIG],
        load: user('list'),
      },
      {
        usage: 'reset <name>',
        summary: 'set a new password; sessions of the user end at once',
        examples: [['bifrost user reset anna', 'asks for the new password']],
        options: [CONFIG, REASON],
        load: user('reset'),
      },
      {
        usage: 'disable <name>',
        summary: 'let a user in no longer: sessions end, tokens rest',
        examples: [['bifrost user disable ben --reason "left the company"', 'nothing is deleted']],
        options: [CONFIG, REASON],
        load: user('disable'),
      },
      {
        usage: 'enable <name>',
        summary: 'let a user in again',
        examples: [['bifrost user enable ben', 'with the password and tokens of before']],
        options: [CONFIG, REASON],
        load: user('enable'),
      },
      {
        usage: 'remove <name>',
        summary: 'remove a user, with sessions and tokens',
        examples: [['bifrost user remove ben --confirm ben', 'what was done stays in the audit']],
        options: [CONFIG, ['--confirm <name>', 'the name once more, for what cannot be undone'], REASON],
        load: user('remove'),
      },
      {
        usage: 'role <name> <roles...>',
        summary: 'give a user these roles, in place of those of before; sessions end',
        examples: [['bifrost user role ben operator press-operator', 'those always there, and those of access.roles']],
        options: [CONFIG, REASON],
        load: user('role'),
      },
    ],
  },
  {
    usage: 'token',
    summary: 'API tokens of programs; on the host of the gateway, which may run meanwhile',
    examples: [
      ['bifrost token create ci-export --permission view,export --expires 90d', 'prints the token, once'],
      ['bifrost token revoke 3f9c2a71d04e', 'it is refused at once'],
    ],
    commands: [
      {
        usage: 'create <name>',
        summary: 'make a token and print it; it is shown this once',
        examples: [
          ['bifrost token create prometheus --permission view --expires never', 'for a program that reads'],
          ['bifrost token create hmi-3 --permission view,write --devices "press-*"', 'only for these devices'],
        ],
        options: [
          CONFIG,
          ['--permission <permissions>', 'what it may, with commas between them'],
          ['--role <role>', 'all that this role may'],
          ['--devices <patterns>', 'only with these devices, such as press-*, with commas between them'],
          ['--areas <patterns>', 'only with devices in these areas, such as hall-1, with commas between them'],
          ['--expires <when>', 'after so long, such as 90d, at a time (ISO 8601), or never', '90d'],
          REASON,
        ],
        load: token('create'),
      },
      {
        usage: 'list',
        summary: 'every token with what it may, who made it and its last use',
        examples: [['bifrost token list', 'ended ones too']],
        options: [CONFIG],
        load: token('list'),
      },
      {
        usage: 'revoke <token>',
        summary: 'end a token, by id or name',
        examples: [['bifrost token revoke ci-export', 'it is refused at once, for good']],
        options: [CONFIG, REASON],
        load: token('revoke'),
      },
    ],
  },
  {
    usage: 'hash-password',
    summary: 'the hash of a password, for a file of users',
    examples: [
      ['bifrost hash-password', 'asks for the password and prints $scrypt$…; or give it on stdin, in one line'],
    ],
    load: () => import('./hash-password.ts'),
  },
]
