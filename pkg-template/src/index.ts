export { createDynamicClient } from './create-client.js';
export * from './functions.js';
