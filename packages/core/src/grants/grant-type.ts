import type { AuthenticatedClient, TokenSet } from '../engine/engine.ts'
import type { Form } from '../http/forms.ts'

/**
 * What the token endpoint does for one `grant_type`. It reads the form, and begins to load what the form names while the
 * client is authenticated; what it resolves to is given the client and checks everything else; and what that returns has
 * the engine change something. Throws at once what a form lacks.
 *
 * @param limit counts the request against what its sender may send, and throws where that is too much; for a grant that
 *   admits what is genuine, and no other
 */
export type Grant = (
  form: Form,
  limit: { admit(): void },
) => Promise<(client: AuthenticatedClient) => () => Promise<TokenSet>>
