import { Resolver } from 'node:dns/promises'
import type { Resolve } from '../guarded.ts'

/**
 * Asks the name servers that the system is set up with, for A and AAAA at once. Not `dns.lookup`: that waits in one of the
 * process's four threads, which also sign tokens and read files, and a stranger's name server may let them wait.
 *
 * @param servers Instead of the system's: `127.0.0.1:5353`.
 */
export function nameServers(servers?: readonly string[]): Resolve {
  return async (name, signal) => {
    const resolver = new Resolver({ timeout: 2000, tries: 2 })
    if (servers) resolver.setServers(servers)
    const cancel = () => resolver.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
      const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
      const failed = answers.find((answer) => answer.status === 'rejected')
      if (addresses.length === 0 && failed) throw failed.reason
      return addresses
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }
}
