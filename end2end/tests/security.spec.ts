import { createHmac } from 'node:crypto';
import { axe, expect, newBusiness, open, scripted, signIn, test } from '../helpers';

const THERE = '/account/security';

/** What an authenticator shows that was told this key, so many seconds from now (RFC 6238). */
function code(key: string, seconds = 0): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...key.replace(/ /g, '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor((Date.now() / 1000 + seconds) / 30)));
  const mac = createHmac('sha1', secret).update(step).digest();
  const at = mac[mac.length - 1] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('a second step: begin, scan, confirm; sign in with a code; turn it off', { tag: '@form' }, async ({ page, browser }) => {
  const account = await newBusiness(page);
  await open(page, THERE);
  await page.getByLabel('Your password').fill(account.password);
  await page.getByRole('button', { name: 'Set it up', exact: true }).click();
  await expect(page.getByRole('img', { name: 'Picture for your authenticator' })).toBeVisible();
  await axe(page);
  const key = await page.locator('code').first().innerText();

  // A clock that is off is called so.
  await page.getByLabel('Code from your authenticator').fill(code(key, 150));
  await page.getByRole('button', { name: 'Turn it on', exact: true }).click();
  await expect(page.getByText(/clock of your authenticator/)).toBeVisible();
  await page.getByLabel('Code from your authenticator').fill(code(key, -30));
  await page.getByRole('button', { name: 'Turn it on', exact: true }).click();
  const list = page.getByRole('list', { name: 'Recovery codes' });
  await expect(list.getByRole('listitem')).toHaveCount(10);
  const recovery = await list.getByRole('listitem').first().innerText();
  await axe(page);

  const context = await browser.newContext({ javaScriptEnabled: scripted() });
  const other = await context.newPage();
  await other.goto('/signin?next=%2Fcontacts');
  await other.getByLabel('E-mail').fill(account.email);
  await other.getByLabel('Password').fill(account.password);
  await other.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(other.getByRole('heading', { name: 'Your code' })).toBeVisible();
  await axe(other);
  await other.goto('/inbox');
  await expect(other, 'the password alone opens nothing').toHaveURL(/\/signin\?next/);
  await other.goto('/signin/code?next=%2Fcontacts');
  await other.getByLabel('Code', { exact: true }).fill(recovery);
  await other.getByLabel(/Don’t ask on this device/).check();
  await other.getByRole('button', { name: 'Go on', exact: true }).click();
  await expect(other).toHaveURL(/\/contacts/);
  await context.close();

  await open(page, THERE);
  await expect(page.getByText('9 of your recovery codes are left.')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Devices that are not asked for a code' })).toBeVisible();
  await page.getByText('Turn the second step off').click();
  await page.getByLabel('Your password').fill(account.password);
  await page.getByLabel('Code to turn it off').fill(code(key));
  await page.getByRole('button', { name: 'Turn it off', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Set it up', exact: true })).toBeVisible();
});

test('a browser that is signed out elsewhere is out', { tag: '@form' }, async ({ page, browser }) => {
  const account = await newBusiness(page);
  const context = await browser.newContext({ javaScriptEnabled: scripted() });
  const other = await context.newPage();
  await signIn(other, account);

  await open(page, THERE);
  const sessions = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem');
  await expect(sessions).toHaveCount(2);
  await expect(sessions.first()).toContainText('This browser');
  await axe(page);
  await sessions.nth(1).getByRole('button', { name: /^Sign out/ }).click();
  await expect(sessions).toHaveCount(1);
  await other.goto('/inbox');
  await expect(other).toHaveURL(/\/signin/);
  await context.close();
});

test('a wrong password is said at its field, and nothing is set up', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await open(page, THERE);
  await page.getByLabel('Your password').fill('not the password');
  await page.getByRole('button', { name: 'Set it up', exact: true }).click();
  await expect(page.getByText('This is not your password.')).toBeVisible();
  await expect(page.getByRole('img', { name: 'Picture for your authenticator' })).toBeHidden();
});
