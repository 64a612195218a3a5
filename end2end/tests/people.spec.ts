import { type Page } from '@playwright/test';
import { type Sim, appears, axe, expect, look, newAccount, newBusiness, open, scripted, signIn, test } from '../helpers';

/** Waits for a mail to this address, and gives the path that its link leads to. */
async function link(sim: Sim, to: string, path: string): Promise<string> {
  let found: string | undefined;
  const find = async () => {
    const texts = (await sim.mails(to)).map(({ text }) => text ?? '');
    found = texts.map((text) => new RegExp(`${path}[0-9A-Za-z]+`).exec(text)?.[0]).filter((one) => one !== undefined).pop();
    return found !== undefined;
  };
  await expect.poll(find, { message: `a mail to ${to} with ${path}` }).toBe(true);
  return found!;
}

/** The business that the page is of; the menu beside it names the others. */
const at = (page: Page) => page.getByRole('banner').getByRole('paragraph').first();

/** What stands about somebody in the list of members. */
const member = (page: Page, email: string) => page.getByRole('region', { name: 'Members' }).getByRole('listitem').filter({ hasText: email });

async function menu(page: Page) {
  await page.locator('summary').and(page.getByText('Account')).locator('visible=true').first().click();
}

test('somebody is invited, joins, works in two businesses, becomes staff again and is removed', { tag: '@form' }, async ({ page, browser, sim }) => {
  const owner = await newBusiness(page);
  const theirs = await browser.newContext({ javaScriptEnabled: scripted() });
  const guest = await theirs.newPage();
  const other = await newBusiness(guest);

  await open(page, '/settings/people');
  await page.getByLabel('E-mail').fill(other.email);
  await page.getByLabel('Role').first().selectOption('admin');
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await appears(page, page.getByRole('region', { name: 'Open invitations' }).getByText(`${other.email} · admin`));
  await appears(page, page.getByText('Handed over to the mail server.'));
  await look(page, 'people');

  // The one who is signed in there is somebody else.
  const path = await link(sim, other.email, '/invitations/');
  await page.goto(path);
  await expect(page.getByText('Sign out, and open the link again.')).toBeVisible();
  await axe(page);

  // The one it is for joins, and the page is the new business's.
  await guest.goto(path);
  await expect(guest.getByRole('heading', { name: `Join ${owner.business}` })).toBeVisible();
  await guest.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(guest).toHaveURL(/\/today/);
  await expect(guest.getByText(owner.business).locator('visible=true').first()).toBeVisible();

  // Back to their own business, and here again.
  await menu(guest);
  await guest.getByRole('button', { name: `Go to ${other.business}` }).click();
  await expect(at(guest)).toHaveText(other.business);
  await menu(guest);
  await guest.getByRole('button', { name: `Go to ${owner.business}` }).click();
  await expect(at(guest)).toHaveText(owner.business);

  // They manage people until they are staff.
  await open(guest, '/settings/people');
  await expect(guest.getByRole('button', { name: 'Invite', exact: true })).toBeVisible();
  await open(page, '/settings/people');
  const row = member(page, other.email);
  await row.getByText('Change role').click();
  await row.getByLabel('Role').selectOption('staff');
  await row.getByRole('button', { name: 'Save role' }).click();
  await expect(page.getByText(/^The role .*is saved\.$/)).toBeVisible();
  await appears(page, row.getByText('staff', { exact: true }));
  await open(guest, '/settings/people');
  await expect(guest.getByRole('button', { name: 'Invite', exact: true })).toBeHidden();

  // Removed, they are led to where they still work.
  await row.locator('summary', { hasText: 'Remove' }).click();
  await expect(row.getByText('Their conversations and tasks here become nobody’s.')).toBeVisible();
  await row.getByRole('button', { name: 'Remove from this business' }).click();
  await expect(member(page, other.email)).toHaveCount(0);
  await guest.goto('/inbox');
  await expect(guest).toHaveURL(/\/businesses/);
  await guest.getByRole('button', { name: other.business }).click();
  await expect(guest).toHaveURL(/\/today/);
  await theirs.close();
});

