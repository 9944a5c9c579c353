/** Those of devWorkOS(). */
export const CREDENTIALS = { clientId: 'dev-client', clientSecret: 'dev-secret' }
export const [ACME, OTHER] = ['org_acme', 'org_other'] as const
export const [ADA, GRACE, MAX, EVE] = ['user_ada', 'user_grace', 'user_max', 'user_eve'] as const

export const ISSUER = 'https://acme.authkit.test'
