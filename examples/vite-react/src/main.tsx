import { DynamicContextProvider } from 'byoa/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Door } from './door';

const settings = {
  environmentId: import.meta.env.VITE_BYOA_ENVIRONMENT_ID ?? '3f0c3c7e-5a5e-4f0e-9d52-4d1f0b0f6a11',
  apiBaseUrl: import.meta.env.VITE_BYOA_API_BASE_URL ?? 'http://localhost:4702/api/v0',
};

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <DynamicContextProvider settings={settings}>
      <Door />
    </DynamicContextProvider>
  </StrictMode>,
);
