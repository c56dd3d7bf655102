/** OPC UA application certificates and authorities for tests, made by the openssl command: right ones, and each kind of wrong one. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What differs from a right certificate. */
export interface CertificateWishes {
  readonly commonName?: string
  readonly applicationUri?: string | null
  /** Such as `DNS:press-7`, `IP:127.0.0.1`. */
  readonly names?: readonly string[]
  readonly keyUsage?: string | null
  readonly extendedKeyUsage?: string | null
  readonly basicConstraints?: string
  /** From … to, as openssl's `ca` takes them: `20200101000000Z`. */
  readonly from?: string
  readonly to?: string
  readonly bits?: number
  readonly hash?: 'sha256' | 'sha1'
  readonly elliptic?: boolean
  /** The signature is one of RSASSA-PSS. */
  readonly pss?: boolean
}

export interface Issued {
  readonly name: string
  /** PEM files. */
  readonly cert: string
  readonly key: string
  readonly der: Buffer
}

const APPLICATION = 'digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment'

/** A workshop in a folder: `authority`, `application` and `revocationList` make what their names say. */
export class CertificateWorkshop {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    writeFileSync(join(folder, 'request.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n')
  }

  /** Signed by `issuer`, or by itself. */
  authority(name: string, issuer?: Issued, wishes: CertificateWishes = {}): Issued {
    const keyUsage = 'keyCertSign,cRLSign'
    return this.#issue(
      name,
      {
        basicConstraints: 'critical,CA:TRUE',
        keyUsage,
        extendedKeyUsage: null,
        applicationUri: null,
        names: [],
        ...wishes,
      },
      issuer,
    )
  }

  /** For 127.0.0.1 and `localhost`, as server and client; signed by `issuer`, or by itself. */
  application(name: string, wishes: CertificateWishes = {}, issuer?: Issued): Issued {
    return this.#issue(name, wishes, issuer)
  }

  #issue(name: string, wishes: CertificateWishes, issuer: Issued | undefined): Issued {
    const { commonName = name, applicationUri = `urn:test:${name}`, names = ['DNS:localhost', 'IP:127.0.0.1'] } = wishes
    const { keyUsage = issuer === undefined ? `${APPLICATION},keyCertSign` : APPLICATION, hash = 'sha256' } = wishes
    const { extendedKeyUsage = 'serverAuth,clientAuth', basicConstraints = 'critical,CA:FALSE' } = wishes
    const [cert, request, extensions] = ['pem', 'csr', 'ext'].map((ending) => this.#file(`${name}.${ending}`)) as [
      string,
      string,
      string,
    ]
    const key = this.#key(wishes, issuer === undefined ? name : 'shared')
    const alternative = [...(applicationUri === null ? [] : [`URI:${applicationUri}`]), ...names]
    const lines = [
      `basicConstraints=${basicConstraints}`,
      'subjectKeyIdentifier=hash',
      ...(keyUsage === null ? [] : [`keyUsage=critical,${keyUsage}`]),
      ...(extendedKeyUsage === null ? [] : [`extendedKeyUsage=${extendedKeyUsage}`]),
      ...(alternative.length === 0 ? [] : [`subjectAltName=${alternative.join(',')}`]),
    ]
    writeFileSync(extensions, `${lines.join('\n')}\n`)
    this.#openssl([
      'req',
      '-new',
      '-key',
      key,
      '-subj',
      `/CN=${commonName}`,
      '-out',
      request,
      '-config',
      this.#file('request.cnf'),
    ])
    const validity = ['-startdate', wishes.from ?? '20240101000000Z', '-enddate', wishes.to ?? '20400101000000Z']
    const signer =
      issuer === undefined ? ['-selfsign', '-keyfile', key] : ['-cert', issuer.cert, '-keyfile', issuer.key]
    this.#ca(issuer?.name ?? name, [
      ...signer,
      ...validity,
      '-md',
      hash,
      '-in',
      request,
      '-out',
      cert,
      '-extfile',
      extensions,
      '-notext',
      '-batch',
      '-rand_serial',
      ...(wishes.pss === true ? ['-sigopt', 'rsa_padding_mode:pss'] : []),
    ])
    return { name, cert, key, der: derOf(readFileSync(cert, 'utf8')) }
  }

  /** A list (PEM file) of `issuer` that names those revoked; `days` until the next one. */
  revocationList(
    issuer: Issued,
    revoked: readonly Issued[],
    wishes: { from?: string; to?: string; isPartial?: boolean } = {},
  ): string {
    for (const { cert } of revoked)
      this.#ca(issuer.name, ['-cert', issuer.cert, '-keyfile', issuer.key, '-md', 'sha256', '-revoke', cert])
    const list = this.#file(`${issuer.name}-${Math.random().toString(36).slice(2)}.crl`)
    const times = [
      '-crl_lastupdate',
      wishes.from ?? '20240101000000Z',
      '-crl_nextupdate',
      wishes.to ?? '20400101000000Z',
    ]
    this.#ca(issuer.name, [
      '-cert',
      issuer.cert,
      '-keyfile',
      issuer.key,
      '-gencrl',
      '-md',
      'sha256',
      ...times,
      ...(wishes.isPartial === true ? ['-crlexts', 'part'] : []),
      '-out',
      list,
    ])
    return list
  }

  /** Keys take time: all that do not say otherwise share one. */
  #key({ bits = 2048, elliptic = false }: CertificateWishes, name: string): string {
    const file = this.#file(`${elliptic ? 'ec' : bits}-${name}.key.pem`)
    if (existsSync(file)) return file
    const kind = elliptic
      ? ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
      : ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`]
    this.#openssl(['genpkey', ...kind, '-out', file])
    return file
  }

  /** openssl's `ca` keeps what each authority issued and revoked in a few files. */
  #ca(authority: string, args: readonly string[]): void {
    const config = this.#file(`${authority}.cnf`)
    if (!existsSync(config)) {
      const index = this.#file(`${authority}.index`)
      writeFileSync(index, '')
      const places = `database=${index}\nserial=${this.#file(`${authority}.serial`)}\nnew_certs_dir=${this.folder}`
      writeFileSync(
        config,
        `[ca]\ndefault_ca=own\n[part]\nissuingDistributionPoint=critical,@idp\n[idp]\nonlyuser=TRUE\n[own]\n${places}\nunique_subject=no\npolicy=any\n[any]\ncommonName=supplied\n`,
      )
    }
    this.#openssl(['ca', '-config', config, ...args])
  }

  #file(name: string): string {
    return join(this.folder, name)
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' })
  }
}

const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
