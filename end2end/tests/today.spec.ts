// The page after signing in: what needs a person now, each thing with its next step.
import type { Page } from '@playwright/test';
import { type Sim, OUR_NUMBER, appears, axe, expect, look, newBusiness, newConversation, newCustomer, open, openNewVisit, scripted, send, signIn, signOut, test } from '../helpers';

/** A customer whose texts reach this business: it wrote to them last. */
async function writtenTo(page: Page, sim: Sim, name?: string) {
  const customer = await newCustomer(page, name);
  await newConversation(page, customer);
  await send(page, 'Anything we should know?');
  await sim.received(customer.phone, 'Anything we should know?');
  return customer;
}

test('who signs in sees what needs them', async ({ page, sim }) => {
  const account = await newBusiness(page);
  const ada = await writtenTo(page, sim);
  await sim.text(ada.phone, OUR_NUMBER, 'Is there parking?');
  await signOut(page);
  await signIn(page, account);
  await expect(page).toHaveURL(/\/today$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Today' })).toBeVisible();
  const waiting = page.getByRole('region', { name: 'Waiting for an answer' });
  await appears(page, waiting);
  await expect(waiting).toContainText('Is there parking?');
  await page.goto('/');
  await expect(page, 'the bare address leads here, too').toHaveURL(/\/today$/);
});

test('a question appears by itself and is gone with one tap', { tag: '@form' }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await writtenTo(page, sim);
  await open(page, '/today');
  await expect(page.getByText('Nothing needs you now')).toBeVisible();
  await axe(page);
  await sim.text(ada.phone, OUR_NUMBER, 'Can I bring my dog?');
  const waiting = page.getByRole('region', { name: 'Waiting for an answer' });
  await appears(page, waiting.getByText('Can I bring my dog?'));
  await axe(page);
  await waiting.getByRole('button', { name: 'No reply needed' }).click();
  await expect(waiting).toBeHidden();
  await expect(page).toHaveURL(/\/today/);
});

test('who was asked, who wants another time, and what comes of it', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await openNewVisit(page, ada);
  await page.getByRole('button', { name: 'Remind now' }).click();
  await sim.received(ada.phone, /Reply Y to confirm or N/);
  await open(page, '/today');
  const asked = page.getByRole('region', { name: 'Not confirmed yet' });
  await appears(page, asked.getByRole('link', { name: ada.name }));
  await sim.text(ada.phone, OUR_NUMBER, 'N');
  const wishes = page.getByRole('region', { name: 'Needs another time' });
  await appears(page, wishes.getByRole('link', { name: ada.name }));
  await expect(asked).toBeHidden();
  await look(page, 'today');
  await wishes.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('Task done.')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(wishes).toBeVisible();
  await wishes.getByRole('link', { name: 'Find a time' }).click();
  await expect(page.getByRole('heading', { level: 1, name: ada.name })).toBeVisible();
});

test('a text that did not arrive says why and is sent again', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await sim.fault({ kind: 'refuse', code: 30006, to: ada.phone, count: 1 });
  await send(page, 'We are open on Monday.');
  await open(page, '/today');
  const failed = page.getByRole('region', { name: 'Did not arrive' });
  await appears(page, failed.getByText('We are open on Monday.'));
  await failed.getByRole('button', { name: 'Send again' }).click();
  await expect(failed).toBeHidden();
  await sim.received(ada.phone, 'We are open on Monday.');
});

test('what stands there keeps the focus while something else appears', async ({ page, sim }) => {
  test.skip(!scripted(), 'nothing appears by itself without a script');
  await newBusiness(page);
  const ada = await writtenTo(page, sim);
  const ben = await writtenTo(page, sim, 'Ben Okri');
  await open(page, '/today');
  await sim.text(ada.phone, OUR_NUMBER, 'Can I bring my dog?');
  const reply = page.getByRole('listitem').filter({ hasText: ada.name }).getByRole('link', { name: 'Reply' });
  await expect(reply).toBeVisible();
  await reply.focus();
  await sim.text(ben.phone, OUR_NUMBER, 'And my cat?');
  await expect(page.getByText('And my cat?')).toBeVisible();
  await expect(reply).toBeFocused();
});

test('on paper it is the day’s list', async ({ page }) => {
  await newBusiness(page);
  await open(page, '/today');
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('heading', { level: 1, name: 'Today' })).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden();
  await expect(page.getByText('No visits today.')).toBeVisible();
});
