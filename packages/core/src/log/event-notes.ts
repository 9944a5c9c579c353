import { type OAuthErrorCode, oauthErrorCodes } from '../errors.ts'
import type { DrawbridgeEvents, EventType, Occurrence } from '../events.ts'

/** How much a log line weighs. */
export type Severity = 'debug' | 'info' | 'warn' | 'error'

/**
 * `debug`: a step that went as it should. `info`: a decision. `warn`: somebody may want to look; `error`: must. Those two
 * say what happened and what to check.
 */
type Note = 'debug' | 'info' | readonly ['warn' | 'error', told: string]

type ReasonOf<Type extends EventType> = DrawbridgeEvents[Type] extends { reason: infer Reason extends string }
  ? Reason
  : never

/** An event with reasons has a note for each: a new one does not compile without a decision. */
export type Notes = {
  readonly [Type in EventType]: [ReasonOf<Type>] extends [never]
    ? Note
    : Readonly<Record<ReasonOf<Type>, Note>>
}

/** What a client did wrong before anybody signed in: its developer may ask, and so it is in the log. */
const wrongRequest = whatever('info')

const wrongSecret =
  'Something is sealed with a secret that is not configured here. Check `secret` (DRAWBRIDGE_SECRET): pass the previous one too, after the new one, and the same on every instance.'
const cookiesOfIssuer =
  'Check that the browser keeps the cookies of `issuer`, and that nothing in front of the server removes them.'
const providerCredentials =
  "Check the provider's `clientId` and `clientSecret` (or its DRAWBRIDGE_..._CLIENT_ID and _CLIENT_SECRET), and that its app has our callback <issuer>/callback/<provider id>."
const clientSecret =
  'Check the client_secret that this client sends; of a client in `clients`, the `client_secret` there.'

const optionsChanged =
  'A sign-in asks for a resource or scopes that it may not ask for any more. Check, if it happens often, that all instances have the same `resources`, `scopes` and `clients`.'

const ownPage = 'People got ours instead. Check what the detail says of the page that it names.'

