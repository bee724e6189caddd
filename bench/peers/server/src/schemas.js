// JSON schemas of bodies: Fastify checks requests with them and compiles the writers of answers.

const text = { type: 'string' };
const number = { type: 'integer' };

export const signInRequest = {
  type: 'object',
  properties: {
    jwt: { type: 'string', minLength: 1, maxLength: 16_384 },
    sessionPublicKey: { type: 'string', pattern: '^0[23][0-9a-f]{64}$' },
  },
  required: ['jwt'],
};

const credential = {
  type: 'object',
  properties: {
    id: text,
    format: text,
    public_identifier: text,
    email: text,
    signInEnabled: { type: 'boolean' },
    verifiedAt: text,
    lastSelectedAt: text,
  },
  required: ['id', 'format', 'signInEnabled'],
};

const user = {
  type: 'object',
  properties: {
    id: text,
    projectEnvironmentId: text,
    verifiedCredentials: { type: 'array', items: credential },
    lastVerifiedCredentialId: text,
    sessionId: text,
    email: text,
    firstVisit: text,
    lastVisit: text,
    newUser: { type: 'boolean' },
    scope: text,
    missingFields: { type: 'array', items: {} },
  },
  required: ['id', 'projectEnvironmentId', 'verifiedCredentials'],
};

export const verifyResponse = {
  type: 'object',
  properties: { user, expiresAt: number, minifiedJwt: text, jwt: text },
  required: ['user', 'expiresAt', 'minifiedJwt'],
};

export const errorResponse = {
  type: 'object',
  properties: { code: text, error: text },
  required: ['code', 'error'],
};
