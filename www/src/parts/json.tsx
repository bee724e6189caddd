import type { ReactNode } from 'react';

/** A value as JSON, its member names and values told apart by colour. */
export function Json({ value }: { value: unknown }) {
  return <pre className="json">{highlighted(JSON.stringify(value, null, 2))}</pre>;
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?/g;

function highlighted(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [all, string, colon] = match;
    parts.push(text.slice(end, match.index));
    const kind = colon ? 'name' : string ? 'string' : 'literal';
    parts.push(<span key={match.index} className={`json-${kind}`}>{colon ? string : all}</span>, colon ?? '');
    end = match.index + all.length;
  }
  return [...parts, text.slice(end)];
}
