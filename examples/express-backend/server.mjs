// A backend that issues JWTs for its own users, and lets in who has a session.
import express from 'express';
import { createIssuer } from './issuer.mjs';
import { requireSession } from './session.mjs';

const port = Number(process.env.PORT ?? 4701);
const apiBaseUrl = process.env.BYOA_API_BASE_URL ?? 'http://localhost:4702/api/v0';
const environmentId = process.env.BYOA_ENVIRONMENT_ID ?? '3f0c3c7e-5a5e-4f0e-9d52-4d1f0b0f6a11';
const origins = (process.env.APP_ORIGINS ?? 'http://localhost:5173,http://localhost:3000').split(',');

const url = `http://localhost:${port}`;
const issuer = await createIssuer({ url, audience: 'byoa-examples' });
const session = requireSession({ apiBaseUrl, environmentId, origins, url });

const app = express();
app.disable('x-powered-by');
app.use(express.json({ limit: '4kb' }));
app.use((request, response, next) => {
  if (origins.includes(request.headers.origin)) {
    response.set({
      'Access-Control-Allow-Origin': request.headers.origin,
      'Access-Control-Allow-Headers': 'authorization, content-type, dpop',
      Vary: 'Origin',
    });
  }
  if (request.method === 'OPTIONS') response.sendStatus(204);
  else next();
});

// Where the byoa-server reads the public keys.
app.get('/.well-known/jwks.json', (_, response) => response.json(issuer.jwks));

// What the page's `credentials()` asks for. A real backend has signed its user in by now (a cookie, a password) and
// takes nobody's word for who it is; this one stands in for all of that.
app.post('/token', async (request, response) => {
  const user = request.body?.user;
  if (!['alice', 'bilal'].includes(user)) return response.status(400).json({ error: 'Nobody of that name is here.' });
  response.json({ externalJwt: await issuer.sign(user), externalUserId: user });
});

// For who has a session only.
app.get('/me', session, (request, response) => {
  response.json({ message: 'Only you can read this.', userId: request.user.sub });
});

app.listen(port, '127.0.0.1', () => console.log(`The backend answers at ${url}`));
