import { always, type Caller, type Component, type Plan, type Policy, templates } from './plan.fixture.ts'

/** What somebody does with a component; nothing of it, where they only ask about it. */
export interface Use {
  args?: Readonly<Record<string, unknown>> | undefined
  uri?: string | undefined
}

/** Whether a caller may use what has this policy. Says nothing of how a gate would find that out. */
function mayUse(policy: Policy, { subject, scopes, roles }: Caller, use: Use | undefined): boolean {
  const holds = (scope: string) => scopes.includes(scope)
  switch (policy.kind) {
    case 'free':
    case 'public':
      return true
    case 'scopes':
    case 'judged':
      return policy.scopes.every(holds)
    case 'any':
      return policy.any.some(holds) && policy.scopes.every(holds)
    case 'roles':
      return policy.roles.some((role) => roles.includes(role)) && policy.scopes.every(holds)
    case 'amount':
      return use === undefined || !(Number(use.args?.amount) > 100) || holds(policy.scope)
    case 'own':
      return use === undefined || (use.uri?.includes(subject) ?? false)
    case 'unlisted':
      return use !== undefined
    case 'never':
    case 'throws':
    case 'promise':
    case 'ungrantable':
      return false
  }
}

/** Whether it may be in a list for this caller. */
function mayBeListed(policy: Policy, caller: Caller, lists: NonNullable<Plan['lists']>): boolean {
  if (lists === 'all') return true
  if (lists === 'allowed') return mayUse(policy, caller, undefined)
  switch (policy.kind) {
    case 'roles':
      return policy.roles.some((role) => caller.roles.includes(role))
    case 'never':
    case 'throws':
    case 'promise':
    case 'ungrantable':
    case 'unlisted':
      return false
    default:
      return true
  }
}

/** What must hold for this plan. */
export interface Oracle {
  mayUse(component: Component, caller: Caller | undefined, use: Use | undefined): boolean
  mayBeListed(component: Component, caller: Caller | undefined): boolean
  maySubscribe(uri: string, caller: Caller | undefined): boolean
  /** Whether two callers may get different lists. */
  listsDiffer: boolean
  /** Whether what is read there is the same for all who may call. */
  isForAll(component: Component, uri: string): boolean
}

export function oracle(plan: Plan): Oracle {
  const said = [
    ...plan.components
      .filter(({ kind }) => kind === 'resource' || kind === 'template')
      .map(({ name, policy }) => ({ key: name, policy })),
    ...plan.sayings,
  ]
  const guards = said.filter(({ policy }) => policy.kind !== 'free' && policy.kind !== 'public')
  const opened = said.filter(({ policy }) => policy.kind === 'public')

  const applies = (key: string, uri: string, own?: string) =>
    key === own || (templates[key]?.test(uri) ?? resolved(key) === resolved(uri))

  /** What is said of exactly this comes before what is said of all like it. */
  function guardsOf(uri: string, own?: string): Policy[] {
    const exact = guards.filter(({ key }) => templates[key] === undefined && applies(key, uri))
    const found = exact.length > 0 ? exact : guards.filter(({ key }) => applies(key, uri, own))
    return found.map(({ policy }) => policy)
  }

  function policiesOf({ kind, name, policy }: Component, uri = name): Policy[] {
    if (kind === 'tool' || kind === 'prompt') return [policy]
    return kind === 'template' ? guardsOf(uri, name) : guardsOf(uri)
  }

  function isPublic(component: Component, uri = component.name): boolean {
    if (plan.public === undefined) return false
    if (component.kind === 'tool' || component.kind === 'prompt') return component.policy.kind === 'public'
    return (
      opened.some(({ key }) => applies(key, uri, component.name)) && policiesOf(component, uri).length === 0
    )
  }

  const isLet = (one: Caller) => one.scopes.includes(always)

  return {
    listsDiffer: (plan.lists !== 'all' && hasRequirements(plan)) || plan.public?.list === 'public',
    mayUse(component, caller, use) {
      if (!caller) return isPublic(component, use?.uri)
      return isLet(caller) && policiesOf(component, use?.uri).every((policy) => mayUse(policy, caller, use))
    },
    mayBeListed(component, caller) {
      if (!caller) {
        if (plan.public === undefined || plan.public.discovery === false) return false
        return plan.public.list !== 'public' || isPublic(component)
      }
      const { lists = 'reachable' } = plan
      return isLet(caller) && policiesOf(component).every((policy) => mayBeListed(policy, caller, lists))
    },
    maySubscribe(uri, caller) {
      if (caller) return isLet(caller) && guardsOf(uri).every((policy) => mayUse(policy, caller, { uri }))
      return (
        plan.public !== undefined && opened.some(({ key }) => applies(key, uri)) && guardsOf(uri).length === 0
      )
    },
    isForAll: (component, uri) =>
      policiesOf(component, uri).length === 0 && (plan.public === undefined || isPublic(component, uri)),
  }
}

function hasRequirements({ components, sayings }: Plan): boolean {
  return [...components, ...sayings].some(({ policy }) => policy.kind !== 'free' && policy.kind !== 'public')
}

/** What a server comes to that resolves a URI and undoes its encodings. */
export function resolved(uri: string): string {
  const href = URL.canParse(uri) ? new URL(uri).href : uri
  try {
    return decodeURIComponent(href)
  } catch {
    return href
  }
}
