import { axe, expect, newAccount, newBusiness, signIn, signOut, signUp, test } from '../helpers';

test('sign up, sign out, sign in again', { tag: '@form' }, async ({ page }) => {
  const account = await signUp(page);
  await expect(page.getByText(account.business).locator('visible=true').first()).toBeVisible();

  await signOut(page);
  await page.goto('/inbox');
  await expect(page, 'the inbox asks for a sign-in').toHaveURL(/\/signin/);

  await signIn(page, account);
  await expect(page.getByText(account.business).locator('visible=true').first()).toBeVisible();
});

test('a wrong password keeps the e-mail and says so in plain words', { tag: '@form' }, async ({ page }) => {
  const { email } = newAccount();
  await page.goto('/signin');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();

  await expect(page.getByRole('alert').filter({ hasText: /e-mail.*password|password.*e-mail/i })).toBeVisible();
  await expect(page).toHaveURL(/\/signin/);
  await expect(page.getByLabel('E-mail')).toHaveValue(email);
  await expect(page.getByLabel('Password')).toHaveValue('');
  await axe(page);
});

test('an address that is taken is explained, and nothing typed is lost', { tag: '@form' }, async ({ page, browser }) => {
  const other = await browser.newPage();
  const taken = await newBusiness(other);
  await other.close();

  const account = newAccount();
  await page.goto('/signup');
  await page.getByLabel('Business name').fill(account.business);
  await page.getByLabel('Your name').fill(account.name);
  await page.getByLabel('E-mail').fill(taken.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Create business' }).click();

  await expect(page.getByText(/account with this e-mail/i).filter({ visible: true }).first()).toBeVisible();
  await expect(page).toHaveURL(/\/signup/);
  await expect(page.getByLabel('Business name')).toHaveValue(account.business);
  await expect(page.getByLabel('Your name')).toHaveValue(account.name);
  await expect(page.getByLabel('E-mail')).toHaveValue(taken.email);
  await axe(page);
});

test('every page asks a stranger to sign in', { tag: '@noscript-only' }, async ({ page }) => {
  for (const path of ['/today', '/inbox', '/contacts', '/contacts/new', '/appointments', '/appointments/new', '/tasks', '/log', '/reports', '/settings']) {
    await page.goto(path);
    await expect(page).toHaveURL(new RegExp(`/signin\\?next=${encodeURIComponent(path)}`));
    await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
  }
});
