// What is wrong with this browser: `?with=no-locks,full-storage`, done before anything else runs.
'use strict';
(() => {
  const parameters = new URLSearchParams(location.search);
  const throwing = (name, message) => () => {
    throw new DOMException(message, name);
  };

  const CONDITIONS = {
    'no-locks': () => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }),
    'no-broadcast': () => delete window.BroadcastChannel,
    'no-storage': () => {
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) {
        Object.defineProperty(window, name, { get: throwing('SecurityError', 'The operation is insecure.') });
      }
    },
    // Nothing is mocked: the quota of the origin is used up to the last byte.
    'full-storage': () => {
      for (let size = 1 << 20; size >= 1; size = Math.floor(size / 2)) {
        try {
          for (let i = 0; i < 16; i += 1) localStorage.setItem(`filler-${size}-${i}`, 'x'.repeat(size));
        } catch {
          // Then the rest in smaller pieces.
        }
      }
    },
    'no-indexeddb': () => Object.defineProperty(window, 'indexedDB', { get: throwing('SecurityError', 'insecure') }),
    'indexeddb-refuses': () => {
      IDBFactory.prototype.open = () => {
        const request = { error: new DOMException('Internal error.', 'UnknownError') };
        setTimeout(() => request.onerror());
        return request;
      };
    },
    'indexeddb-hangs': () => {
      IDBFactory.prototype.open = () => ({});
    },
    'indexeddb-aborts': () => {
      IDBObjectStore.prototype.put = function () {
        this.transaction.abort();
      };
    },
    // Takes every lock that anybody asks for by name, and never lets go.
    'rogue-lock': () => {
      const seen = new Set();
      const grab = (name) => {
        if (seen.has(name)) return;
        seen.add(name);
        void navigator.locks.request(name, { steal: true }, () => new Promise(() => {})).catch(() => seen.delete(name));
      };
      setInterval(() => navigator.locks.query().then(({ held, pending }) => [...held, ...pending].forEach(({ name }) => grab(name))), 50);
    },
    // Remembers what was said to other tabs.
    spy: () => {
      const said = [];
      window.said = said;
      const post = BroadcastChannel.prototype.postMessage;
      BroadcastChannel.prototype.postMessage = function (message) {
        said.push({ to: this.name, message: JSON.stringify(message) });
        return post.call(this, message);
      };
    },
  };

  // A clock that is wrong by `?clock=` milliseconds, and can be stepped: `stepClock(ms)`.
  const RealDate = Date;
  let offMs = Number(parameters.get('clock') ?? 0);
  window.stepClock = (ms) => {
    offMs += ms;
  };
  window.Date = class extends RealDate {
    constructor(...given) {
      super(...(given.length === 0 ? [RealDate.now() + offMs] : given));
    }
    static now() {
      return RealDate.now() + offMs;
    }
  };

  for (const name of parameters.get('with')?.split(',') ?? []) CONDITIONS[name]();
})();
