import { member, type OAuthProvider } from '@drawbridge/core/provider'
import { hostOrigin } from '@drawbridge/core/syntax'
import type { CommonOptions, OidcAllow, OidcUser } from '../options.ts'
import { type Preset, preset } from '../preset.ts'

/** Where a provider is that everybody has at a host of their own. */
interface AtHost {
  /** A host. Default: the environment variable `DRAWBRIDGE_<ID>_DOMAIN`. */
  domain?: string | undefined
}
interface InOrganizations extends OidcAllow {
  /** Members of these organizations, by id. */
  organizations?: readonly string[] | undefined
}
interface InGroups extends OidcAllow {
  /** Members of these groups, by full path: `acme/platform`. */
  groups?: readonly string[] | undefined
}

/** Options of {@link gitlab}. `domain`: default `gitlab.com`. */
export interface GitLabOptions extends CommonOptions<InGroups>, AtHost {}
/** Options of {@link supabase}. `domain`: the project's, `abcdefghijkl.supabase.co`. */
export interface SupabaseOptions extends CommonOptions, AtHost {}
/** Options of {@link descope}. `domain`: default `api.descope.com`. */
export interface DescopeOptions extends CommonOptions, AtHost {}
/** Options of {@link scalekit}. `domain`: the environment's, `acme.scalekit.com`. */
export interface ScalekitOptions extends CommonOptions<InOrganizations>, AtHost {}
/** Options of {@link huggingFace}. */
export type HuggingFaceOptions = CommonOptions<InOrganizations>

type Known<Allow extends OidcAllow = OidcAllow> = Preset<AtHost, Allow>

const base = {
  own: { domain: 'text' },
  scopes: ['openid', 'profile', 'email'],
  // None that is documented; GitLab's are in its source.
  prompts: [],
} as const

const gitLab: Known<InGroups> = {
  ...base,
  example: 'gitlab({ clientId, clientSecret })',
  id: 'gitlab',
  label: 'GitLab',
  where: "on the application's page at GitLab",
  descriptions: {
    read_user: {
      en: 'Read your profile on GitLab',
      de: 'Ihr Profil auf GitLab lesen',
      ar: 'قراءة ملفك الشخصي على GitLab',
    },
    read_api: {
      en: 'Read what you can see on GitLab',
      de: 'Auf GitLab lesen, was Sie selbst sehen können',
      ar: 'قراءة ما يمكنك الاطلاع عليه على GitLab',
    },
  },
  // config/initializers/doorkeeper_openid_connect.rb says how to sign in again, and when somebody did; it has no
  // `select_account`, which is then an error: https://gitlab.com/gitlab-org/gitlab/-/issues/377368
  prompts: ['login', 'none'],
  rules: { groups: { claim: 'groups' } },
  place: ({ domain }, read) => ({
    issuer: hostOrigin('domain', read.optional(domain, 'DOMAIN') ?? 'gitlab.com', 'gitlab.acme.dev'),
  }),
}

const supabaseAuth: Known = {
  ...base,
  example: 'supabase({ domain, clientId, clientSecret })',
  id: 'supabase',
  label: 'Supabase',
  where: "under Authentication, OAuth Apps, in the project's dashboard",
  rules: {},
  revocation: 'none',
  place: ({ domain }, read) => ({
    issuer: `${hostOrigin('domain', read.needed('domain', domain, 'DOMAIN'), 'abcdefghijkl.supabase.co')}/auth/v1`,
  }),
}

const descopeProject: Known = {
  ...base,
  example: 'descope({ clientId, clientSecret })',
  id: 'descope',
  label: 'Descope',
  where: "in Descope's console: the id is the project's, and the secret an access key",
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  rules: {},
  place: ({ domain, clientId }, read) => ({
    issuer: `${hostOrigin('domain', read.optional(domain, 'DOMAIN') ?? 'api.descope.com', 'api.descope.com')}/${read.needed('clientId', clientId, 'CLIENT_ID')}`,
  }),
}

const scalekitEnvironment: Known<InOrganizations> = {
  ...base,
  example: 'scalekit({ domain, clientId, clientSecret })',
  id: 'scalekit',
  label: 'Scalekit',
  where: "under API Credentials, in Scalekit's dashboard",
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  rules: { organizations: { claim: 'oid' } },
  place: ({ domain }, read) => ({
    issuer: hostOrigin('domain', read.needed('domain', domain, 'DOMAIN'), 'acme.scalekit.com'),
  }),
}

const huggingFaceHub: Preset<object, InOrganizations> = {
  example: 'huggingFace({ clientId, clientSecret })',
  id: 'huggingface',
  label: 'Hugging Face',
  where: 'under Connected Apps, in your settings at Hugging Face',
  own: {},
  scopes: base.scopes,
  prompts: base.prompts,
  descriptions: {
    'read-repos': {
      en: 'Read your repositories on Hugging Face',
      de: 'Ihre Repositorys auf Hugging Face lesen',
      ar: 'قراءة مستودعاتك على Hugging Face',
    },
    'write-repos': {
      en: 'Read and change your repositories on Hugging Face',
      de: 'Ihre Repositorys auf Hugging Face lesen und ändern',
      ar: 'قراءة مستودعاتك على Hugging Face وتعديلها',
    },
    'inference-api': {
      en: 'Run models on Hugging Face in your name',
      de: 'In Ihrem Namen Modelle auf Hugging Face ausführen',
      ar: 'تشغيل النماذج على Hugging Face باسمك',
    },
  },
  rules: {
    organizations: {
      claim: 'orgs',
      names: (all) => (Array.isArray(all) ? all.map((each) => member(each, 'sub')) : []),
    },
  },
  revocation: 'none',
  place: () => ({ issuer: 'https://huggingface.co' }),
}

/** Sign in with GitLab. Made from documentation and never run: https://docs.gitlab.com/integration/openid_connect_provider */
export function gitlab(options: GitLabOptions = {}): OAuthProvider<OidcUser> {
  return preset(gitLab, options)
}

/** Sign in with a project at Supabase. Made from documentation and never run: https://supabase.com/docs/guides/auth/oauth-server */
export function supabase(options: SupabaseOptions = {}): OAuthProvider<OidcUser> {
  return preset(supabaseAuth, options)
}

/** Sign in with Descope. Made from documentation and never run: https://docs.descope.com/getting-started/oidc-endpoints */
export function descope(options: DescopeOptions = {}): OAuthProvider<OidcUser> {
  return preset(descopeProject, options)
}

/** Sign in with Scalekit. Made from documentation and never run: https://docs.scalekit.com/guides/idtoken-claims */
export function scalekit(options: ScalekitOptions = {}): OAuthProvider<OidcUser> {
  return preset(scalekitEnvironment, options)
}

/** Sign in with Hugging Face. Made from documentation and never run: https://huggingface.co/docs/hub/oauth */
export function huggingFace(options: HuggingFaceOptions = {}): OAuthProvider<OidcUser> {
  return preset(huggingFaceHub, options)
}