test('somebody new makes an account by the link in their mail', { tag: '@form' }, async ({ page, browser, sim }) => {
  const owner = await newBusiness(page);
  const { email, password } = newAccount();
  await open(page, '/settings/people');
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  const path = await link(sim, email, '/invitations/');
  const theirs = await browser.newContext({ javaScriptEnabled: scripted() });
  const guest = await theirs.newPage();
  await guest.goto(path);
  await axe(guest);
  await guest.getByLabel('Your name').fill('Eve Adams');
  await guest.getByLabel('Password').fill('short');
  await guest.getByRole('button', { name: 'Make an account and join' }).click();
  await expect(guest.getByText('Please choose at least 8 characters')).toBeVisible();
  await expect(guest.getByLabel('Your name')).toHaveValue('Eve Adams');
  await guest.getByLabel('Password').fill(password);
  await guest.getByRole('button', { name: 'Make an account and join' }).click();
  await expect(guest).toHaveURL(/\/today/);
  await expect(at(guest)).toHaveText(owner.business);
  await guest.goto(path);
  await expect(guest.getByText('This invitation was used already')).toBeVisible();
  await expect(guest.getByRole('link', { name: 'Sign in', exact: true })).toBeVisible();
  await axe(guest);
  await theirs.close();
});

test('a forgotten password is made anew by mail', { tag: '@form' }, async ({ page, browser, sim }) => {
  const { email } = await newBusiness(page);
  const theirs = await browser.newContext({ javaScriptEnabled: scripted() });
  const guest = await theirs.newPage();
  await guest.goto('/signin');
  await guest.getByRole('link', { name: 'Forgot your password?' }).click();
  await axe(guest);
  await guest.getByLabel('E-mail').fill(email);
  await guest.getByRole('button', { name: 'Send me a link' }).click();
  await expect(guest.getByText('If this address has an account')).toBeVisible();
  await guest.goto(await link(sim, email, '/reset/'));
  await axe(guest);
  await guest.getByLabel('New password').fill('a quite new password');
  await guest.getByRole('button', { name: 'Set password' }).click();
  await expect(guest.getByText('Your password is changed. Please sign in with it.')).toBeVisible();
  await signIn(guest, { email, password: 'a quite new password' });
  await page.goto('/inbox');
  await expect(page, 'who was signed in before is not any more').toHaveURL(/\/signin/);
  await theirs.close();
});

test('name, address and password are one’s own to change', { tag: '@form' }, async ({ page, sim }) => {
  const { email, password } = await newBusiness(page);
  await open(page, '/account');
  const name = page.getByRole('region', { name: 'Name' });
  await name.getByLabel('Your name').fill('Robin Hood');
  await name.getByRole('button', { name: 'Save name' }).click();
  await expect(name.getByText('Saved.')).toBeVisible();
  const address = page.getByRole('region', { name: 'E-mail' });
  await address.getByLabel('New e-mail').fill(`new.${email}`);
  await address.getByLabel('Your password').fill(password);
  await address.getByRole('button', { name: 'Change e-mail' }).click();
  await expect(address.getByText('A mail is on its way to the new address.')).toBeVisible();
  const secret = page.getByRole('region', { name: 'Password' });
  await secret.getByLabel('Present password').fill('not it');
  await secret.getByLabel('New password').fill('a quite new password');
  await secret.getByRole('button', { name: 'Change password' }).click();
  await expect(secret.getByText('This is not your present password.')).toBeVisible();
  await secret.getByLabel('Present password').fill(password);
  await secret.getByLabel('New password').fill('a quite new password');
  await secret.getByRole('button', { name: 'Change password' }).click();
  await expect(secret.getByText('Your password is changed')).toBeVisible();
  await look(page, 'account');
  await page.goto(await link(sim, `new.${email}`, '/account/email/'));
  await page.getByRole('button', { name: 'Yes, use this address' }).click();
  await expect(page.getByText('Your new e-mail address counts from now on.')).toBeVisible();
  await expect(page.getByText(`You sign in with new.${email}`)).toBeVisible();
  await page.goto(await link(sim, email, '/account/undo/'));
  await axe(page);
  await page.getByRole('button', { name: 'This was not me: take it back' }).click();
  await expect(page).toHaveURL(/\/reset\//);
  await page.getByLabel('New password').fill('yet another password');
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.getByText('Your password is changed. Please sign in with it.')).toBeVisible();
  await signIn(page, { email, password: 'yet another password' });
});
