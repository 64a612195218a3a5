import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

// Debian's browser, or the one in CHROMIUM: Playwright's own download is not needed.
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);

const desktop = { ...devices['Desktop Chrome'], viewport: { width: 1360, height: 860 } };
const phone = devices['Pixel 7'];

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results/artifacts',
  reporter: [['list'], ['json', { outputFile: 'test-results/report.json' }]],
  fullyParallel: true,
  workers: 2,
  // On a machine that does other things meanwhile one test may starve; it is tried once more, and counted out loud as flaky.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    baseURL: process.env.BASE_URL ?? 'http://127.0.0.1:3000',
    // Compressing the debug build's 13 MB for each new browser would take most of the time.
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
  // Every page works without JavaScript; a spec that needs it says so with `needsJs()`.
  projects: [
    { name: 'desktop-js', use: desktop },
    { name: 'desktop-nojs', use: { ...desktop, javaScriptEnabled: false } },
    { name: 'phone-js', use: phone },
    { name: 'phone-nojs', use: { ...phone, javaScriptEnabled: false } },
  ],
});
