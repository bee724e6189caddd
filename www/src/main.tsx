import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { readConfig } from './config';
import './styles/base.css';
import './styles/page.css';
import './styles/steps.css';
import './styles/ticket.css';
import './styles/refusals.css';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App config={readConfig()} />
    </StrictMode>,
  );
}
