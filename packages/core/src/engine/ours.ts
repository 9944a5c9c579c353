import { publicJwk } from '../crypto/signing-keys.ts'
import { connectionsIn } from '../identity/connections.ts'
import type { FormProvider } from '../identity/provider.ts'
import type { Upstream } from '../identity/upstream.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import type { Records } from '../records/records.ts'
import { type SigningKeyPolicy, serverKeys } from '../records/server-keys.ts'
import type { ProtectedResource } from '../syntax/resource.ts'
import { accessTokens } from './access-token.ts'
import { apiKeyAdmin } from './api-key-administration.ts'
import { type BuiltInSettings, builtInEngine } from './built-in-engine.ts'
import { clientAdmin } from './client-administration.ts'
import { clientEditing, type MetadataChecks } from './client-editing.ts'
import { type ClientRegistrySettings, clientRegistry } from './client-registry.ts'
import { type CreationSettings, grantCreator } from './creation.ts'
import { endGrant } from './ending.ts'
import type { EngineAfterLogin, OwnEngine } from './engine.ts'
import { grantAdmin } from './grant-administration.ts'
import { grantLoader } from './grant-loading.ts'
import { identityRecheck } from './identity-recheck.ts'
import { keyAdmin } from './key-administration.ts'
import { maintain } from './maintenance.ts'
import { massEnding } from './mass-ending.ts'
import { ownerOf } from './owner.ts'
import { personEnding } from './person-ending.ts'
import { rememberedConsent } from './remembered-consent.ts'
import { signInSessions } from './sign-in-session.ts'
import { stepUps } from './step-up.ts'
import { upstreamToken } from './upstream-token.ts'

/** Our own engine, and what only it has. */
export interface OurEngine {
  engine: EngineAfterLogin
  own: OwnEngine
  /** Reads, or makes, the keys. Throws what is wrong with them. */
  ready(): Promise<void>
}

/** Puts our own engine together, over records. */
export function ourEngine(parts: {
  settings: BuiltInSettings &
    CreationSettings & {
      issuer: string
      signingKeys: SigningKeyPolicy
      registration: ClientRegistrySettings
      resources: readonly ProtectedResource[]
      /** Seconds. */
      lifetimes: { identityRecheck: number; identityGrace: number; session: number; sessionIdle: number }
    }
  records: Records
  upstreams: ReadonlyMap<string, Upstream>
  forms: ReadonlyMap<string, FormProvider>
  staticClients: readonly RegisteredClient[]
  checks: MetadataChecks
}): OurEngine {
  const { settings, records, upstreams, forms, staticClients, checks } = parts
  const { clock, emit, issuer, lifetimes, resources } = settings
  const shared = { records, clock, emit }
  const keys = serverKeys({ ...shared, policy: settings.signingKeys })
  const owners = ownerOf(keys)
  const connections = connectionsIn({ ...shared, upstreams })
  const end = endGrant({ records, connections, upstreams, emit })
  const loadGrant = grantLoader({ records, keys })
  const { endAll, finish } = massEnding({ ...shared, keys, connections, end })
  const sessions = signInSessions({ ...shared, keys, issuer, ownerOf: owners, lifetimes })
  const ending = personEnding({ records, emit, connections, ownerOf: owners, end })
  const { identityRecheck: every, identityGrace: grace } = lifetimes
  return {
    engine: builtInEngine({
      ...{ settings, records, loadGrant, connections, end },
      clients: clientRegistry({ records, clock, staticClients, ...settings.registration }),
      accessTokens: accessTokens({ issuer, keys, loadGrant, clock }),
      createGrant: grantCreator({ settings, ownerOf: owners, keys, records, connections, end }),
      recheck: identityRecheck({ ...shared, connections, upstreams, forms, end, every, grace }),
    }),
    own: {
      jwks: async () => (await keys.all()).map(publicJwk),
      upstreamToken: (auth, options) => upstreamToken({ loadGrant, connections, resources }, auth, options),
      grants: grantAdmin({ ...shared, keys, sessions, ownerOf: owners, end, ending, endAll }),
      clients: {
        ...clientAdmin({ ...shared, end }),
        ...clientEditing({
          ...{ ...shared, staticClients, checks },
          secretLifetime: settings.registration.secretLifetime,
        }),
      },
      signingKeys: keyAdmin({ keys }),
      maintain: () => maintain({ records, finish }),
      stepUps: stepUps({ records, clock }),
      sessions,
      ending,
      // No key itself comes here, so that it does not matter how they begin.
      apiKeys: apiKeyAdmin({ ...shared, prefix: '', keys, ownerOf: owners }),
      remembersConsent: rememberedConsent({ records, keys, ownerOf: owners }),
    },
    async ready() {
      await keys.active()
    },
  }
}
