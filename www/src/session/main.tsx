import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { readConfig } from '../config';
import { install } from './breakage';
import { SessionPage } from './page';
import '../styles/base.css';
import '../styles/page.css';
import '../styles/steps.css';
import '../styles/session.css';

const config = readConfig();
install(config.apiBaseUrl);
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <SessionPage config={config} />
    </StrictMode>,
  );
}
