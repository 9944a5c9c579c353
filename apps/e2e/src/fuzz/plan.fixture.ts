import fc from 'fast-check'
import {
  askingEdit,
  documentEdit,
  registeringEdit,
  secondCredentials,
  signingEdit,
} from './client-edits.fixture.ts'
import { type Edit, edit } from './edits.fixture.ts'
import type { Plan } from './flow.fixture.ts'
import { type SetupName, setups } from './setups.fixture.ts'
import { providerIds } from './subject.fixture.ts'
import { marks, text } from './texts.fixture.ts'
import type { WebAnswer, WebChange } from './web.fixture.ts'

/** A request that should not be there, before one of the flow's own. */
export interface Attack {
  /** The step it comes before: its name, or its number, counted around. */
  before: number | string
  /** Made from this request: the one of that step, of another one, or a bare one of the mounted routes. */
  like: 'same' | { step: number } | { route: number; method: number }
  edits: readonly Edit[]
  /** What is out while it is answered: the store from an operation on, or the provider. */
  out?: { store: number } | 'provider' | undefined
  /** What happens at the hosts of the client while it is answered. */
  web?: WebChange | undefined
  /** How often it comes. Default once. */
  times?: number | undefined
}

/** All of a run, as JSON: it can be had again. */
export interface Run {
  plan: Plan
  attacks: readonly Attack[]
}

/** Addresses that clients do register. */
const redirectUris = [
  'http://127.0.0.1:33418/callback',
  'http://localhost/callback',
  'http://[::1]:8080/callback',
  'https://app.example/callback',
  "https://app.example/it's&(all);fine,really/callback",
  'https://app.example/callback?next=%22%3E%3Cfuzz-element%3E',
  'https://app.example/callback?',
  'https://app.example/callback?a=1&',
  'com.example.app:/callback',
  'cursor://anysphere.cursor-mcp/oauth/callback',
]

const names = [
  'Claude Code',
  ...marks,
  'É ü 例え 🎉',
  'Clаude',
  '\u202dx',
  '%s {{x}} <%= x %>',
  'a'.repeat(200),
  "Robert'); DROP TABLE",
]

const documents = ['/client.json', '/oauth/client?id=1', '/"><fuzz-element/fuzz-attribute=1>/x']

const setupNames: readonly SetupName[] = [
  'usual',
  'remembered consent',
  'scopes that imply others',
  'limits',
  'few may register',
]

/** How a client comes to be one, and how it shows who it is. */
const clientKinds: fc.Arbitrary<Pick<Plan, 'client' | 'method'>> = fc.oneof(
  {
    arbitrary: fc.record({
      client: fc.constant('registered' as const),
      method: fc.constantFrom(
        'none',
        'client_secret_basic',
        'client_secret_post',
        undefined,
        'private_key_jwt',
      ),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      client: fc.constant('document' as const),
      method: fc.constantFrom('none', 'private_key_jwt', 'either'),
    }),
    weight: 2,
  },
)

/** What people may be asked, and still come to sign in. */
const prompts = ['consent', 'select_account', 'login', 'login consent', 'select_account login', 'create', '']

const plainPlan = fc.record({
  setup: fc.constantFrom(...setupNames),
  kind: clientKinds,
  keys: fc.constantFrom('jwks', 'jwks_uri'),
  document: fc.constantFrom(...documents),
  provider: fc.constantFrom(...providerIds),
  redirect_uri: fc.constantFrom(...redirectUris),
  client_name: fc.constantFrom(...names.filter((name) => !/[\u202a-\u202e]/.test(name))),
  client_uri: fc.constantFrom(
    'https://app.example/',
    'javascript:alert(1)',
    'https://app.example/?"><fuzz-element>',
    'data:text/html,x',
  ),
  scope: fc.nat(20),
  state: fc.oneof(
    fc.constant('plain'),
    fc.constant(undefined),
    text.filter((one) => one !== '' && one.length < 300),
  ),
  login_hint: fc.oneof(
    fc.constant(undefined),
    text.map((one) => one.slice(0, 100)),
  ),
  prompt: fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 3 },
    { arbitrary: fc.constantFrom(...prompts), weight: 1 },
  ),
})

function planWith(common: Partial<Plan> = {}): fc.Arbitrary<Plan> {
  return plainPlan.map(({ kind, scope, ...more }) => {
    const plan = { ...more, ...kind, ...common }
    const { scopes } = setups[plan.setup]
    // Of these providers only a page of ours can have people sign in anew.
    const asks = plan.prompt?.includes('login') && { provider: 'acme' }
    return { ...plan, ...asks, scope: scopes[scope % scopes.length] } as Plan
  })
}

