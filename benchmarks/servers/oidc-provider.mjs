import { Provider } from 'oidc-provider'

/** With the pages it brings for development, which ask for a login and for consent, and with a map as its store. */
export async function start({ port }) {
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    // What it brings keeps a thousand records, and would forget clients while they are used.
    adapter: mapAdapter,
    scopes: ['openid', 'offline_access', 'read'],
    cookies: { keys: ['bench'] },
    features: { registration: { enabled: true }, devInteractions: { enabled: true } },
    clientBasedCORS: () => false,
    issueRefreshToken: () => true,
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  })
  await new Promise((resolve) => provider.listen(port, '127.0.0.1', resolve))
  // Clients at loopback addresses are native to it.
  return { scope: 'read', registration: { application_type: 'native' } }
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
