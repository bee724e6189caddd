import type { SyncStorage } from './core.js';
import type { ClientConfig } from './generated/wire.js';
import type { StorageAdapter, Warn } from './host.js';

/** An adapter's values in memory, for a core that cannot wait, and what tells of other tabs' writes. */
export interface Mirror {
  readonly storage: SyncStorage;
  readonly changed: (wake: () => void) => () => void;
}

/** The names that the core keeps under, each after `byoa:{environmentId}:` and before the suffix. */
const NAMES = ['session', 'ended', 'aside'];
/** What is the environment's, whatever the suffix. */
const SHARED_NAMES = ['settings'];

/**
 * Reads the adapter, and writes to it what the core writes: in order, one after the other. What the adapter refuses
 * is reported and the core goes on with what is in memory. Other tabs hear that something changed, and read it.
 */
export async function mirrorOf(config: ClientConfig, adapter: StorageAdapter, warn: Warn): Promise<Mirror> {
  const suffix = config.storageKeySuffix ? `.${config.storageKeySuffix}` : '';
  const prefix = `byoa:${config.environmentId.trim().toLowerCase()}:`;
  const items = new Map<string, string>();
  const channel = channelOf(prefix + suffix);
  let failed = false;
  let writes = 0;
  let last: Promise<unknown> = Promise.resolve();

  const report = (error: unknown) => {
    // Not the error itself: an adapter may quote in it what it was to write.
    const name = error instanceof Error ? error.name : typeof error;
    if (!failed) warn('storage_unavailable', `the storage adapter failed (${name}); the session ends with this page`);
    failed = true;
  };
  const later = (work: () => unknown) => {
    last = last.then(work).then(
      () => (failed = false),
      report,
    );
  };
  const read = async (): Promise<void> => {
    const before = writes;
    const keys = [...NAMES.map((name) => prefix + name + suffix), ...SHARED_NAMES.map((name) => prefix + name)];
    const values = await Promise.all(keys.map((key) => Promise.resolve(adapter.getItem(key))));
    // What the core wrote meanwhile is on its way, and read after it.
    if (writes !== before) return later(read);
    keys.forEach((key, at) => {
      const value = values[at];
      if (typeof value === 'string') items.set(key, value);
      else items.delete(key);
    });
  };
  const write = (work: () => unknown) => {
    writes += 1;
    later(async () => {
      await work();
      channel?.postMessage('changed');
    });
  };

  later(read);
  await last;
  // A failure of the first read is the core's to tell: it finds a storage that refuses.
  const unreadable = failed;
  return {
    storage: {
      kind: 'custom',
      getItem(key) {
        if (unreadable && failed) throw new Error('the storage adapter could not be read');
        return items.get(key) ?? null;
      },
      setItem(key, value) {
        items.set(key, value);
        write(() => adapter.setItem(key, value));
      },
      removeItem(key) {
        if (!items.delete(key) && !unreadable) return;
        write(() => adapter.removeItem(key));
      },
    },
    changed(wake) {
      if (!channel) return () => {};
      channel.onmessage = () => {
        later(read);
        void last.then(wake);
      };
      return () => channel.close();
    },
  };
}

function channelOf(name: string): BroadcastChannel | undefined {
  return typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : undefined;
}
