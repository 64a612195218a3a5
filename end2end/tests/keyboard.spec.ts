// Without a mouse.
import { bubble, details, expect, newBusiness, newConversation, newCustomer, open, openNewVisit, person, scripted, test } from '../helpers';

test('the first Tab offers to skip the navigation', async ({ page }) => {
  await newBusiness(page);
  await open(page, '/contacts');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await page.keyboard.press('Tab');
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'New contact' })).toBeFocused();
});

test('Tab goes through the page in the order it is read', { tag: '@phone' }, async ({ page, isMobile }) => {
  await newBusiness(page);
  await open(page, '/appointments');
  const stops: string[] = [];
  const wide = isMobile ? [] : ['Waitlist', 'Search', 'Notifications', 'Message log', 'Reviews', 'Reports', 'Settings'];
  for (let i = 0; i < 9 + wide.length; i++) {
    await page.keyboard.press('Tab');
    stops.push(await page.evaluate(() => document.activeElement?.textContent?.trim().split(/\s{2,}|\d/)[0] ?? ''));
  }
  expect(stops).toEqual(['Skip to content', 'Account', 'Today', 'Inbox', 'Appointments', 'Contacts', 'Tasks', ...wide, 'New appointment', 'List']);
});

test('the account menu opens and closes by keyboard', async ({ page }) => {
  await newBusiness(page);
  await open(page, '/inbox');
  const menu = page.locator('summary').filter({ hasText: 'Account' });
  await menu.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeHidden();
});

test('a conversation is opened, answered and left by keyboard', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await page.getByLabel('Reply', { exact: true }).focus();
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  await sim.received(ada.phone, 'By keyboard');

  await open(page, '/inbox');
  await page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: ada.name }).focus();
  await page.keyboard.press('Enter');
  await expect(bubble(page, 'By keyboard')).toBeVisible();
});

test('the question before cancelling closes with Escape', async ({ page }) => {
  await newBusiness(page);
  await openNewVisit(page, await newCustomer(page));
  const question = page.getByRole('dialog', { name: 'Cancel this appointment?' });
  await page.getByRole('button', { name: 'Cancel', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(question).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(page.getByRole('button', { name: 'Cancel', exact: true })).toBeFocused();
});

test('the person’s details open over the thread and close with Escape', { tag: ['@phone-only', '@noscript'] }, async ({ page }) => {
  await newBusiness(page);
  await newConversation(page, await newCustomer(page));
  await details(page);
  await expect(person(page)).toBeVisible();
  if (!scripted()) return;
  await page.keyboard.press('Escape');
  await expect(person(page)).toBeHidden();
});
