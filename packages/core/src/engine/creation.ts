import { type Clock, unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { type RandomBytes, randomText } from '../crypto/random.ts'
import { isNamed, Unavailable } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { Connections } from '../identity/connections.ts'
import { authMethodsOf } from '../records/client-metadata.ts'
import { sharedConnectionId } from '../records/connection.ts'
import { isEnded, latestEnding } from '../records/endings.ts'
import { connectionExpiry, type GrantRecord, grantKey, grantPrefix, grantRef } from '../records/grant.ts'
import { everyKey, type Records, remove } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import type { UpstreamTokens } from '../records/upstream-tokens.ts'
import { withoutLoopbackPort } from '../syntax/loopback.ts'
import type { EndGrant } from './ending.ts'
import type { CompletedLogin, Login, UpstreamOfLogin } from './engine.ts'
import type { OwnerOf } from './owner.ts'
import { formatCode } from './token-format.ts'

/** What this login brought will not do, and another round at the provider may bring better: nothing was made. */
export class AskAgain extends Error {
  override readonly name = 'AskAgain'
}

/** What of the options decides about new grants. */
export interface CreationSettings {
  /** Seconds. `idleIsExplicit`: the operator chose it, so that the provider's has no say. */
  lifetimes: { code: number; idle: number; absolute: number; idleIsExplicit: boolean }
  keepUpstreamTokens: boolean
  grantsPerInstallation: number
  clock: Clock
  random: RandomBytes
  emit: Emit
}

/** What a finished login becomes: a grant, unredeemed, and the code that redeems it. */
export type CreateGrant = (login: Login) => Promise<Required<CompletedLogin>>

interface CreationDependencies {
  settings: CreationSettings
  ownerOf: OwnerOf
  keys: Pick<ServerKeys, 'endings'>
  records: Records
  connections: Connections
  end: EndGrant
}

const createTries = 5

export function grantCreator(dependencies: CreationDependencies): CreateGrant {
  const { settings, ownerOf, keys, records } = dependencies
  return async (login) => {
    const { subject, client, upstream } = login
    const known_ending = latestEnding(await keys.endings())
    const owner = await ownerOf(subject)
    const installation = installationOf(login.request)
    const secret = randomText(32, settings.random)
    const { correlation } = login.request
    const place = upstream && (await placeOf(dependencies, owner, { ...upstream, correlation }))
    const grant = await create(records, settings, () => {
      const id = `${installation}${randomText(15, settings.random)}`
      return newGrant(settings, login, { owner, id, secret, place, known_ending })
    })
    const ref = grantRef(grant)
    if (upstream && place) await connect(dependencies, grant, upstream, place)
    const { client_id } = client
    settings.emit({ type: 'grant.created', grant: ref, client_id, subject, correlation: grant.correlation })
    return { code: formatCode(ref, secret), tidy: () => tidy(dependencies, owner, installation, ref) }
  }
}

/** One client at one address: what the ids of its grants begin with. Installations come back from another local port each time. */
export function installationOf(request: Pick<Login['request'], 'client_id' | 'redirect_uri'>): string {
  const redirect_uri = withoutLoopbackPort(request.redirect_uri) ?? request.redirect_uri
  return sha256(`${request.client_id} ${redirect_uri}`).slice(0, 12)
}

/** Where the provider's tokens go, and what they will be there. */
interface Place {
  /** The connection's id, where logins share one. */
  shared: string | undefined
  tokens: UpstreamTokens
}

async function placeOf(
  { settings, connections }: CreationDependencies,
  owner: string,
  { provider, brought, mayAskAgain, correlation }: UpstreamOfLogin & { correlation: string },
): Promise<Place> {
  const shared =
    provider.tokens === 'per-user'
      ? sharedConnectionId(provider.id, provider.client.id, brought.tokens.scopes)
      : undefined
  const isShort = settings.keepUpstreamTokens && isRenewedBySignIn(brought.tokens)
  const mayAskForToken = mayAskAgain?.forRefreshToken === true
  // What is kept is tried where there is a way to obtain another: else it is the best there is.
  const proof = mayAskForToken ? { correlation } : undefined
  const kept =
    shared !== undefined && isShort ? await connections.complete(owner, shared, brought, proof) : brought
  const { tokens } = kept
  if (mayAskForToken && settings.keepUpstreamTokens && isRenewedBySignIn(tokens)) {
    throw new AskAgain('no refresh token came, and none that works is kept')
  }
  return { shared, tokens }
}

function newGrant(
  { clock, lifetimes, keepUpstreamTokens }: CreationSettings,
  { client, request, provider, subject, claims, scopes, consented }: Login,
  made: {
    owner: string
    id: string
    secret: string
    place: Place | undefined
    known_ending: number | undefined
  },
): GrantRecord {
  const { owner, id, secret, known_ending } = made
  const place = keepUpstreamTokens ? made.place : undefined
  const now = unixTime(clock)
  const known = place?.tokens.refresh_expires_at
  const grant: GrantRecord = {
    owner,
    id,
    subject,
    provider,
    claims,
    client_id: client.client_id,
    client_name: client.client_name,
    redirect_uri: request.redirect_uri,
    scopes,
    ...(consented && { consented }),
    resource: request.resource,
    correlation: request.correlation,
    created_at: now,
    used_at: now,
    identity_checked_at: now,
    expires_at: now + lifetimes.absolute,
    known_ending,
    idle: known !== undefined && !lifetimes.idleIsExplicit ? Math.max(known - now, 60) : lifetimes.idle,
    code: {
      hash: sha256(secret),
      code_challenge: request.code_challenge,
      redirect_uri_named: request.redirect_uri_named,
      client_auth_methods: authMethodsOf(client),
      expires_at: now + lifetimes.code,
    },
  }
  return place ? withConnection(grant, place) : grant
}

function withConnection(grant: GrantRecord, { shared, tokens }: Place): GrantRecord {
  // Tokens that cannot be renewed end the grant with them: the user's next login brings new ones.
  const ends = isRenewedBySignIn(tokens) ? tokens.expires_at : undefined
  const connected = {
    ...grant,
    connection: shared ?? grant.id,
    expires_at: Math.min(grant.expires_at, ends ?? grant.expires_at),
  }
  return { ...connected, connection_expires_at: connectionExpiry(connected) }
}

/**
 * Writes a new grant. Where that fails, another try goes by another name: the failed one may land when the grant has
 * been revoked, and must then be one that nobody has a code of.
 */
async function create(
  records: Records,
  { clock }: CreationSettings,
  make: () => GrantRecord,
): Promise<GrantRecord> {
  for (let tries = 1; ; tries++) {
    const grant = make()
    const options = { ifVersion: null, expiresAt: grant.code.expires_at, once: tries < createTries }
    try {
      if ((await records.put(grantKey(grantRef(grant)), grant, options)) !== undefined) return grant
      if (tries >= createTries) throw new Error('fresh grant ids were taken')
    } catch (error) {
      if (tries >= createTries || !isNamed(error, 'Unavailable')) throw error
      await clock.sleep(100 * tries)
    }
  }
}

/** Keeps what the login brought. After the grant: whoever revokes, or ends the user's last other one, looks for it. */
async function connect(
  { records, connections }: CreationDependencies,
  grant: Readonly<GrantRecord>,
  { provider, brought, began_at = 0, mayAskAgain }: UpstreamOfLogin,
  { tokens }: Place,
): Promise<void> {
  const { owner, subject, connection, connection_expires_at } = grant
  const again = async (why: string) => {
    await remove<GrantRecord>(records, grantKey(grantRef(grant)))
    throw mayAskAgain ? new AskAgain(why) : new Unavailable(`upstream: ${why}`)
  }
  if (provider.revocation === 'user' && (await connections.isRevokedSince(owner, began_at))) {
    return again('what this login brought may have been revoked')
  }
  if (connection === undefined || connection_expires_at === undefined) return
  const isSaved = await connections.save({
    owner,
    id: connection,
    provider: provider.id,
    client_id: provider.client.id,
    subject,
    kept: brought,
    isRenewedByKept: isRenewedBySignIn(brought.tokens) && !isRenewedBySignIn(tokens),
    expires_at: connection_expires_at,
  })
  if (!isSaved) return again('the refresh token that this login was to live on is gone')
}

/**
 * Ends what a finished sign-in makes needless: doubtful grants of the installation, and the longest unused beyond the
 * limit. Never its own grant, which may have been redeemed, and doubted, by now.
 */
async function tidy(
  { settings, keys, records, end }: CreationDependencies,
  owner: string,
  installation: string,
  own: string,
): Promise<void> {
  const others: string[] = []
  for await (const key of everyKey(records, grantPrefix(owner))) {
    if (key.startsWith(grantPrefix(owner) + installation) && key !== grantKey(own)) others.push(key)
  }
  const [found, endings] = await Promise.all([
    Promise.all(others.map((key) => records.peek<GrantRecord>(key))),
    keys.endings(),
  ])
  // What is over already, and only lies there still, takes the place of none that lives.
  const grants = found.flatMap((grant) =>
    grant?.value && !isEnded(grant.value, endings) ? [grant.value] : [],
  )
  for (const grant of grants.filter(({ doubt }) => doubt)) await end(grantRef(grant), 'doubtful')
  const byUse = grants.filter(({ doubt }) => !doubt).sort((a, b) => b.used_at - a.used_at)
  for (const grant of byUse.slice(settings.grantsPerInstallation - 1)) await end(grantRef(grant), 'capped')
}

/** Whether only another sign-in can follow these tokens. */
function isRenewedBySignIn({ refresh_token, expires_at }: UpstreamTokens): boolean {
  return refresh_token === undefined && expires_at !== undefined
}
