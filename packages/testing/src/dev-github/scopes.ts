/** Scopes that include others; GitHub leaves the included ones out of what it grants. */
const INCLUDED: Readonly<Record<string, readonly string[]>> = {
  repo: ['repo:status', 'repo_deployment', 'public_repo', 'repo:invite', 'security_events'],
  user: ['read:user', 'user:email', 'user:follow'],
  'admin:org': ['write:org', 'read:org'],
  'write:org': ['read:org'],
  'admin:repo_hook': ['write:repo_hook', 'read:repo_hook'],
  'write:repo_hook': ['read:repo_hook'],
  'admin:public_key': ['write:public_key', 'read:public_key'],
  'write:public_key': ['read:public_key'],
  project: ['read:project'],
}

/** A requested scope parameter as GitHub records it: separated by spaces or commas, normalised, sorted. */
export function normalise(scope: string): string[] {
  const asked = new Set(scope.split(/[\s,]+/).filter(Boolean))
  const included = new Set([...asked].flatMap((name) => INCLUDED[name] ?? []))
  return [...asked].filter((name) => !included.has(name)).sort()
}

/** Whether a token with these scopes may do what `needed` allows. */
export function covers(scopes: readonly string[], needed: string): boolean {
  return scopes.some((scope) => scope === needed || INCLUDED[scope]?.includes(needed))
}