const webAnswer: fc.Arbitrary<WebAnswer> = fc.oneof(
  {
    arbitrary: fc.constantFrom<WebAnswer>(
      'unreachable',
      'breaks off',
      { status: 404 },
      { status: 410 },
      { status: 500 },
      { status: 503 },
      { status: 401 },
      { status: 204 },
      { status: 206 },
      { status: 301, location: 'https://evil.example/client.json' },
      { status: 302, location: '/client.json' },
      { status: 307, location: 'https://127.0.0.1/client.json' },
      { status: 304 },
      { text: '<!doctype html><title>Sign in</title>', type: 'text/html' },
      { text: '{}', type: 'text/html' },
      { text: '', type: 'application/json' },
      { text: 'null', type: 'application/json' },
      { text: '[]', type: 'application/json' },
      { text: '{"client_id":', type: 'application/json' },
      { text: '\ufeff{}', type: 'application/json; charset=utf-16' },
      { text: '['.repeat(2000) + ']'.repeat(2000), type: 'application/json' },
      { text: `{"a":"${'x'.repeat(6000)}"}`, type: 'application/json' },
      { text: `{"keys":[${'{},'.repeat(3000)}{}]}`, type: 'application/json' },
    ),
    weight: 2,
  },
  {
    arbitrary: fc
      .array(fc.oneof(edit, edit, documentEdit), { minLength: 1, maxLength: 3 })
      .map((edits) => ({ edits })),
    weight: 3,
  },
)

const web: fc.Arbitrary<WebChange> = fc.record({
  of: fc.constantFrom('document', 'document', 'keys'),
  as: webAnswer,
  isCold: fc.boolean(),
  after: fc.constantFrom('another instance', 'a minute'),
})

const attack: fc.Arbitrary<Attack> = fc.record({
  before: fc.nat(12),
  like: fc.oneof(
    { arbitrary: fc.constant('same' as const), weight: 6 },
    { arbitrary: fc.record({ step: fc.nat(13) }), weight: 3 },
    { arbitrary: fc.record({ route: fc.nat(12), method: fc.nat(3) }), weight: 1 },
  ),
  edits: fc.oneof(
    { arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }), weight: 3 },
    { arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }), weight: 2 },
  ),
})

const outage: fc.Arbitrary<NonNullable<Attack['out']>> = fc.oneof(
  { arbitrary: fc.record({ store: fc.nat(5) }), weight: 3 },
  { arbitrary: fc.constant('provider' as const), weight: 1 },
)

const particular = (names: readonly string[], edits: fc.Arbitrary<Edit>) =>
  fc.record({
    before: fc.constantFrom(...names),
    like: fc.constant('same' as const),
    edits: fc.array(fc.oneof({ arbitrary: edits, weight: 5 }, { arbitrary: edit, weight: 1 }), {
      minLength: 1,
      maxLength: 2,
    }),
  })

/** What happens at a client's hosts. Good requests come then, too. */
const whileTheWebChanges: fc.Arbitrary<Attack> = fc
  .record({
    attack,
    web,
    before: fc.constantFrom('authorize', 'consent page', 'consent', 'callback', 'token', 'refresh', 'revoke'),
    isGood: fc.constantFrom(true, true, false),
  })
  .map(({ attack, web, before, isGood }) =>
    isGood ? { before, like: 'same' as const, edits: [], web } : { ...attack, web },
  )

/** What is particular to ways of being a client, and floods. */
const attackOnClients: fc.Arbitrary<Attack> = fc.oneof(
  { arbitrary: particular(['token', 'refresh', 'revoke'], signingEdit), weight: 3 },
  { arbitrary: particular(['authorize'], askingEdit), weight: 3 },
  { arbitrary: particular(['register'], registeringEdit), weight: 2 },
  { arbitrary: whileTheWebChanges, weight: 4 },
  {
    arbitrary: particular(
      ['call', 'call again', 'refused call', 'register', 'token', 'refresh', 'revoke'],
      secondCredentials,
    ),
    weight: 3,
  },
  {
    arbitrary: fc
      .record({ attack, times: fc.integer({ min: 2, max: 6 }) })
      .map(({ attack, times }) => ({ ...attack, times })),
    weight: 2,
  },
)

/** While something is out, good requests come, too. */
const attackInOutage: fc.Arbitrary<Attack> = fc
  .record({ attack, out: outage, isGood: fc.boolean() })
  .map(({ attack, out, isGood }) => ({ ...attack, ...(isGood && { edits: [] }), out }))

export interface RunOptions {
  /** Most attacks of a run. */
  attacks: number
  /** Stores and providers fail, too. */
  outages: boolean
  /** What all plans have in common. */
  plan?: Partial<Plan> | undefined
}

export function runs({ attacks, outages, plan: common }: RunOptions): fc.Arbitrary<Run> {
  const one = outages
    ? fc.oneof(
        { arbitrary: attack, weight: 1 },
        { arbitrary: attackOnClients, weight: 1 },
        { arbitrary: attackInOutage, weight: 3 },
      )
    : fc.oneof({ arbitrary: attack, weight: 3 }, { arbitrary: attackOnClients, weight: 2 })
  return fc.record({
    plan: planWith(common),
    attacks: fc.array(one, { minLength: 1, maxLength: attacks, size: 'max' }),
  })
}
