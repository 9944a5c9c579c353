import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'

/**
 * With the pages it brings for development, which ask for a login and for consent, and with a map as its store.
 *
 * @param options.tokens `jwt`: access tokens for the resource (RFC 8707), signed with ES256 as Drawbridge's are; `opaque`, its
 *   default: random ones for no resource in particular
 */
export async function start({ port, tokens }) {
  const resource = `http://127.0.0.1:${port}/mcp`
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    // What it brings keeps a thousand records, and would forget clients while they are used.
    adapter: mapAdapter,
    scopes: ['openid', 'offline_access', 'read'],
    cookies: { keys: ['bench'] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' }] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    features: {
      registration: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: tokens === 'jwt',
        getResourceServerInfo: () => ({
          scope: 'read',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    clientBasedCORS: () => false,
    issueRefreshToken: () => true,
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  })
  await new Promise((resolve) => provider.listen(port, '127.0.0.1', resolve))
  // Clients at loopback addresses are native to it.
  return {
    ...(tokens === 'jwt' && { resource }),
    scope: 'read',
    registration: { application_type: 'native' },
  }
}

const records = new Map()
const grants = new Map()

function mapAdapter(model) {
  const key = (id) => `${model}:${id}`
  return {
    async upsert(id, payload, expiresIn) {
      records.set(key(id), {
        payload,
        until: expiresIn ? Date.now() + expiresIn * 1000 : Number.POSITIVE_INFINITY,
      })
      if (payload.uid) records.set(`${model}:uid:${payload.uid}`, { id })
      if (!payload.grantId) return
      const ofGrant = grants.get(payload.grantId)
      if (ofGrant) ofGrant.add(key(id))
      else grants.set(payload.grantId, new Set([key(id)]))
    },
    async find(id) {
      const record = records.get(key(id))
      return record && record.until > Date.now() ? record.payload : undefined
    },
    async findByUid(uid) {
      const entry = records.get(`${model}:uid:${uid}`)
      return entry && this.find(entry.id)
    },
    async findByUserCode() {},
    async consume(id) {
      const record = records.get(key(id))
      if (record) record.payload.consumed = Math.floor(Date.now() / 1000)
    },
    async destroy(id) {
      records.delete(key(id))
    },
    async revokeByGrantId(grantId) {
      for (const each of grants.get(grantId) ?? []) records.delete(each)
      grants.delete(grantId)
    },
  }
}
