declare module 'virtual:seed-sample/*' {
  import type { ReactNode } from 'react';
  export const SignInButton: (props: { externalJwt: string; externalUserId: string }) => ReactNode;
}
