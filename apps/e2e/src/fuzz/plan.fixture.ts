import fc from 'fast-check'
import { type Edit, edit } from './edits.fixture.ts'
import type { Plan } from './flow.fixture.ts'
import { providerIds } from './subject.fixture.ts'
import { marks, text } from './texts.fixture.ts'

/** A request that should not be there, before one of the flow's own. */
export interface Attack {
  /** The step it comes before, counted around. */
  before: number
  /** Made from this request: the one of that step, of another one, or a bare one of the mounted routes. */
  like: 'same' | { step: number } | { route: number; method: number }
  edits: readonly Edit[]
  /** What is out while it is answered: the store from an operation on, or the provider. */
  out?: { store: number } | 'provider' | undefined
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

const plan: fc.Arbitrary<Plan> = fc.record({
  provider: fc.constantFrom(...providerIds),
  method: fc.constantFrom('none', 'client_secret_basic', 'client_secret_post', undefined),
  redirect_uri: fc.constantFrom(...redirectUris),
  client_name: fc.constantFrom(...names.filter((name) => !/[\u202a-\u202e]/.test(name))),
  client_uri: fc.constantFrom(
    'https://app.example/',
    'javascript:alert(1)',
    'https://app.example/?"><fuzz-element>',
    'data:text/html,x',
  ),
  scope: fc.constantFrom(
    undefined,
    'files:read',
    'files:read files:write',
    'files:write offline_access',
    'files:read unknown',
  ),
  state: fc.oneof(
    fc.constant('plain'),
    fc.constant(undefined),
    text.filter((one) => one !== '' && one.length < 300),
  ),
  login_hint: fc.oneof(
    fc.constant(undefined),
    text.map((one) => one.slice(0, 100)),
  ),
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

/** While something is out, good requests come, too. */
const attackInOutage: fc.Arbitrary<Attack> = fc
  .record({ attack, out: outage, isGood: fc.boolean() })
  .map(({ attack, out, isGood }) => ({ ...attack, ...(isGood && { edits: [] }), out }))

export interface RunOptions {
  /** Most attacks of a run. */
  attacks: number
  /** Stores and providers fail, too. */
  outages: boolean
}

export function runs({ attacks, outages }: RunOptions): fc.Arbitrary<Run> {
  const one = outages
    ? fc.oneof({ arbitrary: attack, weight: 1 }, { arbitrary: attackInOutage, weight: 2 })
    : attack
  return fc.record({ plan, attacks: fc.array(one, { minLength: 1, maxLength: attacks, size: 'max' }) })
}
