// What a page asks its browser for: the worker behind it, notifications, the badge, and to keep what is written without a connection.
(() => {
  const outbox = self.showupOutbox;
  const announce = (detail) => window.dispatchEvent(new CustomEvent('showup-outbox', { detail: JSON.stringify(detail) }));
  const there = 'serviceWorker' in navigator;
  const ready = there ? navigator.serviceWorker.register('/sw.js').catch(() => null) : Promise.resolve(null);

  /** A line at the foot of the page, which nothing of the page's own knows. */
  const say = (words, button, act) => {
    const line = document.createElement('div');
    line.className = 'notice notice-warning fixed inset-x-3 bottom-16 z-50 flex items-center gap-3 md:inset-x-auto md:right-3 md:bottom-3';
    line.setAttribute('role', 'status');
    line.dataset.pwa = '';
    const text = document.createElement('p');
    text.textContent = words;
    text.className = 'flex-1';
    const go = document.createElement('button');
    go.type = 'button';
    go.className = 'btn btn-sm min-h-11 md:min-h-8';
    go.textContent = button;
    go.onclick = () => {
      line.remove();
      act();
    };
    line.append(text, go);
    document.body.append(line);
  };

  const offerUpdate = (worker) =>
    say('A new version of Showup is here.', 'Reload', () => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
      worker.postMessage('skip-waiting');
    });

  ready.then((registration) => {
    if (!registration) return;
    const look = (worker) => {
      if (worker && navigator.serviceWorker.controller) offerUpdate(worker);
    };
    look(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => worker.state === 'installed' && look(worker));
    });
    if (outbox) resubscribe(registration);
  });

  const know = async (subscription) => {
    const { endpoint, keys } = subscription.toJSON();
    const name = deviceName();
    const answer = await fetch('/push/devices', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ endpoint, p256dh: keys.p256dh, auth: keys.auth, name }),
    });
    if (answer.ok) return '';
    const said = await answer.json().catch(() => ({}));
    return said.detail || 'This did not work. Please try again.';
  };

  /** A subscription can change behind our back: once in each tab it is told anew. */
  const resubscribe = async (registration) => {
    if (!('Notification' in self) || Notification.permission !== 'granted' || !registration.pushManager) return;
    if (['/signin', '/signup'].includes(location.pathname)) {
      sessionStorage.removeItem('push told');
      return;
    }
    const subscription = await registration.pushManager.getSubscription();
    if (!subscription || sessionStorage.getItem('push told') === subscription.endpoint) return;
    if ((await know(subscription)) === '') sessionStorage.setItem('push told', subscription.endpoint);
  };

  /** A browser that is signed out is forgotten, and told anew by who signs in next. */
  document.addEventListener('submit', ({ target }) => {
    if (/\/sign_(in|out)/.test(target.getAttribute('action') ?? '')) sessionStorage.removeItem('push told');
  });

  const deviceName = () => {
    const agent = navigator.userAgent;
    const browser = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrome\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : 'Browser';
    const system = /iPhone|iPad/.test(agent) ? 'iPhone or iPad' : /Android/.test(agent) ? 'Android' : /Mac/.test(agent) ? 'Mac' : /Windows/.test(agent) ? 'Windows' : /Linux/.test(agent) ? 'Linux' : 'this device';
    return `${browser} on ${system}`;
  };

  const bytes = (key) => Uint8Array.from(atob(key.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));

  let installing = null;
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    installing = event;
    window.dispatchEvent(new Event('showup-installable'));
  });

  const retry = () => outbox.flush().catch(() => {});

  window.showup = {
    /** `ios`: an app of its own has to be made first. `none`: this browser can't. Else what the person has said: default, granted, denied. */
    pushState: () => {
      const alone = matchMedia('(display-mode: standalone)').matches || navigator.standalone === true;
      if (/iPhone|iPad/.test(navigator.userAgent) && !alone) return 'ios';
      if (!there || !('PushManager' in self) || !('Notification' in self)) return 'none';
      return Notification.permission;
    },
    /** Empty: it worked. Called from a tap, and asks at once, or some browsers will not ask at all. */
    turnOn: async (key) => {
      try {
        const said = await Notification.requestPermission();
        if (said !== 'granted') return 'This browser was told not to show notifications of this site. You can change that in its settings.';
        await ready;
        const registration = await navigator.serviceWorker.ready;
        const applicationServerKey = bytes(key);
        const subscribe = () => registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
        const subscription = await subscribe().catch(async () => {
          // One for another key stands in the way.
          await (await registration.pushManager.getSubscription())?.unsubscribe();
          return subscribe();
        });
        return await know(subscription);
      } catch {
        return 'This browser could not reach its notification service. Please try again later.';
      }
    },
    turnOff: async () => {
      const registration = await ready;
      await (await registration?.pushManager?.getSubscription())?.unsubscribe();
      await navigator.clearAppBadge?.();
    },
    badge: (count) => (count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.())?.catch(() => {}),
    canInstall: () => installing !== null,
    install: () => installing?.prompt(),
    keep: (json) => outbox.keep({ ...JSON.parse(json), at: Date.now() }).catch(() => {}),
    drop: (id) => outbox.drop(id).catch(() => {}),
    /** There is no connection: it leaves when there is one, whether or not this page is still open. */
    wait: async () => {
      const registration = await ready;
      await registration?.sync?.register('outbox').catch(() => {});
    },
    /** Says what waits, one by one. */
    tell: async () => {
      for (const entry of await outbox.all().catch(() => [])) announce({ entry });
    },
  };

  new BroadcastChannel('showup-outbox').onmessage = ({ data }) => {
    announce(data);
    if (data.problem && !location.pathname.endsWith(data.conversation_id)) {
      say(`Something you wrote without a connection was not sent: ${data.problem}`, 'Look', () => location.assign(`/inbox/${data.conversation_id}`));
    }
  };
  window.addEventListener('online', retry);
  window.addEventListener('load', retry);
  // A connection that comes back is not always said.
  setInterval(retry, 30_000);
  window.showup.tell();
})();
