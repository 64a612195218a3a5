// What was written without a connection, kept in this browser until it has been sent: by the page, by the worker behind it, or when
// somebody opens Showup again. Each thing carries an id of its own, by which the server knows it: sent twice, it is one.
(() => {
  const NAME = 'showup-outbox';
  const STORE = 'written';
  const news = new BroadcastChannel(NAME);

  const database = () =>
    new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  const run = async (mode, work) => {
    const db = await database();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = db.transaction(STORE, mode);
        const request = work(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = transaction.onerror = () => reject(transaction.error);
      });
    } finally {
      db.close();
    }
  };

  const keep = (entry) => run('readwrite', (store) => store.put(entry));
  const drop = (id) => run('readwrite', (store) => store.delete(id));
  const all = async () => (await run('readonly', (store) => store.getAll())).sort((a, b) => a.at - b.at);

  const post = (entry) => {
    const { id, account_id, business_id, conversation_id, contact_id, kind, body, after } = entry;
    return fetch('/outbox', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, account_id, business_id, conversation_id, contact_id, kind, body, after }),
    });
  };

  /** Sends what waits, in the order in which it was written. Throws while there is no connection. */
  const sendAll = async () => {
    for (const entry of await all()) {
      if (entry.problem) continue;
      const answer = await post(entry);
      if (answer.ok) {
        await drop(entry.id);
        news.postMessage({ id: entry.id, sent: true });
        continue;
      }
      // Whoever wrote it is not signed in here just now; it waits for them.
      if (answer.status === 401) continue;
      if (answer.status >= 500 || answer.status === 429 || answer.status === 408) throw new Error('not now');
      const said = await answer.json().catch(() => ({}));
      entry.problem = said.detail || 'It was refused.';
      await keep(entry);
      news.postMessage({ id: entry.id, problem: entry.problem, conversation_id: entry.conversation_id });
      await self.showupOutbox.refused?.(entry);
    }
  };

  // One at a time, whichever tab or worker it is.
  const flush = () => (navigator.locks ? navigator.locks.request(NAME, sendAll) : sendAll());

  self.showupOutbox = { keep, drop, all, flush };
})();