const notes: Notes = {
  'client.registered': 'info',
  'registration.refused': {
    ...wrongRequest,
    not_allowed: 'info',
    token_missing: 'info',
    token_wrong: [
      'warn',
      'A client sent a wrong initial access token. Check the one it was given, and `registration.initialAccessToken`.',
    ],
  },
  'client.refused': {
    unknown: [
      'warn',
      'A client is not known here. Check that all instances share one `storage` that keeps its data, and that `clients` lists it if it does not register itself.',
    ],
    method: [
      'warn',
      'A client did not authenticate as it registered. Check its token_endpoint_auth_method, here in `clients` or there.',
    ],
    secret: ['warn', `A client sent a wrong secret. ${clientSecret}`],
    secret_expired: [
      'warn',
      'The secret of a client has expired. Check whether it can register again, or still has one from before a rotation.',
    ],
    grant_type: 'info',
    assertion: [
      'warn',
      'A client signed something that its keys, or our rules, do not accept. Check the keys that it publishes, and that `issuer` is what it names as aud.',
    ],
    assertion_replayed: [
      'warn',
      'The same signed assertion of a client came twice: the client uses it again, or somebody has seen it.',
    ],
    document: 'info',
    host: 'info',
  },
  'client.evicted': [
    'warn',
    'More clients register than `registration.unapproved` has room for before anybody approves them. Raise it, or tell senders apart with `registration.key`.',
  ],
  'client.created': 'info',
  'client.changed': 'info',
  'client.secret_rotated': 'info',
  'client.deleted': 'info',
  'authorize.started': 'debug',
  'document.failed': {
    status: 'info',
    malformed: 'info',
    gone: 'info',
    budget: 'info',
    url: 'info',
    unreachable: 'info',
    timeout: 'info',
    too_long: 'info',
    encoding: 'info',
    redirected: 'info',
    address: [
      'warn',
      'A client named an address that is not public, or a name that leads to one. If it is one of yours, list the client in `clients`.',
    ],
    runtime: [
      'error',
      'This runtime has no guarded fetch, so that clients with metadata documents cannot connect. Pass `egress`, or switch `metadataDocuments` off.',
    ],
  },
  'authorize.refused': {
    ...wrongRequest,
    unknown_client: 'info',
    client_unavailable: [
      'warn',
      'What a client publishes about itself could not be fetched. Check that this machine reaches the host that it names; behind a proxy, pass `egress`.',
    ],
    client_document: 'info',
    client_host: 'info',
    redirect_uri: 'info',
  },
  'consent.shown': 'debug',
  'consent.approved': 'debug',
  'consent.skipped': 'debug',
  'consent.remembered': 'info',
  'consent.denied': 'info',
  'consent.refused': {
    csrf: ['warn', `A consent form came without what our page had set. ${cookiesOfIssuer}`],
    cross_site: [
      'warn',
      'A consent form came from another site. Check that `issuer` is the address people see.',
    ],
    unknown_transaction: 'info',
    decided: 'info',
    unknown_client: 'info',
    no_longer_allowed: ['warn', optionsChanged],
  },
  'callback.refused': {
    unknown_transaction: 'info',
    other_browser: [
      'warn',
      `A browser came back from the provider that is not the one that consented. If it happens often: ${cookiesOfIssuer}`,
    ],
    other_provider: [
      'warn',
      "The callback of one provider was called for another one's sign-in. Check the callback that the provider's app has: <issuer>/callback/<provider id>.",
    ],
    issuer_mismatch: [
      'warn',
      'The callback names another issuer than the provider has. Check the `issuer` of the provider.',
    ],
  },
  'sign_in.shown': 'debug',
  'sign_in.refused': {
    invalid: 'info',
    locked: ['warn', 'A sign-in was refused after too many tries. Check whether somebody guesses passwords.'],
    csrf: ['warn', `A sign-in form came without what our page had set. ${cookiesOfIssuer}`],
    cross_site: [
      'warn',
      'A sign-in form came from another site. Check that `issuer` is the address people see.',
    ],
    unknown_transaction: 'info',
    other_browser: [
      'warn',
      `A sign-in page was opened in a browser that is not the one that consented. If it happens often: ${cookiesOfIssuer}`,
    ],
    other_provider: 'info',
  },
  'login.replayed': 'debug',
  'login.failed': {
    provider_error: [
      'warn',
      `The provider sent the browser back with an error. ${providerCredentials} Check the scopes that are asked for.`,
    ],
    code_refused: ['warn', `The provider refused the code of a sign-in. ${providerCredentials}`],
    misconfigured: ['error', `The provider refuses this server. ${providerCredentials}`],
    unavailable: [
      'warn',
      'The provider did not answer. Check that this machine reaches it, and its status page.',
    ],
    unknown_client: [
      'warn',
      'The client or the provider of a sign-in was gone when it finished. Check that all instances have the same `clients` and providers.',
    ],
    no_longer_allowed: ['warn', optionsChanged],
    internal: ['error', 'A sign-in failed by a fault of this server. Check the detail, and report it to us.'],
  },
  'login.denied': {
    cancelled: 'info',
    not_allowed: 'info',
    other_account: 'info',
    consent_ended: 'info',
    interaction_required: 'info',
    not_signed_in_again: 'info',
  },
  'session.began': 'info',
  'session.ended': { signed_out: 'info', administration: 'info', capped: 'info' },
  'account.shown': 'debug',
  'account.refused': {
    csrf: ['warn', `A form of the account page came without what our page had set. ${cookiesOfIssuer}`],
    cross_site: [
      'warn',
      'A form of the account page came from another site. Check that `issuer` is the address people see.',
    ],
    signed_out: 'info',
    too_old: 'info',
  },
  'grant.created': 'info',
  'grant.redeemed': 'debug',
  'grant.doubted': {
    superseded: [
      'warn',
      'A refresh token came long after it was replaced; its grant ends within a day, or with the next sign-in. Check, if it happens often, whether two processes share what this client stored.',
    ],
    streak: [
      'warn',
      'A refresh token was always presented late; its grant ends within a day, or with the next sign-in. Check whether two processes share what this client stored, and who else has a copy.',
    ],
    code_replayed: 'info',
  },
  'grant.ended': {
    revoked: 'info',
    code_replayed: [
      'warn',
      'A code was used twice, and its grant has ended. Check, if it happens again, who else reads what this client receives.',
    ],
    refresh_reused: [
      'warn',
      'A refresh token was used long after it was replaced, and its grant has ended. Check, if it happens again, whether two processes share what this client stored.',
    ],
    doubtful: 'info',
    upstream_ended: 'info',
    identity_refused: 'info',
    capped: 'info',
    administration: 'info',
    account_page: 'info',
  },
  'grants.ended': [
    'warn',
    'Everything of a client, of a provider, or at all was ended. Check, if nobody of yours did that, who can call `grants.endAll()`.',
  ],
  'api_key.created': 'info',
  'api_key.ended': { revoked: 'info', administration: 'info', identity_refused: 'info' },
  'code.refused': {
    unknown: 'info',
    other_client: 'info',
    client_auth: 'info',
    redirect_uri: 'info',
    code_verifier: 'info',
    resource: 'info',
    scope: 'info',
    expired: 'info',
    replayed: 'info',
    conflict: 'info',
  },
  'refresh.rotated': 'debug',
  'refresh.replayed': 'debug',
  'refresh.lost_response': 'info',
  'refresh.adopted': [
    'warn',
    'A refresh token is newer than its record: the store has lost writes. Check whether `storage` was restored or failed over, and that it keeps what it confirms.',
  ],
  'refresh.refused': {
    unknown: 'info',
    other_client: 'info',
    client_auth: 'info',
    grant_type: 'info',
    resource: 'info',
    scope: 'info',
    forged: [
      'warn',
      'A refresh token was made up. Check, if it happens again, where its requests come from.',
    ],
    superseded: 'info',
    streak: 'info',
    reused: 'info',
    ended: 'info',
    expired: 'info',
    identity: 'info',
    step_up: 'info',
  },
  'revocation.ignored': {
    unknown: 'info',
    other_client: 'info',
    forged: [
      'warn',
      'A token to be revoked was made up. Check, if it happens again, where its requests come from.',
    ],
  },
  'token.issued': 'debug',
  'token.accepted': 'debug',
  'token.refused': {
    malformed: 'debug',
    expired: 'debug',
    signature: 'debug',
    unknown_key: 'debug',
    grant_ended: 'debug',
    issued_elsewhere: 'debug',
    other_resource: 'debug',
    insufficient_scope: 'debug',
    not_verified: 'debug',
  },
  'token.misdirected': [
    'warn',
    'A client comes with tokens for another resource, and gets 401. Check what the detail says.',
  ],
  'token.unchecked': [
    'warn',
    'A token could not be checked, and its request got 503. Check `storage`, and the issuer that `verifier` or `accept` asks.',
  ],
  'verifier.unavailable': [
    'warn',
    'A verifier could not decide. Check that this machine reaches its issuer, and its `issuer`, `endpoint` and credentials.',
  ],
  'identity.confirmed': 'debug',
  'upstream.refreshed': 'debug',
  'upstream.ended': 'info',
  'upstream.unavailable': {
    unavailable: [
      'warn',
      'The provider cannot be used now. Check that this machine reaches it, and its status page.',
    ],
    misconfigured: ['error', `The provider refuses this server. ${providerCredentials}`],
  },
  'upstream.revoked': 'info',
  'storage.unavailable': [
    'error',
    'The store failed. Check that what `storage` names runs, is reached from this machine, and has room.',
  ],
  'storage.unreadable': {
    damaged: [
      'error',
      'A record does not open. Check who else writes to `storage`, and what it was restored from.',
    ],
    newer_version: [
      'error',
      'A record was written by a newer release than this one. Upgrade this instance, and give the releases of one `storage` no more distance than docs/storage-schema.md allows.',
    ],
  },
  'keys.created': 'info',
  'keys.rotated': 'info',
  'keys.revoked': [
    'warn',
    'A signing key was revoked, and clients fetch new tokens. Check, if nobody of yours did that, who can call `signingKeys.revoke()`.',
  ],
  'keys.refused': [
    'error',
    'A key in `signingKeys.keys` was revoked, and is not used. Check that it is taken out there, and that another one is in its place: until then one is made here.',
  ],
  'keys.unknown_secret': ['error', wrongSecret],
  'page.failed': {
    threw: ['warn', `A function of \`pages\` failed. ${ownPage}`],
    late: ['warn', `A function of \`pages\` took more than five seconds. ${ownPage}`],
    not_a_page: ['warn', `A function of \`pages\` answered with something that is no page. ${ownPage}`],
    markup: ['warn', `A page of \`pages\` holds what no page may. ${ownPage}`],
    css: ['warn', `The \`css\` of a page of \`pages\` cannot be used. ${ownPage}`],
    missing: ['warn', `A page of \`pages\` lacks what people have to see or send. ${ownPage}`],
  },
  'configuration.weakened': [
    'warn',
    'An option that weakens security is on. Check whether it can be left out.',
  ],
  // Any stranger can, and is told so.
  'request.refused': whatever('debug'),
  'request.limited': [
    'warn',
    'A sender is over a limit of `limits`. Check, if it is nobody to keep out, whether `limits.key` tells senders apart as it should, or raise the limit.',
  ],
  'limits.failed': {
    key: ['error', 'The `limits.key` failed, so that nobody is limited. Check the function.'],
    storage: [
      'warn',
      'The counts of `limits` cannot be shared now, so that each instance limits by itself. Check `storage`.',
    ],
  },
  'request.unavailable': [
    'warn',
    'A request got 503. Check what the detail names, else `storage` and the provider.',
  ],
  'request.failed': [
    'error',
    'A request got 500, by a fault of this server. Check the detail, and report it to us.',
  ],
}

/** What an operator should know of an event: how much it weighs, and from `warn` on, what to check. */
export function noteOf(event: Occurrence): { severity: Severity; told: string | undefined } {
  const ofType: Note | Readonly<Record<string, Note>> = notes[event.type]
  const note = isNote(ofType) ? ofType : 'reason' in event ? ofType[event.reason] : undefined
  if (note === undefined || typeof note === 'string') return { severity: note ?? 'info', told: undefined }
  return { severity: note[0], told: note[1] }
}

function isNote(note: Note | Readonly<Record<string, Note>>): note is Note {
  return typeof note === 'string' || Array.isArray(note)
}

function whatever(note: Note): Readonly<Record<OAuthErrorCode, Note>> {
  return Object.fromEntries(oauthErrorCodes.map((code) => [code, note])) as Record<OAuthErrorCode, Note>
}
