import { type DevEntraOptions, type DevOidcUser, devEntra, entraTenants, network } from '@drawbridge/testing'

export const ORIGIN = 'https://login.entra.test'
export const GRAPH = 'https://graph.microsoft.com'
export const CREDENTIALS = { clientId: 'dev-client', clientSecret: 'dev-secret', authority: ORIGIN }
export const API = 'api://dev-client'
export const {
  acme: ACME,
  other: INITECH,
  personal: PERSONAL,
}: Record<keyof typeof entraTenants, string> = entraTenants

/** Of the development users. */
export function person(name: string): DevOidcUser & { tid: string; oid: string } {
  const { tid, oid, ...user } = devEntra().users.find(({ sub }) => sub === name) ?? { sub: name }
  return { ...user, tid: String(tid), oid: String(oid) }
}

export const ADA = person('ada')

/** A development Entra at an address of its own, with Microsoft Graph beside it: `graph` is what was asked there. */
export function entra(options: DevEntraOptions = {}) {
  const dev = devEntra(options)
  const graph: string[] = []
  const hosts = {
    [ORIGIN]: dev.fetch,
    [GRAPH](request: Request) {
      graph.push(request.url)
      return dev.fetch(request)
    },
  }
  return { dev, graph, hosts, fetch: network(hosts) }
}
