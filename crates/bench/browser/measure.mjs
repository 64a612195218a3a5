// Measures pages in Chromium. Started by the scenario `browser`, with one line of JSON:
//   { origin, email, password, thread, short, texts, seconds }    thread, short: paths of a long and a short one
// Says `{"ready":true}` once it can see texts come, then waits for a line on its standard input after the last was posted; its last line is
// what was measured: { painted: {n: epoch ms}, keys: [ms], scroll: {thread: {frames, worst, loaded}, list: …}, lighthouse: [{ name, device, performance, … }] }.
import { createInterface } from 'node:readline';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const asked = JSON.parse(process.argv[2]);
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

async function signIn(page) {
  await page.goto(`${asked.origin}/signin`);
  await page.fill('[name=email]', asked.email);
  await page.fill('[name=password]', asked.password);
  await page.click('form button[type=submit]');
  await page.waitForURL((url) => !url.pathname.startsWith('/signin'));
}

/** The page answers to the script: its stream is open. */
const isAlive = (page) => page.locator('html[data-live=open]').waitFor({ state: 'attached', timeout: 120_000 });

/** Notes when each text that says `seen #00001#` has been painted. */
function watchTexts() {
  window.painted = {};
  const look = () => {
    for (const [, n] of document.getElementById('messages').innerText.matchAll(/seen #(\d{5})#/g)) {
      if (!(n in window.painted)) {
        window.painted[n] = null;
        // A task after the frame's callbacks: the frame has been painted.
        requestAnimationFrame(() => setTimeout(() => (window.painted[n] = performance.timeOrigin + performance.now())));
      }
    }
  };
  new MutationObserver(look).observe(document.getElementById('messages'), { subtree: true, childList: true, characterData: true });
}

/** From each key press to the frame it changes, as the browser tells it; those under 16 ms are not told one by one. */
async function keys(page) {
  await page.evaluate(() => {
    window.keys = [];
    const note = (list) => window.keys.push(...list.getEntries().filter((e) => e.name === 'keydown').map((e) => e.duration));
    new PerformanceObserver(note).observe({ type: 'event', durationThreshold: 16 });
  });
  const typed = 'Thank you, see you on Thursday at nine in the morning then. Please bring your card.';
  await page.getByLabel('Reply', { exact: true }).pressSequentially(typed, { delay: 60 });
  await page.waitForTimeout(500);
  const told = await page.evaluate(() => window.keys);
  return [...told, ...Array(Math.max(0, typed.length - told.length)).fill(16)];
}

/** Turns the wheel over a box for some seconds; the times between frames, and how far one came. */
async function scroll(page, box, by, seconds) {
  const area = page.locator(box);
  const { x, y, width, height } = await area.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.evaluate(() => {
    window.frames = [];
    window.scrolling = true;
    let last = performance.now();
    const frame = (now) => {
      window.frames.push(now - last);
      last = now;
      if (window.scrolling) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const seen = new Set();
  const until = Date.now() + seconds * 1000;
  while (Date.now() < until) {
    await page.mouse.wheel(0, by);
    for (const id of await area.locator('li[id], li[data-focus]').evaluateAll((all) => all.map((li) => li.id || li.dataset.focus))) seen.add(id);
    await page.waitForTimeout(30);
  }
  const frames = await page.evaluate(() => ((window.scrolling = false), window.frames.slice(1)));
  return { frames, seen: seen.size };
}

async function lighthouse(port, pages) {
  const { default: run, desktopConfig } = await import('lighthouse');
  const categories = ['performance', 'accessibility', 'best-practices'];
  const results = [];
  for (const [name, path] of pages) {
    for (const device of ['desktop', 'mobile']) {
      const flags = { port, output: 'json', logLevel: 'error', onlyCategories: categories, disableStorageReset: true };
      const { lhr } = await run(asked.origin + path, flags, device === 'desktop' ? desktopConfig : undefined);
      const score = (id) => Math.round((lhr.categories[id].score ?? 0) * 100);
      const lacks = Object.values(lhr.audits)
        .filter((a) => a.score !== null && a.score < 0.9 && a.scoreDisplayMode !== 'informative')
        .map((a) => `${a.id} ${a.displayValue ?? ''}`.trim());
      results.push({ name, device, performance: score('performance'), accessibility: score('accessibility'), practices: score('best-practices'), lacks });
    }
  }
  return results;
}

const profile = await mkdtemp(join(tmpdir(), 'showup-browser-'));
const port = await freePort();
// Debian's browser, or the one in CHROMIUM.
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', `--remote-debugging-port=${port}`],
  viewport: { width: 1280, height: 900 },
  serviceWorkers: 'block',
});
try {
  const page = context.pages()[0] ?? (await context.newPage());
  const measured = { lighthouse: await lighthouse(port, [['sign-in', '/signin']]) };
  await signIn(page);
  await page.goto('about:blank');
  measured.lighthouse.push(
    ...(await lighthouse(port, [
      ['Today', '/today'],
      ['inbox with a thread', asked.short],
      ['appointments', '/appointments'],
    ])),
  );
  await page.goto(asked.origin + asked.thread);
  await isAlive(page);
  await page.evaluate(watchTexts);
  say({ ready: true });
  await input.next();
  await page.waitForFunction((n) => Object.values(window.painted).filter(Boolean).length >= n, asked.texts, { timeout: 120_000 });
  measured.painted = await page.evaluate(() => window.painted);
  measured.keys = await keys(page);
  measured.thread = await scroll(page, '#messages', -700, asked.seconds);
  await page.goto(`${asked.origin}/inbox`);
  await isAlive(page);
  measured.list = await scroll(page, '#conversations', 700, asked.seconds);
  say(measured);
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
