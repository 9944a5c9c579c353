import type { Random } from '../soak/random.ts'

/** Who calls: `undefined` is nobody. */
export interface Caller {
  subject: string
  /** Written out. */
  scopes: readonly string[]
  roles: readonly string[]
}

const caller = (subject: string, scopes: readonly string[], roles: readonly string[] = []): Caller => ({
  subject,
  scopes,
  roles,
})

/** By token. `write` implies `read`. */
export const callers: Readonly<Record<string, Caller>> = {
  nothing: caller('nothing', []),
  reader: caller('reader', ['mcp', 'read']),
  writer: caller('writer', ['mcp', 'write', 'read']),
  signer: caller('signer', ['mcp', 'sign']),
  admin: caller('admin', ['mcp'], ['admin']),
  root: caller('root', ['mcp', 'write', 'read', 'sign'], ['admin', 'owner']),
}

/** Without it nothing can be reached with a token. */
export const always = 'mcp'

/** What a component asks of who uses it. */
export type Policy =
  | { kind: 'free' }
  | { kind: 'public' }
  | { kind: 'scopes'; scopes: readonly string[] }
  | { kind: 'any'; any: readonly string[]; scopes: readonly string[] }
  | { kind: 'roles'; roles: readonly string[]; scopes: readonly string[] }
  /** Arguments decide: more than a hundred takes a scope. */
  | { kind: 'amount'; scope: string }
  /** Whose name is in the URI. */
  | { kind: 'own' }
  /** Scopes by a predicate, also in lists. */
  | { kind: 'judged'; scopes: readonly string[] }
  /** Predicates that let nobody in. */
  | { kind: 'never' | 'throws' | 'promise' | 'ungrantable' }
  /** Can be used by all, and is in no list. */
  | { kind: 'unlisted' }

export type Kind = 'tool' | 'prompt' | 'resource' | 'template'

/** Something a server has. */
export interface Component {
  /** What is found in answers when it is described there. */
  id: string
  kind: Kind
  /** A URI, or the text of a template, for resources. */
  name: string
  policy: Policy
  /** What its handler asks for, beyond that. */
  asks?: readonly string[] | undefined
}

/** Something said of resources that the server has only by a template, or by none. */
export interface Saying {
  key: string
  policy: Policy
}

export interface Plan {
  line: 'v1' | 'v2'
  /** Built with the SDK's registry, or upon what that stands upon. */
  server: 'registry' | 'methods'
  /** Of a server without the registry: whether it looks at URIs as they were sent. */
  readsUris: 'as sent' | 'resolved'
  sessions: boolean
  responses: 'sse' | 'json' | undefined
  lists: 'reachable' | 'allowed' | 'all' | undefined
  public: { list?: 'all' | 'public'; discovery?: boolean; challenge?: 'http' | 'result' } | undefined
  components: readonly Component[]
  sayings: readonly Saying[]
}

const simpleNames = ['search', 'send_mail', 'Search', 'admin.wipe', 'wipe-all', 'transfer']
const oddNames = ['constructor', '__proto__', 'toString', 'search ', 'sea\u0000rch', 'ｓend_mail', 'a/b', '']
const uris = [
  'notes://plain',
  'notes://x/secret',
  'https://acme.dev/ruled',
  'https://acme.dev/a/b',
  'file:///etc/plans',
]

/** Templates, and what each matches: written by hand, since the SDK's own reading is what is tested. */
export const templates: Readonly<Record<string, RegExp>> = {
  'notes://x/{id}': /^notes:\/\/x\/[^/,]+$/,
  'notes://{+path}': /^notes:\/\/.+$/,
  'https://acme.dev/u/{user}/mail': /^https:\/\/acme\.dev\/u\/[^/,]+\/mail$/,
  'docs://{a}/{b}': /^docs:\/\/[^/,]+\/[^/,]+$/,
  'docs://team/{b}': /^docs:\/\/team\/[^/,]+$/,
}

const sayable = [
  'notes://x/hidden',
  'docs://team/plans',
  'https://acme.dev/u/root/mail',
  'docs://team/{b}',
  'notes://{+path}',
]

export function planned(random: Random): Plan {
  const isOpen = random.chance(0.5)
  const server = random.pick(['registry', 'methods'] as const)
  let count = 0
  const made = (kind: Kind, names: readonly string[]): Component[] =>
    names
      .filter(() => random.chance(0.6))
      .map((name) => {
        count += 1
        const asks = kind === 'tool' && random.chance(0.2) ? [random.pick(['sign', 'write'])] : undefined
        return { id: `c${count}x`, kind, name, policy: policy(random, kind, isOpen), asks }
      })
  const names = server === 'methods' ? [...simpleNames, ...oddNames] : simpleNames
  const components = [
    ...made('tool', names),
    ...made('prompt', names),
    ...made('resource', uris),
    ...made('template', Object.keys(templates)),
  ]
  const sayings = sayable
    .filter((key) => random.chance(0.4) && components.every(({ name }) => name !== key))
    .map((key) => ({ key, policy: policy(random, 'template', isOpen) }))
  return {
    line: random.pick(['v1', 'v2']),
    server,
    readsUris: random.pick(['as sent', 'resolved']),
    sessions: random.chance(0.4),
    responses: random.chance(0.3) ? undefined : random.pick(['sse', 'json']),
    lists: random.chance(0.2) ? undefined : random.pick(['reachable', 'allowed', 'all']),
    public: isOpen
      ? {
          list: random.pick(['all', 'public']),
          challenge: random.chance(0.2) ? 'result' : 'http',
          ...(random.chance(0.2) && { discovery: false }),
        }
      : undefined,
    components,
    sayings,
  }
}

function policy(random: Random, kind: Kind, isOpen: boolean): Policy {
  const scopes = random.pick([['write'], ['sign'], ['read'], ['write', 'sign']])
  return random.pick<Policy>([
    { kind: 'free' },
    ...Array.from({ length: isOpen ? 4 : 1 }, () => ({ kind: isOpen ? 'public' : 'free' }) as const),
    { kind: 'scopes', scopes },
    {
      kind: 'any',
      any: random.pick([
        ['sign', 'write'],
        ['sign', 'read'],
      ]),
      scopes: random.pick([[], ['read']]),
    },
    {
      kind: 'roles',
      roles: random.pick([['admin'], ['owner', 'other']]),
      scopes: random.pick([[], ['sign']]),
    },
    ...(kind === 'tool' || kind === 'prompt' ? [{ kind: 'amount', scope: 'sign' } as const] : []),
    ...(kind === 'resource' || kind === 'template' ? [{ kind: 'own' } as const] : []),
    { kind: 'judged', scopes },
    { kind: random.pick(['never', 'throws', 'promise', 'ungrantable']) },
    { kind: 'unlisted' },
  ])
}
