import type { AuthenticatedClient, TokenSet } from '../engine/engine.ts'
import type { Form } from '../http/forms.ts'

/**
 * What the token endpoint does for one `grant_type`. It reads the form, and begins to load what the form names while the
 * client is authenticated; what it resolves to is given the client and checks everything else; and what that returns has
 * the engine change something. Throws at once what a form lacks.
 */
export type Grant = (form: Form) => Promise<(client: AuthenticatedClient) => () => Promise<TokenSet>>
