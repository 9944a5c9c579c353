import { unionScopes } from '@drawbridge/core/syntax'

/** GitHub's scopes for OAuth apps, each with those it includes. */
const includes: Readonly<Record<string, readonly string[]>> = {
  repo: ['repo:status', 'repo_deployment', 'public_repo', 'repo:invite', 'security_events'],
  'repo:status': [],
  repo_deployment: [],
  public_repo: [],
  'repo:invite': [],
  security_events: [],
  'admin:repo_hook': ['write:repo_hook', 'read:repo_hook'],
  'write:repo_hook': ['read:repo_hook'],
  'read:repo_hook': [],
  'admin:org': ['write:org', 'read:org'],
  'write:org': ['read:org'],
  'read:org': [],
  'admin:public_key': ['write:public_key', 'read:public_key'],
  'write:public_key': ['read:public_key'],
  'read:public_key': [],
  'admin:org_hook': [],
  gist: [],
  notifications: [],
  user: ['read:user', 'user:email', 'user:follow'],
  'read:user': [],
  'user:email': [],
  'user:follow': [],
  project: ['read:project'],
  'read:project': [],
  delete_repo: [],
  'write:packages': ['read:packages'],
  'read:packages': [],
  'delete:packages': [],
  'admin:gpg_key': ['write:gpg_key', 'read:gpg_key'],
  'write:gpg_key': ['read:gpg_key'],
  'read:gpg_key': [],
  'write:discussion': ['read:discussion'],
  'read:discussion': [],
  codespace: ['codespace:secrets'],
  'codespace:secrets': [],
  workflow: [],
  audit_log: ['read:audit_log'],
  'read:audit_log': [],
}

export const knownScopes: readonly string[] = Object.keys(includes)

/** A scope, and what it includes. */
export function includedIn(scope: string): readonly string[] {
  return [scope, ...(includes[scope] ?? [])]
}

/**
 * Granted scopes as RFC 6749 3.3 wants them. GitHub leaves out a scope that another one includes (asked for `user` and
 * `read:user`, it grants `user`), so the included ones are named again: nobody may lose a scope for having a wider one.
 */
export function grantedScopes(commaSeparated: string): readonly string[] {
  return unionScopes(
    commaSeparated
      .split(/[\s,]+/)
      .filter(Boolean)
      .flatMap(includedIn),
  )
}
