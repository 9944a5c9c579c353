import { randomUUID } from 'node:crypto'
import type { RegisteredClient } from '../../../packages/core/src/clients/metadata.ts'
import type {
  EngineAfterLogin,
  LoadedAccessToken,
  Login,
  TokenSet,
} from '../../../packages/core/src/engine.ts'
import { OAuthError } from '../../../packages/core/src/errors.ts'

interface MapGrant extends Pick<Login, 'request' | 'subject' | 'claims' | 'scopes'> {
  client_id: string
  resource: string
  redeemed: boolean
}

/** The smallest engine somebody could bring: everything in Maps, tokens that say nothing. */
export function mapEngine(): EngineAfterLogin & { grants: Map<string, MapGrant> } {
  const clients = new Map<string, Awaited<ReturnType<EngineAfterLogin['getClient']>>>()
  const grants = new Map<string, MapGrant>()
  /** Codes and tokens, and the grant they stand on. */
  const credentials = new Map<string, string>()

  const issued = (kind: 'code' | 'access' | 'refresh', grant: string) => {
    const credential = `map-${kind}-${randomUUID()}`
    credentials.set(credential, grant)
    return credential
  }
  const found = (credential: string) => {
    const id = credentials.get(credential) ?? ''
    const grant = grants.get(id)
    return grant && { id, grant }
  }
  const standing = (id: string, grant: MapGrant) => ({
    grant: id,
    client_id: grant.client_id,
    subject: grant.subject,
    resource: grant.resource,
    scopes: grant.scopes,
    expires_at: 4_000_000_000,
  })
  const tokens = (id: string, scopes: readonly string[]): TokenSet => ({
    access_token: issued('access', id),
    token_type: 'Bearer',
    expires_in: 60,
    scope: scopes.join(' '),
    refresh_token: issued('refresh', id),
  })
  const end = (id: string) => async () => {
    grants.delete(id)
  }

  return {
    grants,
    getClient: async (client_id) => clients.get(client_id),
    async registerClient(metadata) {
      const client: RegisteredClient = {
        ...metadata,
        client_id: randomUUID(),
        client_id_issued_at: 0,
        source: 'registered',
      }
      clients.set(client.client_id, client)
      return { client }
    },
    async completeLogin({ client, request, subject, claims, scopes }) {
      const id = randomUUID()
      const { client_id } = client
      const { resource } = request
      grants.set(id, { client_id, request, subject, claims, scopes, resource, redeemed: false })
      return { code: issued('code', id) }
    },
    async loadCode(code) {
      if (!code.startsWith('map-code-')) return undefined
      const { id, grant } = found(code) ?? {}
      if (id === undefined || !grant) return { refused: 'unknown' }
      return {
        ...standing(id, grant),
        redirect_uri: grant.request.redirect_uri,
        redirect_uri_named: grant.request.redirect_uri_named,
        code_challenge: grant.request.code_challenge,
        redeemed: grant.redeemed,
        async exchange() {
          if (grant.redeemed) throw new OAuthError('invalid_grant', 'The code was used already.')
          grant.redeemed = true
          return tokens(id, grant.scopes)
        },
      }
    },
    async loadRefreshToken(refresh_token) {
      if (!refresh_token.startsWith('map-refresh-')) return undefined
      const { id, grant } = found(refresh_token) ?? {}
      if (id === undefined || !grant) return { refused: 'unknown' }
      return {
        ...standing(id, grant),
        client_auth: undefined,
        isActive: () => true,
        async exchange(_client, { scopes }) {
          credentials.delete(refresh_token)
          return tokens(id, scopes)
        },
        revoke: end(id),
      }
    },
    async loadAccessToken(access_token) {
      if (!access_token.startsWith('map-access-')) return undefined
      const { id, grant } = found(access_token) ?? {}
      if (id === undefined || !grant) return { refused: 'grant_ended' }
      const loaded: LoadedAccessToken = {
        ...standing(id, grant),
        token_type: 'Bearer',
        claims: grant.claims,
        revoke: end(id),
      }
      return loaded
    },
  }
}
