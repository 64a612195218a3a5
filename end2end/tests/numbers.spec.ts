// The business's numbers and its Twilio account: asking for another number, how each stands, connecting, and a test message.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type Account, appears, axe, expect, look, newBusiness, newConversation, newCustomer, newPhone, open, test } from '../helpers';

const NUMBERS = '/settings/numbers';
const TWILIO = '/settings/twilio';

/** `showup admin …`, as whoever runs the installation types it. */
function admin(...args: string[]) {
  const showup = process.env.SHOWUP_BIN ?? join(__dirname, '../../target/debug/showup');
  return execFileSync(showup, ['admin', ...args]).toString();
}

const slug = ({ business }: Account) => business.toLowerCase().replace(/ /g, '-');

/** A number that no other test has. */
const ownNumber = () => newPhone().replace('55501', '55502');

test('a number is asked for, and given or turned down', { tag: ['@form', '@phone'] }, async ({ page }) => {
  await newBusiness(page);
  await open(page, NUMBERS);
  await expect(page.getByRole('heading', { name: 'Numbers', exact: true })).toBeVisible();
  await expect(page.getByText('No numbers yet')).toBeVisible();
  const form = page.getByRole('region', { name: 'Another number' });
  await form.getByLabel('Country of the number').selectOption('US');
  await form.getByLabel('Area code (optional)').fill('four');
  await form.getByLabel('What it is for').fill('The uptown office');
  await form.getByRole('button', { name: 'Ask for a number' }).click();
  await expect(form.getByText('An area code is some digits')).toBeVisible();
  await expect(form.getByLabel('What it is for'), 'what was typed stays').toHaveValue('The uptown office');
  await form.getByLabel('Area code (optional)').fill('415');
  await form.getByRole('button', { name: 'Ask for a number' }).click();
  const request = form.getByRole('listitem');
  await expect(request).toContainText('Requested');
  await expect(form.getByText('Asked. You will hear of it.')).toBeVisible();
  await expect(form.getByLabel('Area code (optional)'), 'what was asked for is done with').toHaveValue('');
  await expect(form.getByLabel('What it is for')).toHaveValue('');
  const id = (await request.getAttribute('data-request'))!;
  const phone = ownNumber();
  admin('approve-number', '--request', id, '--owned', phone);
  await appears(page, form.getByText('Granted'));
  await appears(page, page.locator(`[data-number="${phone}"]`));
  await look(page, 'numbers');
  await axe(page);
});

test('a number leads, and is given up after a warning', { tag: ['@form'] }, async ({ page }) => {
  const account = await newBusiness(page);
  const [first, second] = [ownNumber(), ownNumber()];
  for (const number of [first, second]) admin('add-number', '--business', slug(account), '--number', number);
  await open(page, NUMBERS);
  const one = (phone: string) => page.locator(`[data-number="${phone}"]`);
  await expect(one(second)).toContainText('Default');
  await one(first).getByRole('button', { name: /Make it the default/ }).click();
  await expect(one(first)).toContainText('Default');
  await one(first).getByText('Who answers HELP and START').click();
  await one(first).getByLabel('Who answers HELP').selectOption('twilio');
  await one(first).getByRole('button', { name: 'Save who answers' }).click();
  await expect(one(first)).toContainText('Twilio answers, Showup does not');
  await one(second).getByRole('link', { name: /Release/ }).click();
  const warning = page.getByRole('region', { name: /^Release / });
  await expect(warning).toContainText('No text waits to leave from it.');
  await look(page, 'release');
  await warning.getByRole('button', { name: 'Release it' }).click();
  await expect(one(second)).toHaveAttribute('data-state', 'released');
  await axe(page);
});

test('who writes sees the number that it leaves from', async ({ page }) => {
  const account = await newBusiness(page);
  const number = ownNumber();
  admin('add-number', '--business', slug(account), '--number', number);
  await newConversation(page, await newCustomer(page));
  await expect(page.getByText(`from (${number.slice(2, 5)}) ${number.slice(5, 8)}-${number.slice(8)}`)).toBeVisible();
});

test('an account that Twilio does not know is not kept', { tag: ['@form', '@phone'] }, async ({ page }) => {
  await newBusiness(page);
  await open(page, TWILIO);
  await expect(page.getByText('This installation’s account', { exact: true })).toBeVisible();
  const account = page.getByRole('region', { name: 'Account', exact: true });
  await account.getByLabel('Account SID').fill(`AC${'1'.repeat(32)}`);
  await account.getByLabel('Auth token').fill('not-a-token');
  await account.getByRole('button', { name: 'Check and connect' }).click();
  await expect(account.getByText('Twilio does not know this pair')).toBeVisible();
  await expect(page.locator('[data-connection="installation"]')).toBeVisible();
  await look(page, 'twilio');
  await axe(page);
});

test('a test message shows what Twilio says while one watches', { tag: ['@form'] }, async ({ page, sim }) => {
  await newBusiness(page);
  await open(page, TWILIO);
  const phone = newPhone();
  const place = page.getByRole('region', { name: 'Test message' });
  await place.getByLabel('Your own mobile number').fill(phone);
  await place.getByRole('button', { name: 'Send a test' }).click();
  await sim.received(phone, 'This is a test by');
  await appears(page, place.locator('[data-heard="delivered"]'));
  await axe(page);
});
