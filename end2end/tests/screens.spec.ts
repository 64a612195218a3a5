// Every page as it looks, in test-results/shots/, and what axe says of it. Only reads the demo business.
import { DEMO_STATE } from '../demo-state';
import { OUR_NUMBER, SIZES, appears, bubble, details, expect, isLive, look, newBusiness, newConversation, newCustomer, open, openNewVisit, send, test } from '../helpers';

for (const path of ['signup', 'signin']) {
  test(`look of /${path}`, async ({ page }) => {
    await page.goto(`/${path}`);
    await look(page, path);
  });
}

test.describe('the demo business', () => {
  test.use({ storageState: DEMO_STATE });

  for (const path of ['today', 'inbox', 'contacts', 'contacts/new', 'appointments', 'appointments/new', 'tasks', 'tasks/new', 'log', 'reports', 'settings', 'settings/business', 'settings/hours', 'settings/reminders', 'settings/keys', 'settings/audit']) {
    test(`look of /${path}`, async ({ page }) => {
      await open(page, `/${path}`);
      await expect(page).toHaveURL(new RegExp(path));
      await look(page, path.replace('/', '-'));
    });
  }

  test('look of a conversation', async ({ page }) => {
    await page.goto('/inbox');
    await page.getByRole('link').filter({ hasText: 'Maya Lindqvist' }).click();
    await expect(page.getByRole('group', { name: 'Messages' })).toContainText('Bright Smile Dental');
    await isLive(page);
    await look(page, 'thread');
    await page.setViewportSize(SIZES.phone);
    await details(page);
    await look(page, 'details', ['phone']);
  });

  test('look of a conversation with somebody who has opted out', async ({ page }) => {
    await page.goto('/inbox');
    await page.getByRole('link').filter({ hasText: 'Sofia Marino' }).click();
    await expect(page.getByRole('status').filter({ hasText: /opted out/i })).toBeVisible();
    await look(page, 'thread-opted-out');
  });

  for (const [name, path] of [
    ['contact', '/contacts'],
    ['appointment', '/appointments'],
  ]) {
    test(`look of one ${name}`, async ({ page }) => {
      await page.goto(path);
      await page.getByRole('main').getByRole('link').filter({ hasText: 'Maya Lindqvist' }).first().click();
      await expect(page.getByRole('heading', { level: 1, name: 'Maya Lindqvist' })).toBeVisible();
      await look(page, name);
    });
  }

  test('look of an address that leads nowhere', async ({ page }) => {
    await page.goto('/no-such-page');
    await look(page, 'not-found');
    await page.goto('/contacts/0190b5a0-0000-7000-8000-000000000000');
    await look(page, 'contact-not-found');
  });
});

test('look of a business without anything', async ({ page }) => {
  await newBusiness(page);
  for (const path of ['today', 'inbox', 'contacts', 'appointments', 'appointments/new', 'tasks', 'tasks/new', 'log', 'reports']) {
    await open(page, `/${path}`);
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
  await open(page, '/tasks');
  await look(page, 'tasks-open');
});

test('look of the customers’ phones', async ({ page }) => {
  await page.goto(`${process.env.SIM_URL ?? 'http://127.0.0.1:4010'}/phones`);
  await look(page, 'phones');
});
