import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Members } from './members.ts'

/** A named part of the contract. Framework-agnostic: `run` rejects with an `AssertionError` when a decorator breaks it. */
export interface DecoratorCase<T> {
  name: string
  /** @param decorate puts the decorator around what it is given, set so that it does nothing but pass on. */
  run(decorate: (target: T) => T): Promise<void>
}

/** A member as the cases go through them, whichever interface it is of. */
interface AnyMember {
  optional?: true | undefined
  arguments?: readonly unknown[]
  returns?: () => unknown
  nested?: Table
  value?: unknown
  late?: true
}
type Table = Readonly<Record<string, AnyMember>>
type AnyObject = Record<string, unknown>

/** What the thing that is decorated does; the rest of it does as its table says. */
type Behaviour = Readonly<Record<string, PropertyDescriptor>>

/** The cases for everything in a table of members. */
export function decoratorCases<T>(members: Members<T>): DecoratorCase<T>[] {
  return casesOf(members as unknown as Table) as unknown as DecoratorCase<T>[]
}

function casesOf(table: Table): DecoratorCase<AnyObject>[] {
  return Object.entries(table).flatMap(([name, member]) => [
    ...(member.arguments
      ? methodCases(table, name, member.arguments, member)
      : propertyCases(table, name, member)),
    ...(member.optional ? [absenceCase(table, name)] : []),
  ])
}

function methodCases(
  table: Table,
  name: string,
  given: readonly unknown[],
  { returns, nested }: AnyMember,
): DecoratorCase<AnyObject>[] {
  const passedOn: DecoratorCase<AnyObject> = {
    name: `${name} reaches what is decorated, with every argument and its own this`,
    async run(decorate) {
      const calls: { self: unknown; received: readonly unknown[] }[] = []
      const target = made(table, {
        [name]: method(function (this: unknown, ...received: unknown[]) {
          calls.push({ self: this, received })
          return nested ? made(nested) : returns?.()
        }),
      })
      await call(decorate(target), name, given)
      assert.equal(calls.length, 1, `${name} was called ${calls.length} times`)
      const [{ self, received } = { self: undefined, received: [] }] = calls
      assert.ok(self === target, `${name} must be called on what is decorated: it may be of a class`)
      for (const [index, argument] of given.entries()) {
        assert.ok(same(received[index], argument), `${name}: argument ${index + 1} was dropped or changed`)
      }
      assert.ok(received.length <= given.length, `${name}: arguments were added`)
    },
  }
  const thrown: DecoratorCase<AnyObject> = {
    name: `${name} passes on what is thrown`,
    async run(decorate) {
      const error = new Error('thrown by what is decorated')
      const isLater = returns?.() instanceof Promise
      const decorated = decorate(
        made(table, {
          [name]: method(() => {
            if (isLater) return Promise.reject(error)
            throw error
          }),
        }),
      )
      const caught = await call(decorated, name, given).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      assert.equal(caught, error, `${name}: the error was lost or replaced`)
    },
  }
  if (nested) {
    const within = casesOf(nested).map((each) => ({
      name: `${name}(): ${each.name}`,
      run: (decorate: (target: AnyObject) => AnyObject) =>
        each.run((inner) => {
          const decorated = decorate(made(table, { [name]: method(() => inner) }))
          return (decorated[name] as (...given: readonly unknown[]) => AnyObject)(...given)
        }),
    }))
    return [passedOn, thrown, ...within]
  }
  const returned: DecoratorCase<AnyObject> = {
    name: `${name} passes on what comes back`,
    async run(decorate) {
      const result = returns?.()
      const decorated = decorate(made(table, { [name]: method(() => result) }))
      const answer = (decorated[name] as (...given: readonly unknown[]) => unknown)(...given)
      assert.equal(
        answer instanceof Promise,
        result instanceof Promise,
        `${name}: a promise, or not, as before`,
      )
      assert.ok(same(await answer, await result), `${name}: the answer was dropped or changed`)
    },
  }
  return [passedOn, returned, thrown]
}

function propertyCases(table: Table, name: string, { value, late }: AnyMember): DecoratorCase<AnyObject>[] {
  const present: DecoratorCase<AnyObject> = {
    name: `${name} is the same`,
    async run(decorate) {
      assert.ok(decorate(made(table))[name] === value, `${name} was lost or replaced`)
      const target = made(table, {
        [name]: {
          get(this: unknown) {
            assert.ok(this === target, `${name} must be read of what is decorated: it may be of a class`)
            return value
          },
        },
      })
      assert.ok(decorate(target)[name] === value, `${name} was lost or replaced, being a getter`)
    },
  }
  const thrown: DecoratorCase<AnyObject> = {
    name: `${name} is read when somebody asks for it, not before`,
    async run(decorate) {
      const error = new Error('thrown by a getter')
      const decorated = decorate(
        made(table, {
          [name]: {
            get() {
              throw error
            },
          },
        }),
      )
      assert.throws(
        () => decorated[name],
        (reason) => reason === error,
      )
    },
  }
  return late ? [present, thrown] : [present]
}

function absenceCase(table: Table, name: string): DecoratorCase<AnyObject> {
  return {
    name: `without ${name} there is none`,
    async run(decorate) {
      const { [name]: _, ...rest } = table
      assert.equal(decorate(made(rest))[name], undefined, `${name} was made up`)
    },
  }
}

/** Something with these members: own ones, or, as those of a class are, its prototype's. */
function made(table: Table, behaviour: Behaviour = {}): AnyObject {
  const members = Object.entries(table).map(([name, { arguments: given, returns, nested, value }]) => [
    name,
    behaviour[name] ?? (given ? method(() => (nested ? made(nested) : returns?.())) : { value }),
  ])
  const descriptors = Object.fromEntries(members) as PropertyDescriptorMap
  for (const descriptor of Object.values(descriptors)) Object.assign(descriptor, { enumerable: true })
  return Object.create(Object.create(Object.prototype, inherited(descriptors)), own(descriptors))
}

function method(value: (this: unknown, ...received: unknown[]) => unknown): PropertyDescriptor {
  return { value }
}

const isMethod = ({ value }: PropertyDescriptor): boolean => typeof value === 'function'
const inherited = (all: PropertyDescriptorMap): PropertyDescriptorMap => only(all, isMethod)
const own = (all: PropertyDescriptorMap): PropertyDescriptorMap => only(all, (each) => !isMethod(each))

function only(
  all: PropertyDescriptorMap,
  wanted: (descriptor: PropertyDescriptor) => boolean,
): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(all).filter(([, descriptor]) => wanted(descriptor)))
}

async function call(decorated: AnyObject, name: string, given: readonly unknown[]): Promise<unknown> {
  const found = decorated[name]
  assert.ok(typeof found === 'function', `${name} was lost`)
  return found.call(decorated, ...given)
}

/** The very same, or plain data that says the same. */
function same(actual: unknown, expected: unknown): boolean {
  if (actual === expected) return true
  const isPlain =
    typeof expected === 'object' &&
    expected !== null &&
    [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(expected))
  return isPlain && isDeepStrictEqual(actual, expected)
}
