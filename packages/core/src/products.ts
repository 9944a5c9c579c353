/** For whoever chooses which products may register: their names, schemes and redirect URIs, with the day they were looked up. */

export { type Product, productSchemes, products, productsLookedUp } from './clients/products.ts'
