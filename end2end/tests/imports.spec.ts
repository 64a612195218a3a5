// A file of visits from a spreadsheet: uploaded, looked at, imported, and its broken rows given back.
import { readFile } from 'node:fs/promises';
import { appears, axe, expect, newBusiness, open, test } from '../helpers';

/** Excel's CSV where the comma is for decimals: semicolons, Windows' letters, CRLF. Three rows are broken. */
function schedule(visits: number) {
  const day = (n: number) => {
    const at = new Date(Date.now() + (14 + Math.floor(n / 40)) * 86_400_000);
    return `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`;
  };
  const rows = ['Patient;Móvil;Date;Time;Notes'];
  for (let n = 0; n < visits; n++) {
    const time = `${9 + Math.floor((n % 40) / 6)}:${String((n % 6) * 10).padStart(2, '0')}`;
    const phone = n === 7 ? '4,15E+09' : n === 50 ? '123' : `415556${String(n).padStart(4, '0')}`;
    rows.push(`Núñez ${n};${phone};${day(n)};${n === 120 ? 'noonish' : time};"x;\r\ny"`);
  }
  return Buffer.from(rows.join('\r\n') + '\r\n', 'latin1');
}

test('a dentist imports 300 visits, and gets three broken rows back', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/appointments');
  await page.getByRole('link', { name: 'Import a file' }).click();
  await expect(page.getByLabel('What the file holds')).toHaveValue('appointments');
  await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'visits.csv', mimeType: 'text/csv', buffer: schedule(300) });
  await page.getByRole('button', { name: 'Upload and look at it' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'visits.csv' })).toBeVisible();
  await expect(page.getByText('semicolons between cells')).toBeVisible();
  await expect(page.getByLabel('Patient')).toHaveValue('name');
  await expect(page.getByLabel('Móvil')).toHaveValue('phone');
  await expect(page.getByText('Decide what these people have agreed to.')).toBeVisible();
  await expect(page.locator('[data-outcome=refused]')).toHaveCount(3);

  await page.getByLabel('They gave us their numbers when they booked').check();
  const order = page.getByLabel('The first number is the month');
  if (await order.isVisible()) await order.check();
  await page.getByRole('button', { name: 'Import 300 rows' }).click();
  await appears(page, page.locator('[data-import=done]'));
  await expect(page.locator('[data-count=created] dd')).toHaveText('297');
  await expect(page.locator('[data-count=refused] dd')).toHaveText('3');
  await axe(page);

  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download the 3 refused rows' }).click();
  const text = await readFile(await (await coming).path(), 'utf8');
  expect(text.charCodeAt(0)).toBe(0xfeff);
  expect(text).toContain('Excel shortened this number');
  expect(text).toContain('Núñez 120');

  await page.getByRole('link', { name: 'See all appointments' }).click();
  await expect(page.getByText('Núñez 0', { exact: true })).toBeVisible();
});

test('what can be read in two ways is asked, and a file can be left alone', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/imports/new?kind=appointments');
  const buffer = Buffer.from('Kunde,Handy,Termin\r\nAnn Lee,4155550171,03/04/2030 15:00\r\n');
  await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('button', { name: 'Upload and look at it' }).click();
  await page.getByLabel('Kunde').selectOption('name');
  await page.getByLabel('Handy').selectOption('phone');
  await page.getByLabel('Termin').selectOption('starts_at');
  await page.getByLabel('We do not know').check();
  await page.getByRole('button', { name: 'Look again' }).click();
  await expect(page.getByRole('group', { name: 'Is 03/04/2030 15:00 April 3, 2030 or March 4, 2030?' })).toBeVisible();
  await page.getByLabel('The first number is the day').check();
  await page.getByRole('button', { name: 'Look again' }).click();
  await expect(page.getByLabel('The first number is the day')).toBeChecked();
  await expect(page.locator('[data-missing] li')).toHaveCount(0);
  await page.getByRole('button', { name: 'Do not import this file' }).click();
  await expect(page.locator('[data-import=cancelled]')).toBeVisible();

  await page.goto('/imports/new');
  await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'a.xlsx', mimeType: 'text/csv', buffer: Buffer.from('PK\u0003\u0004rest') });
  await page.getByRole('button', { name: 'Upload and look at it' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'This is a workbook' })).toBeVisible();
});

test('people are taken out as a file', async ({ page }) => {
  await newBusiness(page);
  await open(page, '/contacts');
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download as CSV' }).click();
  expect((await coming).suggestedFilename()).toBe('contacts.csv');
});
