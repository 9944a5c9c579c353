import { ConfigurationError } from '../errors.ts'
import { inWords, said } from '../known-options.ts'
import { matchesHost } from './redirect-uri-pattern.ts'

/** What is thought of a host that introduces clients. `warn`: they may connect, and the consent page says more. */
export type HostTrust = 'allow' | 'warn' | 'deny'

/**
 * What the operator thinks of a host, by the table `metadataDocuments.hosts`: its own name decides, then the longest that
 * fits; a host that none fits is let in.
 *
 * @throws ConfigurationError for what is no host name, for another word than the three, and for a list that only allows:
 * without `*` it would keep nobody out
 */
export function hostTrust(hosts: Readonly<Record<string, HostTrust>>): (host: string) => HostTrust {
  if (typeof hosts !== 'object' || hosts === null || Array.isArray(hosts)) {
    const fix = "Pass an object: { 'app.example.com': 'allow', '*': 'deny' }."
    throw new ConfigurationError('metadataDocuments.hosts', `is ${inWords(hosts)}`, fix)
  }
  const rules = Object.entries(hosts).map(([pattern, trust]) => {
    const option = `metadataDocuments.hosts[${JSON.stringify(pattern)}]`
    if (!['allow', 'warn', 'deny'].includes(trust)) {
      throw new ConfigurationError(option, `is ${said(trust)}`, "Use 'allow', 'warn' or 'deny'.")
    }
    const name = pattern.replace(/^\*\./, '')
    if (pattern !== '*' && !isHost(name)) {
      throw new ConfigurationError(
        option,
        'is no host',
        'Write it like "app.example.com", "*.example.com" or "*".',
      )
    }
    return { pattern: pattern.toLowerCase(), trust }
  })
  if (rules.length > 0 && rules.every(({ pattern, trust }) => pattern !== '*' && trust === 'allow')) {
    throw new ConfigurationError(
      'metadataDocuments.hosts',
      'keeps nobody out: hosts that it does not name are let in',
      "Add '*': 'deny', or '*': 'warn'.",
    )
  }
  const isExact = (pattern: string) => !pattern.startsWith('*')
  rules.sort(
    ({ pattern: a }, { pattern: b }) => Number(isExact(b)) - Number(isExact(a)) || b.length - a.length,
  )
  return (host) => rules.find(({ pattern }) => matchesHost(pattern, host))?.trust ?? 'allow'
}

function isHost(name: string): boolean {
  if (name === '' || /^\.|[/:@?#*]/.test(name) || !URL.canParse(`https://${name}`)) return false
  return new URL(`https://${name}`).hostname === name.toLowerCase()
}
