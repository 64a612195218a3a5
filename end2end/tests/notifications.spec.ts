// What one is told, and Showup as an app of its own: what was written without a connection leaves once, also if its tab is closed.
import { type Page } from '@playwright/test';
import { type Customer, OUR_NUMBER, type Sim, appears, axe, bubble, expect, isLive, look, newBusiness, newConversation, newCustomer, open, send, test } from '../helpers';

/** The worker behind the pages is there and answers for them. */
const isInstalled = (page: Page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => true));

const waiting = (page: Page) => page.evaluate(async () => (await (self as any).showupOutbox.all()).length);

/** Somebody who has had a text of this business, so that theirs come to it: all businesses of these tests share a number. */
async function known(page: Page, sim: Sim, name?: string): Promise<Customer> {
  const customer = await newCustomer(page, name);
  await newConversation(page, customer);
  await send(page, 'Anything we should know?');
  await sim.received(customer.phone, 'Anything we should know?');
  return customer;
}

test('a text is told in the list, opens its conversation and is read with it', { tag: '@phone' }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await known(page, sim);
  await open(page, '/notifications');
  await expect(page.getByText('Nothing yet')).toBeVisible();
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  const told = page.locator('[data-notification=unassigned]');
  await appears(page, told);
  await expect(told).toContainText('Is there parking?');
  await look(page, 'notifications');
  await axe(page);
  await told.getByRole('link').click();
  await expect(bubble(page, 'Is there parking?')).toBeVisible();
  await open(page, '/notifications');
  await expect(told).toHaveAttribute('data-read', 'true');
});

test('what is told of one conversation is no work for the page of another', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await known(page, sim);
  const thread = page.url();
  const bob = await known(page, sim, 'Bob Winter');
  await sim.text(bob.phone, OUR_NUMBER, 'Do you open on Sunday?');
  const marks: string[] = [];
  page.on('request', (request) => request.url().includes('mark_read') && marks.push(request.url()));
  await open(page, thread);
  await isLive(page);
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  await appears(page, bubble(page, 'Is there parking?'));
  await expect(page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: ada.name })).toHaveAttribute('data-unread', '0');
  await send(page, 'Yes, behind the house.');
  await sim.received(ada.phone, 'Yes, behind the house.');
  expect(marks.length, 'it is marked when there is something new, and no more').toBeLessThan(6);
});

test('what to be told is chosen in a form', { tag: ['@form', '@phone'] }, async ({ page }) => {
  await newBusiness(page);
  await open(page, '/notifications');
  await page.getByLabel('A text in somebody else’s conversation: here').check();
  await page.getByLabel('A note that names me: by e-mail').selectOption('At once');
  await page.getByLabel('Unread for how many minutes?').fill('30');
  await page.getByRole('button', { name: 'Save notifications' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await open(page, '/notifications');
  await expect(page.getByLabel('A text in somebody else’s conversation: here')).toBeChecked();
  await expect(page.getByLabel('A note that names me: by e-mail')).toHaveValue('at_once');
  await expect(page.getByLabel('Unread for how many minutes?')).toHaveValue('30');
});

test('a reply and a note that were written without a connection leave once', async ({ page, context, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await isLive(page);
  await isInstalled(page);

  await context.setOffline(true);
  await send(page, 'I am on the train, back at three.');
  await expect(page.getByText('Waits for the connection, and leaves by itself then.')).toBeVisible();
  await page.getByText('Add a note for the team').click();
  await page.getByLabel('Note, not sent to the customer').fill('She called twice.');
  await page.getByRole('button', { name: 'Save note' }).click();
  await expect(page.getByText('The note is kept and leaves by itself when there is one.')).toBeVisible();
  expect(await waiting(page)).toBe(2);
  expect(await sim.messages(ada.phone)).toHaveLength(0);

  await context.setOffline(false);
  await sim.received(ada.phone, 'I am on the train, back at three.');
  await expect.poll(() => waiting(page)).toBe(0);
  await open(page, page.url());
  await expect(bubble(page, 'I am on the train')).toHaveCount(1);
  await expect(page.getByText('She called twice.')).toHaveCount(1);
  expect((await sim.messages(ada.phone)).filter((m) => m.body.includes('on the train'))).toHaveLength(1);
});

test('it leaves at the next opening if the tab was closed meanwhile', async ({ page, context, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await isLive(page);
  await context.setOffline(true);
  await send(page, 'We open at nine.');
  await expect(page.getByText('Waits for the connection')).toBeVisible();
  await page.close();
  await context.setOffline(false);
  const later = await context.newPage();
  await open(later, '/inbox');
  await sim.received(ada.phone, 'We open at nine.');
  expect((await sim.messages(ada.phone)).filter((m) => m.body.includes('We open at nine.'))).toHaveLength(1);
});

test('what must not be sent any more stays, with the reason', async ({ page, context, sim }) => {
  await newBusiness(page);
  const ada = await known(page, sim);
  await isLive(page);
  await context.setOffline(true);
  await send(page, 'See you tomorrow!');
  await expect(page.getByText('Waits for the connection')).toBeVisible();
  await sim.text(ada.phone, OUR_NUMBER, 'STOP');
  await context.setOffline(false);
  await expect(page.getByText('Not sent', { exact: true })).toBeVisible();
  await expect(page.getByText(/opted out/i).first()).toBeVisible();
  await expect(page.getByText('See you tomorrow!')).toBeVisible();
});

test('without a connection there is a page that says so, and it installs', async ({ page, context }) => {
  await newBusiness(page);
  await open(page, '/inbox');
  await isInstalled(page);
  const manifest = await (await page.request.get('/manifest.webmanifest')).json();
  expect(manifest).toMatchObject({ display: 'standalone', scope: '/', start_url: '/today' });
  for (const icon of manifest.icons) expect((await page.request.get(icon.src)).ok(), icon.src).toBe(true);
  await page.reload();
  await context.setOffline(true);
  await page.goto('/contacts');
  await expect(page.getByRole('heading', { name: 'There is no connection to Showup' })).toBeVisible();
  await axe(page);
  await context.setOffline(false);
  await appears(page, page.getByRole('heading', { name: 'Contacts' }));
});
