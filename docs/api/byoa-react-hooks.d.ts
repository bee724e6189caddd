// Generated from pkg-template/src by pkg-template/test/api.test.ts; do not edit.
// Everything that `import … from 'byoa/react-hooks'` gives.

function DynamicProvider({ client, children }: DynamicProviderProps): ReactNode;

interface DynamicProviderProps { readonly client: DynamicClient; readonly children?: ReactNode; }

class MissingProviderError extends Error { readonly name = "MissingProviderError"; readonly code = "missing_provider"; }

type Mutation<Data, Variables> = MutationState<Data> & {
  readonly mutate: (variables: Variables, callbacks?: MutationCallbacks<Data, Variables>) => void;
  readonly mutateAsync: (variables: Variables) => Promise<Data>;
  readonly reset: () => void;
};

interface MutationCallbacks<Data, Variables> {
  readonly onSuccess?: ((data: Data, variables: Variables) => void) | undefined;
  readonly onError?: ((error: Error, variables: Variables) => void) | undefined;
  readonly onSettled?: ((data: Data | undefined, error: Error | null, variables: Variables) => void) | undefined;
}

type MutationState<Data> = {
  readonly status: 'idle';
  readonly data: undefined;
  readonly error: null;
  readonly isIdle: true;
  readonly isPending: false;
  readonly isSuccess: false;
  readonly isError: false;
} | {
  readonly status: 'pending';
  readonly data: undefined;
  readonly error: null;
  readonly isIdle: false;
  readonly isPending: true;
  readonly isSuccess: false;
  readonly isError: false;
} | {
  readonly status: 'success';
  readonly data: Data;
  readonly error: null;
  readonly isIdle: false;
  readonly isPending: false;
  readonly isSuccess: true;
  readonly isError: false;
} | {
  readonly status: 'error';
  readonly data: undefined;
  readonly error: Error;
  readonly isIdle: false;
  readonly isPending: false;
  readonly isSuccess: false;
  readonly isError: true;
};

interface QueryResult<Data> {
  readonly data: Data | undefined;
  readonly isLoading: boolean;
  readonly error: Error | null;
  readonly refetch: () => Promise<Data>;
}

interface StateResult<Data> { readonly data: Data; readonly isLoading: boolean; readonly error: ByoaError | null; }

interface UseSyncExternalAuthOptions extends ExternalAuthProvider { readonly enabled?: boolean | undefined; }

function useCheckStepUpAuth({ scope }: { readonly scope: string; }): QueryResult<StepUpCheckResponse>;

function useDeleteUser(): Mutation<void, void>;

function useDynamicClient(): DynamicClient;

function useInitStatus(): StateResult<InitStatus>;

function useLogout(): Mutation<void, void>;

function useOnEvent<Name extends DynamicEventName>({ event, listener }: EventSubscription<Name>): void;

function useOnceEvent<Name extends DynamicEventName>({ event, listener }: EventSubscription<Name>): void;

function useRefreshAuth(): Mutation<VerifyResponse, void>;

function useRequestExternalAuthElevatedToken(): Mutation<{ readonly elevatedAccessToken: string; }, { readonly externalJwt: string; }>;

function useSessionExpiresAt(): StateResult<Date | null>;

function useSignInWithExternalJwt(): Mutation<VerifyResponse, SignInWithExternalJwtProps | void>;

function useSyncExternalAuth({ enabled, ...provider }: UseSyncExternalAuthOptions): SyncState;

function useUpdateUser(): Mutation<OTPVerification | undefined, { readonly userFields: UserFields; }>;

function useUser(): StateResult<SdkUser | null>;
