import type { AuthInfo } from '@drawbridge/core'
import { ConfigurationError, checkMembers, inWords } from '@drawbridge/core'
import { missingScopes, printable, requiredScopes, unionScopes } from '@drawbridge/core/syntax'
import { isObject } from './json-rpc.ts'
import type { Operation } from './operations.ts'
import type { Predicate, RequireOptions, ScopesAndRoles } from './options.ts'
import { byUri, type Match } from './resource-uris.ts'

/** What becomes of a request that does these operations. */
export type Decision =
  /** Allowed, or with more scope it would be. All scopes are named that these operations take, also those of the token. */
  | { kind: 'allowed' | 'short'; scopes: readonly string[] }
  /** Nothing the caller can ask for changes that. `what` is the component, for the message. */
  | { kind: 'refused'; what: string }

/** A component in a list. Of a template, `name` is the template. */
export interface Listed {
  kind: 'tool' | 'resource' | 'prompt'
  name: string
}

/** What `require` says, ready to be asked. `auth.scopes` is written out, with all that it implies. */
export interface Requirements<User> {
  decide(operations: readonly Operation[], auth: AuthInfo<User>): Decision
  /** What is known to be needed before anybody has signed in; for the challenge. */
  scopesOf(operations: readonly Operation[]): readonly string[]
  mayList(listed: Listed, auth: AuthInfo<User>): boolean
  /** Whether something is said of this component. */
  has(listed: Listed): boolean
  /** Whether two callers may get different lists. */
  readonly differs: boolean
}

/** One requirement: what a caller gets who comes with these arguments. */
type Rule<User> = {
  ask(auth: AuthInfo<User>, args: unknown): { scopes: readonly string[] } | 'allowed' | 'refused'
  /** For who is not known yet. */
  scopes: readonly string[]
}

/** What `require` needs to know of its surroundings. */
interface Surroundings {
  /** `Auth.grantableScopes`. */
  grantable: readonly string[] | undefined
  template: (text: string) => Match
  /** Hears what a predicate throws. It then counts as a refusal. */
  onError: (error: unknown) => void
}

/**
 * Reads `require`. Throws {@link ConfigurationError} for what is no requirement, and for a scope that nobody can be
 * granted.
 */
