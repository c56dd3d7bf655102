/** Whom an address reaches. In a file of its own: probes start often, and load nothing that they do not need. */

/** True for the addresses that only programs on this machine can reach. */
export const isLoopbackHost = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
