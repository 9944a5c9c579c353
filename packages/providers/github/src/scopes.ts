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

/** What people read of them: GitHub's documentation in the words of a consent page. */
export const descriptions: Readonly<Record<string, string>> = {
  repo: 'Read and change your repositories on GitHub, private ones too',
  'repo:status': 'Read and write the status of commits in your repositories on GitHub',
  repo_deployment: 'Read and write the deployments of your repositories on GitHub',
  public_repo: 'Read and change your public repositories on GitHub',
  'repo:invite': 'Accept and decline invitations to repositories on GitHub for you',
  security_events: 'Read and write security alerts of your repositories on GitHub',
  'admin:repo_hook': 'Read, add, change and delete webhooks of your repositories on GitHub',
  'write:repo_hook': 'Read, add and change webhooks of your repositories on GitHub',
  'read:repo_hook': 'See the webhooks of your repositories on GitHub',
  'admin:org': 'Manage your organizations on GitHub, with their teams and members',
  'write:org': 'Change your memberships and the projects of your organizations on GitHub',
  'read:org': 'See which organizations and teams you belong to on GitHub',
  'admin:public_key': 'See, add and delete your SSH keys on GitHub',
  'write:public_key': 'See and add your SSH keys on GitHub',
  'read:public_key': 'See your SSH keys on GitHub',
  'admin:org_hook': 'Manage the webhooks of your organizations on GitHub',
  gist: 'Create and change your gists on GitHub',
  notifications: 'Read your notifications on GitHub and mark them as read',
  user: 'Read and change your profile on GitHub',
  'read:user': 'Read your profile on GitHub',
  'user:email': 'See your email addresses on GitHub',
  'user:follow': 'Follow and unfollow people on GitHub for you',
  project: 'Read and change your projects on GitHub',
  'read:project': 'See your projects on GitHub',
  delete_repo: 'Delete your repositories on GitHub',
  'write:packages': 'Read and publish your packages on GitHub',
  'read:packages': 'Read your packages on GitHub',
  'delete:packages': 'Delete your packages on GitHub',
  'admin:gpg_key': 'See, add and delete your GPG keys on GitHub',
  'write:gpg_key': 'See and add your GPG keys on GitHub',
  'read:gpg_key': 'See your GPG keys on GitHub',
  'write:discussion': 'Read and write discussions of your teams on GitHub',
  'read:discussion': 'Read discussions of your teams on GitHub',
  codespace: 'Create and manage your codespaces on GitHub',
  'codespace:secrets': 'See and change the secrets of your codespaces on GitHub',
  workflow: 'Change workflow files in your repositories on GitHub',
  audit_log: 'Read the audit log of your organizations on GitHub',
  'read:audit_log': 'Read the audit log of your organizations on GitHub',
}

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
