// The app's own button in docs/TESTING.md.
export declare function SignInButton(): import('react').ReactNode;
