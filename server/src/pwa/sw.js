// Behind every page of this browser: the page for when there is no connection, notifications, and what was written meanwhile. Nothing about
// customers is kept here but what waits to be sent.
const VERSION = '{{version}}';
const CACHE = `showup-${VERSION}`;
const KEPT = ['/offline', '/pwa/offline.js', '/pwa/outbox.js', '/favicon.svg'];

importScripts('/pwa/outbox.js');

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT.map((path) => new Request(path, { cache: 'reload' })))));
});

self.addEventListener('activate', (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) if (name.startsWith('showup-') && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener('message', (event) => {
  if (event.data === 'skip-waiting') self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(() => caches.match('/offline')));
  } else if (KEPT.includes(url.pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(url.pathname)));
  }
});

const say = (path, what) => fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(what) });

self.addEventListener('push', (event) => {
  const note = event.data?.json() ?? { title: 'Showup', body: '', url: '/notifications', tag: 'news', badge: 0 };
  const show = async () => {
    await self.registration.showNotification(note.title, {
      body: note.body,
      tag: note.tag,
      renotify: true,
      icon: '/icon-192.png',
      badge: '/icon-192.png',
      data: { url: note.url },
    });
    // Else the server takes it for missed, and writes a mail.
    if (note.id) await say('/push/shown', { id: note.id }).catch(() => {});
    if (note.badge) await navigator.setAppBadge?.(note.badge);
  };
  event.waitUntil(show());
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url ?? '/inbox', location.origin);
  const go = async () => {
    if (url.origin !== location.origin) return;
    const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const there = open.find((client) => new URL(client.url).pathname === url.pathname) ?? open[0];
    if (!there) return self.clients.openWindow(url.href);
    await there.focus().catch(() => {});
    // It may not be ours to steer; then another window is.
    if (new URL(there.url).pathname !== url.pathname) await there.navigate(url.href).catch(() => self.clients.openWindow(url.href));
  };
  event.waitUntil(go());
});

const known = (subscription) => {
  const { endpoint, keys } = subscription.toJSON();
  return say('/push/devices', { endpoint, p256dh: keys.p256dh, auth: keys.auth, name: '' });
};

self.addEventListener('pushsubscriptionchange', (event) => {
  const anew = async () => {
    const key = event.oldSubscription?.options.applicationServerKey;
    const subscription =
      event.newSubscription ?? (key && (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })));
    if (subscription) await known(subscription);
  };
  event.waitUntil(anew());
});

self.showupOutbox.refused = async (entry) => {
  const looking = await self.clients.matchAll({ type: 'window' });
  if (looking.length || Notification.permission !== 'granted') return;
  await self.registration.showNotification('What you wrote was not sent', {
    body: entry.problem,
    tag: entry.id,
    icon: '/icon-192.png',
    data: { url: `/inbox/${entry.conversation_id}` },
  });
};

self.addEventListener('sync', (event) => {
  if (event.tag === 'outbox') event.waitUntil(self.showupOutbox.flush());
});
