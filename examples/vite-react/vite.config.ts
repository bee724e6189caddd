import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Nothing here is for byoa: it needs no setting.
export default defineConfig({ plugins: [react()] });
