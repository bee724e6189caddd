import { expect, it, vi } from 'vitest';
import { LazyClient } from '../src/client.js';
import { createFetch } from '../src/index.js';
import { FakeWasm, config } from './fake-core.js';

const create = vi.hoisted(() => vi.fn());
vi.mock('../src/load-wasm.js', () => ({ loadWasm: vi.fn() }));
vi.mock('../src/create-fetch.js', () => ({ createFetch: create }));

it('tries again where its module did not load, and keeps it where it did', async () => {
  const client = new LazyClient(config, new FakeWasm().load);
  const answer = new Response('fine');
  create.mockImplementationOnce(() => {
    throw new TypeError('Failed to fetch dynamically imported module');
  });
  create.mockReturnValue(async () => answer);
  const call = createFetch({ origins: ['https://api.example.com'] }, client);
  const failing = [call('https://api.example.com/'), call('https://api.example.com/')];
  for (const result of await Promise.allSettled(failing)) expect(result).toMatchObject({ status: 'rejected', reason: { name: 'TypeError' } });
  await expect(call('https://api.example.com/')).resolves.toBe(answer);
  await call('https://api.example.com/');
  expect(create).toHaveBeenCalledTimes(2);
});
