import { ConfigurationError } from '@drawbridge/core/provider'
import { atOnce } from './claims.ts'

/** Who a token stands for, said in one of two ways. */
export type SubjectOptions<Claims, Answer = string> =
  | {
      /** What stands before the `|` of every subject. Default: the issuer. Stable: users are known by it. */
      id?: string | undefined
      subject?: undefined
    }
  | {
      id?: undefined
      /**
       * Who this is, as tools, logs and other servers know the user. Default `<id>|<sub>`. Nobody else may ever be called
       * the same, by any verifier beside this one either. An empty answer refuses the token.
       *
       * For tokens of a Drawbridge server: `subject: ({ sub }) => sub`, so that the same user has the same subject in every
       * process.
       */
      subject?: ((claims: Claims) => Answer) | undefined
    }

/**
 * Who a token stands for, by the options. `undefined`: nobody.
 *
 * @param otherwise by `id`, where the options say no more
 * @throws {ConfigurationError} when `subject` answers with a promise
 */
export function subjectOf<Claims>(
  { subject }: SubjectOptions<Claims, string | undefined>,
  claims: Claims,
  otherwise: string | undefined,
): string | undefined {
  if (!subject) return otherwise
  const answer = atOnce('subject', subject(claims), 'Return the text')
  return typeof answer === 'string' && answer !== '' ? answer : undefined
}

/** Throws {@link ConfigurationError}. */
export function checkSubjectOptions({ id, subject }: { id?: unknown; subject?: unknown }): void {
  if (id === undefined || subject === undefined) return
  throw new ConfigurationError(
    'id, subject',
    'are given together',
    'Leave out `id`: `subject` says all of it.',
  )
}
