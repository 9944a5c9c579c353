export type { AdapterApp, AdapterCase, GuardedRoute, RunningApp, StartApp } from './adapter-contract.ts'
export { adapterContract } from './adapter-contract.ts'
export type { FakeClock } from './clock.ts'
export { fakeClock } from './clock.ts'
export type { DecoratorCase } from './decorator-contract.ts'
export {
  authDecoratorContract,
  serverDecoratorContract,
  storageDecoratorContract,
} from './decorator-contract.ts'
export { type DevEgress, type DevEgressRequest, devEgress } from './dev-egress.ts'
export { type DevEntraOptions, devEntra, entraTenants } from './dev-entra.ts'
export type {
  AppMode,
  DevGitHub,
  DevGitHubApp,
  DevGitHubOptions,
  DevGitHubUser,
  Membership,
  Outage,
  RecordedRequest,
  TokenAnswer,
} from './dev-github.ts'
export { devGitHub } from './dev-github.ts'
export { devGoogle } from './dev-google.ts'
export type {
  DevOidc,
  DevOidcApp,
  DevOidcOptions,
  DevOidcTokens,
  DevOidcUser,
  OidcAsk,
  OidcEndpoint,
  OidcFault,
  OidcGrant,
  OidcRefusal,
  OidcSwitches,
} from './dev-oidc.ts'
export { devOidc } from './dev-oidc.ts'
export { devWorkOS } from './dev-workos.ts'
export type { Browser, BrowserOptions, Hop, NavigateOptions, Page } from './driver/browser.ts'
export { browser } from './driver/browser.ts'
export type { Cookie, CookieJar, CookieRequest } from './driver/cookie-jar.ts'
export { cookieJar } from './driver/cookie-jar.ts'
export type { Button, Form } from './driver/forms.ts'
export type {
  Answer,
  ClientCredentials,
  Discovery,
  ErrorBody,
  OAuthClient,
  OAuthClientOptions,
  Parameters,
  PendingAuthorization,
  RegistrationBody,
  ResourceMetadata,
  ServerMetadata,
  TokenBody,
} from './driver/oauth-client.ts'
export { oauthClient } from './driver/oauth-client.ts'
export type { Send } from './driver/send.ts'
export type { SignInOptions } from './driver/sign-in.ts'
export { chooseButton, signIn } from './driver/sign-in.ts'
export type { FakeAuthOptions, FakeUser } from './fake-auth.ts'
export { fakeAuth } from './fake-auth.ts'
export type { Handler, Listener } from './listen.ts'
export { listen } from './listen.ts'
export type { Network } from './network.ts'
export { network } from './network.ts'
export type { ClientKey } from './products/client-key.ts'
export { clientKey } from './products/client-key.ts'
export type { FetchedDocument } from './products/documents.ts'
export { metadataDocument, publishedDocuments } from './products/documents.ts'
export type {
  Habits,
  MetadataDocument,
  Product,
  Registration,
  StaticUse,
  Way,
  WireMetadata,
} from './products/product.ts'
export type { ProductClient, ProductClientOptions } from './products/product-client.ts'
export { productClient } from './products/product-client.ts'
export { products } from './products/products.ts'
export type {
  OddAnswer,
  OpenedProvider,
  OpenProvider,
  Person,
  ProviderCase,
  ProviderContractOptions,
  ProviderFeature,
  SignedIn,
} from './provider-contract.ts'
export { providerCall, providerContract } from './provider-contract.ts'
export type {
  FlowCase,
  FlowFeature,
  FlowOptions,
  OpenFlow,
  ProviderFlow,
  ProviderFlowContractOptions,
} from './provider-flow-contract.ts'
export { providerFlowContract } from './provider-flow-contract.ts'
export type { ProviderServer, ProviderServerOptions } from './provider-server.ts'
export { providerServer } from './provider-server.ts'
export type { RedisServer } from './redis-server.ts'
export { hasRedisServer, startRedis, startRedisCluster, startRedisSentinel } from './redis-server.ts'
export type {
  OpenedStorage,
  OpenStorage,
  StorageCase,
  StorageClock,
  StorageContractOptions,
  StorageFeature,
} from './storage-contract.ts'
export { behind, serverClock, storageContract } from './storage-contract.ts'
export type { MortalStorage, OpenMortalStorage, StorageOutageCase } from './storage-outage-contract.ts'
export { storageOutageContract } from './storage-outage-contract.ts'
export type { CountingStorage, DelayOptions, DropOptions, StorageOperation } from './storage-wrappers.ts'
export { counting, delayed, dropReplies, failing, overriding, StorageFault } from './storage-wrappers.ts'
export type { TcpProxy } from './tcp-proxy.ts'
export { tcpProxy } from './tcp-proxy.ts'
