import { useState } from 'react';

const KEY = 'byoa-demo-theme';
const dark = () => matchMedia('(prefers-color-scheme: dark)').matches;

/** Light or dark; the system's preference until it is pressed. */
export function ThemeToggle() {
  const [theme, setTheme] = useState(() => document.documentElement.dataset['theme'] ?? (dark() ? 'dark' : 'light'));
  const other = theme === 'dark' ? 'light' : 'dark';
  const change = () => {
    document.documentElement.dataset['theme'] = other;
    setTheme(other);
    try {
      localStorage.setItem(KEY, other);
    } catch {
      // Then it holds until the reload.
    }
  };
  return (
    <button type="button" className="quiet" onClick={change}>
      <span aria-hidden="true">{other === 'dark' ? '☾' : '☀'}</span> {other === 'dark' ? 'Dark' : 'Light'}
      <span className="visually-hidden"> theme</span>
    </button>
  );
}
