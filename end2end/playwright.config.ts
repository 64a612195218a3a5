import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

// Debian's browser, or the one in CHROMIUM: Playwright's own download is not needed.
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);

const MINUTE = 60_000;

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results/artifacts',
  reporter: [['list'], ['json', { outputFile: 'test-results/report.json' }]],
  globalSetup: './demo-state.ts',
  fullyParallel: true,
  workers: 2,
  // On a machine that does other things meanwhile one test may starve; it is tried once more, and counted out loud as flaky.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: !!process.env.CI,
  // A limit is there for what never happens. What happens late, on a slow processor that does other things too, is no failure.
  timeout: 10 * MINUTE,
  expect: { timeout: 2 * MINUTE },
  use: {
    baseURL: process.env.BASE_URL ?? 'http://127.0.0.1:3000',
    // Compressing the debug build's megabytes for each new browser would take longer than sending them.
    extraHTTPHeaders: { 'accept-encoding': 'identity' },
    locale: 'en-US',
    timezoneId: 'America/Chicago',
    colorScheme: 'light',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  // Everything once, on a desktop with scripts; there `look` looks at both sizes. Beside it, by their tags: what stands elsewhere on a
  // phone, and each form once without scripts, on a phone, too.
  projects: [
    { name: 'desktop', use: { ...devices['Desktop Chrome'], viewport: { width: 1360, height: 860 } }, grepInvert: /@noscript-only|@phone-only/ },
    { name: 'phone', use: devices['Pixel 7'], grep: /@phone/ },
    { name: 'noscript', use: { ...devices['Pixel 7'], javaScriptEnabled: false }, grep: /@form|@noscript/ },
  ],
});
