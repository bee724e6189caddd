import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';

type Json = Record<string, unknown>;
const document = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as { paths: Record<string, Record<string, Json>> };

/** Whether it is one, and of which version, by the schema that the OpenAPI Initiative publishes. */
async function verdict(text: Json): Promise<{ valid: boolean; version: string }> {
  const validator = new Validator();
  const { valid } = await validator.validate(structuredClone(text));
  return { valid, version: validator.version };
}

/** Every `$ref` below a value. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => (key === '$ref' ? [String(below)] : references(below)));
}

describe('docs/openapi.json', () => {
  it('is OpenAPI 3.1', async () => {
    expect(await verdict(document)).toEqual({ valid: true, version: '3.1' });
  });

  it('leads every reference somewhere within itself', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(100);
    const dangling = all.filter((reference) => {
      const [start, ...keys] = reference.split('/');
      const found = keys.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], document);
      return start !== '#' || found === undefined;
    });
    expect(dangling).toEqual([]);
  });

  it.each([
    ['a name that is none', (operation: Json) => void (operation['operationId'] = 7)],
    ['an answer without a description', (operation: Json) => void (operation['responses'] = { 200: {} })],
    ['a parameter in no place', (operation: Json) => void (operation['parameters'] = [{ name: 'x', in: 'nowhere', schema: {} }])],
  ])('would not be with %s', async (_, bend) => {
    const bent = structuredClone(document);
    bend(bent.paths['/healthz']?.['get'] as Json);
    expect(await verdict(bent)).toMatchObject({ valid: false });
  });
});
