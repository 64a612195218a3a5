// Every page as it looks, light and dark, in test-results/shots/, and what axe says of it. Reads the demo business only.
import { type Page } from '@playwright/test';
import { axe, expect, signIn, test as base } from '../helpers';

type StorageState = Awaited<ReturnType<ReturnType<Page['context']>['storageState']>>;

// One sign-in for each worker: they are made slow on purpose, and their number is limited.
const test = base.extend<object, { demo: StorageState }>({
  demo: [
    async ({ browser }, use) => {
      const page = await browser.newPage({ baseURL: process.env.BASE_URL });
      await signIn(page);
      const state = await page.context().storageState();
      await page.context().close();
      await use(state);
    },
    { scope: 'worker' },
  ],
});

async function look(page: Page, name: string) {
  const project = test.info().project.name;
  await expect(page.locator('h1').first(), 'the page has a heading').toBeAttached();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const suffix = colorScheme === 'dark' ? '-dark' : '';
    await page.screenshot({ path: `test-results/shots/${project}-${name}${suffix}.png`, fullPage: true, animations: 'disabled' });
    await axe(page, { soft: true });
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wide, 'nothing sticks out to the right').toBeLessThanOrEqual(0);
}

for (const [name, path] of [
  ['signup', '/signup'],
  ['signin', '/signin'],
]) {
  test(`look of ${path}`, async ({ page }) => {
    await page.goto(path);
    await look(page, name);
  });
}

for (const [name, path] of [
  ['inbox', '/inbox'],
  ['contacts', '/contacts'],
  ['contacts-new', '/contacts/new'],
  ['appointments', '/appointments'],
  ['appointments-new', '/appointments/new'],
  ['tasks', '/tasks'],
  ['settings', '/settings'],
]) {
  test(`look of ${path}`, async ({ page, demo }) => {
    await page.context().addCookies(demo.cookies);
    await page.goto(path);
    await expect(page).toHaveURL(new RegExp(path));
    await look(page, name);
  });
}

test('look of the customers’ phones', async ({ page }) => {
  await page.goto(`${process.env.SIM_URL ?? 'http://127.0.0.1:4010'}/phones`);
  await look(page, 'phones');
});