export function requirements<User>(
  require: RequireOptions<User> = {},
  { grantable, template, onError }: Surroundings,
): Requirements<User> {
  const always = requiredScopes('require.scopes', require.scopes, grantable)
  const { lists = 'reachable', roles = rolesOfUser } = require
  // Maps, since a tool could be called "constructor".
  const tools = rulesOf('tools')
  const prompts = rulesOf('prompts')
  const resources = byUri(rulesOf('resources'), template, {
    option: 'require.resources',
    guards: true,
  })
  const reads = require.resources === undefined ? 0 : Object.keys(require.resources).length

  return {
    differs: lists !== 'all' && tools.size + prompts.size + reads > 0,
    decide(operations, auth) {
      const needed: (readonly string[])[] = []
      for (const operation of operations) {
        for (const { rule, args } of rulesFor(operation)) {
          const answer = rule.ask(auth, args)
          if (answer === 'refused') return { kind: 'refused', what: nameOf(operation) }
          if (answer === 'allowed') continue
          // A challenge for what no sign-in brings would have people sign in for nothing.
          const isWithinReach = missingScopes(answer.scopes, auth.scopes).every(isGrantable)
          if (!isWithinReach) return { kind: 'refused', what: nameOf(operation) }
          needed.push(answer.scopes)
        }
      }
      const scopes = unionScopes(always, ...needed)
      return { kind: missingScopes(scopes, auth.scopes).length > 0 ? 'short' : 'allowed', scopes }
    },
    scopesOf: (operations) =>
      unionScopes(always, ...operations.flatMap(rulesFor).map(({ rule }) => rule.scopes)),
    mayList(listed, auth) {
      if (lists === 'all') return true
      return rulesOfListed(listed).every((rule) => {
        const answer = rule.ask(auth, undefined)
        if (answer === 'allowed' || answer === 'refused') return answer === 'allowed'
        const missing = missingScopes(answer.scopes, auth.scopes)
        return lists === 'allowed' ? missing.length === 0 : missing.every(isGrantable)
      })
    },
    has: (listed) => rulesOfListed(listed).length > 0,
  }

  function isGrantable(scope: string): boolean {
    return grantable === undefined || grantable.includes(scope)
  }

  function rulesFor(operation: Operation): { rule: Rule<User>; args: unknown }[] {
    if (operation.kind === 'tool' || operation.kind === 'prompt') {
      const rule = (operation.kind === 'tool' ? tools : prompts).get(operation.name)
      return rule ? [{ rule, args: operation.args }] : []
    }
    if (operation.kind !== 'resource') return []
    const { uri, uses } = operation
    return resources
      .of(uri)
      .map(({ entry: rule, variables }) => ({ rule, args: uses ? { uri, variables } : undefined }))
  }

  function rulesOfListed({ kind, name }: Listed): Rule<User>[] {
    if (kind === 'resource') return resources.of(name).map(({ entry }) => entry)
    const rule = (kind === 'tool' ? tools : prompts).get(name)
    return rule ? [rule] : []
  }

  function rulesOf(kind: 'tools' | 'resources' | 'prompts'): Map<string, Rule<User>> {
    return new Map(
      Object.entries(require[kind] ?? {}).map(([name, requirement]) => [
        name,
        ruleOf(`require.${kind}.${name}`, requirement),
      ]),
    )
  }

  function ruleOf(option: string, requirement: unknown): Rule<User> {
    if (typeof requirement === 'function')
      return predicateRule(option, requirement as Predicate<User, unknown>)
    // A text is what was meant for a list, and is told so.
    if (Array.isArray(requirement) || typeof requirement === 'string')
      return scopesRule(requiredScopes(option, requirement as string[], grantable))
    if (isObject(requirement)) return namedRule(option, requirement)
    // Anything else could only let everybody in.
    throw new ConfigurationError(
      option,
      requirement === undefined ? 'is missing' : `is ${inWords(requirement)}`,
      "Pass a list of scopes, such as ['mail:send'], { scopes, anyScope, roles }, or a function.",
    )
  }

  function scopesRule(scopes: readonly string[]): Rule<User> {
    return { ask: () => ({ scopes }), scopes }
  }

  function namedRule(option: string, given: ScopesAndRoles): Rule<User> {
    checkMembers<ScopesAndRoles>(option, given, { scopes: 'texts', anyScope: 'texts', roles: 'texts' })
    const scopes = requiredScopes(`${option}.scopes`, given.scopes, grantable)
    const any = requiredScopes(`${option}.anyScope`, given.anyScope, grantable)
    if (given.anyScope?.length === 0 || given.roles?.length === 0) {
      const empty = given.roles?.length === 0 ? 'roles' : 'anyScope'
      throw new ConfigurationError(`${option}.${empty}`, 'is empty', 'Name one at least, or leave it out.')
    }
    return {
      ask(auth) {
        if (given.roles && !given.roles.some((role) => rolesOf(auth).includes(role))) return 'refused'
        const isHeld = any.length === 0 || any.some((scope) => auth.scopes.includes(scope))
        return { scopes: isHeld ? scopes : unionScopes(scopes, any.slice(0, 1)) }
      },
      scopes: unionScopes(scopes, any.slice(0, 1)),
    }
  }

  function rolesOf({ extra }: AuthInfo<User>): readonly string[] {
    try {
      const held = roles(extra.user)
      return Array.isArray(held) ? held : []
    } catch (error) {
      onError(error)
      return []
    }
  }

  function predicateRule(option: string, predicate: Predicate<User, unknown>): Rule<User> {
    return {
      ask(auth, args) {
        try {
          const answer: unknown = predicate(auth, args)
          if (typeof answer === 'boolean') return answer ? 'allowed' : 'refused'
          if (Array.isArray(answer)) return { scopes: requiredScopes(option, answer) }
          // A promise would be a yes to whoever only looks whether it is something.
          throw new ConfigurationError(
            option,
            `answered ${inWords(answer)}`,
            'Answer true, false, or the scopes that are needed, and not by a promise.',
          )
        } catch (error) {
          onError(error)
          return 'refused'
        }
      },
      scopes: [],
    }
  }
}

function nameOf(operation: Operation): string {
  if (operation.kind === 'resource') return `the resource ${printable(operation.uri)}`
  return 'name' in operation ? `the ${operation.kind} ${printable(operation.name)}` : 'this'
}

/** What `require.roles` is by default. */
function rolesOfUser(user: unknown): readonly string[] {
  const { roles } = Object(user) as { roles?: unknown }
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : []
}
