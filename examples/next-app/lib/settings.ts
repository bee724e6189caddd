// Known to the page as well: nothing in here is a secret.
export const environmentId = process.env.NEXT_PUBLIC_BYOA_ENVIRONMENT_ID ?? '3f0c3c7e-5a5e-4f0e-9d52-4d1f0b0f6a11';
export const apiBaseUrl = process.env.NEXT_PUBLIC_BYOA_API_BASE_URL ?? 'http://localhost:4702/api/v0';
export const backendUrl = process.env.NEXT_PUBLIC_BACKEND_URL ?? 'http://localhost:4701';
/** Where this app is: the audience of its session tokens. */
export const appOrigin = process.env.NEXT_PUBLIC_APP_ORIGIN ?? 'http://localhost:3000';
