// Every page as it looks, light and dark, in test-results/shots/, and what axe says of it. Only reads the demo business.
import { type Page } from '@playwright/test';
import { OUR_NUMBER, appears, bubble, details, expect, look, newBusiness, newConversation, newCustomer, openNewVisit, send, signIn, test as base } from '../helpers';

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
  ['log', '/log'],
  ['reports', '/reports'],
  ['settings', '/settings'],
]) {
  test(`look of ${path}`, async ({ page, demo }) => {
    await page.context().addCookies(demo.cookies);
    await page.goto(path);
    await expect(page).toHaveURL(new RegExp(path));
    await look(page, name);
  });
}

test('look of a conversation', async ({ page, demo }) => {
  await page.context().addCookies(demo.cookies);
  await page.goto('/inbox');
  await page.getByRole('link').filter({ hasText: 'Maya Lindqvist' }).click();
  await expect(page.getByRole('group', { name: 'Messages' })).toContainText('Bright Smile Dental');
  await look(page, 'thread');
  if (await page.getByRole('button', { name: 'Details' }).isVisible()) {
    await details(page);
    await look(page, 'details');
  }
});

test('look of a conversation with somebody who has opted out', async ({ page, demo }) => {
  await page.context().addCookies(demo.cookies);
  await page.goto('/inbox');
  await page.getByRole('link').filter({ hasText: 'Sofia Marino' }).click();
  await expect(page.getByRole('status').filter({ hasText: /opted out/i })).toBeVisible();
  await look(page, 'thread-opted-out');
});

for (const [name, path, of] of [
  ['contact', '/contacts', 'Maya Lindqvist'],
  ['appointment', '/appointments', 'Maya Lindqvist'],
]) {
  test(`look of one ${name}`, async ({ page, demo }) => {
    await page.context().addCookies(demo.cookies);
    await page.goto(path);
    await page.getByRole('main').getByRole('link').filter({ hasText: of }).first().click();
    await expect(page.getByRole('heading', { level: 1, name: of })).toBeVisible();
    await look(page, name);
  });
}

test('look of a business without anything', async ({ page }) => {
  await newBusiness(page);
  for (const path of ['inbox', 'contacts', 'appointments', 'appointments/new', 'tasks', 'log', 'reports']) {
    await page.goto(`/${path}`);
    await look(page, `empty-${path.replace('/', '-')}`);
  }
});

test('look of what goes wrong', async ({ page, sim }) => {
  await newBusiness(page);
  await page.goto('/contacts/new');
  await page.getByLabel('Name').fill('Ada Sommer');
  await page.getByLabel('Phone').fill('12');
  await page.getByRole('button', { name: 'Save contact' }).click();
  await expect(page.getByLabel('Phone')).toHaveAttribute('aria-invalid', 'true');
  await look(page, 'contacts-refused');

  const ada = await newCustomer(page);
  await openNewVisit(page, ada);
  await page.getByRole('button', { name: 'Remind now' }).click();
  await sim.received(ada.phone, /Reply Y/);
  await sim.text(ada.phone, OUR_NUMBER, 'N');
  await newConversation(page, ada);
  await sim.fault({ kind: 'refuse', code: 21211, to: ada.phone });
  await send(page, 'Are you there? 🙂');
  await appears(page, bubble(page, 'Are you there?').locator('[data-delivery=failed]'));
  await look(page, 'thread-failed');
  await page.goto('/tasks');
  await look(page, 'tasks-open');
});

test('look of an address that leads nowhere', async ({ page, demo }) => {
  await page.context().addCookies(demo.cookies);
  await page.goto('/no-such-page');
  await look(page, 'not-found');
  await page.goto('/contacts/0190b5a0-0000-7000-8000-000000000000');
  await look(page, 'contact-not-found');
});

test('look of the customers’ phones', async ({ page }) => {
  await page.goto(`${process.env.SIM_URL ?? 'http://127.0.0.1:4010'}/phones`);
  await look(page, 'phones');
});
