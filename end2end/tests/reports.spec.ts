// Reports and the numbers of the last seven days: kept current, reachable by keyboard, and readable without scripts.
import AxeBuilder from '@axe-core/playwright';
import { OUR_NUMBER, appears, expect, look, newBusiness, newCustomer, open, openNewVisit, test } from '../helpers';

test('a week is told in numbers that keep up, and say what they mean', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await openNewVisit(page, ada);
  await page.getByRole('button', { name: 'Remind now' }).click();
  await sim.received(ada.phone, /Reply Y/);
  await open(page, '/today');
  const number = (key: string) => page.locator(`[data-number=${key}]`);
  await appears(page, number('sent').getByText('1', { exact: true }));
  await appears(page, number('pending').getByText('1', { exact: true }));
  await sim.text(ada.phone, OUR_NUMBER, 'Y');
  await expect(number('pending').getByText('0', { exact: true }), 'it follows by itself').toBeVisible();
  await number('sent').getByRole('link').focus();
  await expect(number('sent').getByText('Texts written in the last 7 days that left.')).toBeVisible();
  await look(page, 'today-numbers');
});

test('a report is a chart, a table and a file', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await openNewVisit(page, ada);
  await page.getByRole('button', { name: 'Remind now' }).click();
  await sim.received(ada.phone, /Reply Y/);
  await sim.text(ada.phone, OUR_NUMBER, 'Y');
  await expect(page.getByText('Confirmed').first()).toBeVisible();
  await open(page, '/reports');
  const activity = page.locator('[data-report=activity]');
  const bar = activity.getByRole('img', { name: /1 received|Received 1/ });
  await bar.focus();
  await expect(activity.getByText(/Received 1, Sent 1/)).toBeVisible();
  await activity.getByText('The numbers as a table').click();
  const today = activity.getByRole('table', { name: 'Daily activity' }).getByRole('row').last();
  await expect(today.getByRole('cell')).toHaveText(['1', '1', /[01]/, '0', '0']);
  const [file] = await Promise.all([page.waitForEvent('download'), activity.getByRole('link', { name: 'CSV' }).click()]);
  expect(file.suggestedFilename()).toBe('activity.csv');
  const [paper] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'PDF' }).click()]);
  expect(paper.suggestedFilename()).toMatch(/^showup-.*\.pdf$/);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await look(page, 'reports');
});

test('days are chosen and compared without scripts', { tag: '@form' }, async ({ page, browser }) => {
  await newBusiness(page);
  const state = await page.context().storageState();
  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: state, viewport: { width: 360, height: 740 } });
  const theirs = await plain.newPage();
  await theirs.goto('/reports');
  await theirs.getByRole('link', { name: '7 days', exact: true }).click();
  await theirs.getByLabel('Compare with the days before').check();
  await theirs.getByRole('button', { name: 'Show' }).click();
  await expect(theirs.getByText(/compared with/)).toBeVisible();
  const wide = await theirs.evaluate(() => document.documentElement.scrollWidth).catch(() => 0);
  expect(wide).toBeLessThanOrEqual(360);
  await plain.close();
});

test('reviews are told by place and platform, and who was not asked by the reason', async ({ page }) => {
  await newBusiness(page);
  await open(page, '/reports');
  const reviews = page.locator('[data-report=reviews]');
  await expect(reviews.getByRole('heading', { name: 'Reviews' })).toBeVisible();
  await expect(reviews.getByText('Nothing to tell of these days.')).toBeVisible();
  await expect(reviews.getByRole('link', { name: 'Show the rows behind it' })).toHaveAttribute('href', '/reviews');
  const reasons = page.locator('[data-report=review-reasons]');
  await expect(reasons.getByText(/everybody is asked alike/)).toBeVisible();
  const [file] = await Promise.all([page.waitForEvent('download'), reviews.getByRole('link', { name: 'CSV' }).click()]);
  expect(file.suggestedFilename()).toBe('reviews.csv');
  await expect(page.locator('[data-figure=response_time_open]')).toContainText('–');
});

test('alerts have a page, and mail of them can be turned off', async ({ page }) => {
  await newBusiness(page);
  await open(page, '/reports');
  await page.getByRole('link', { name: 'Alerts' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Alerts' })).toBeVisible();
  await expect(page.getByText('All is as usual')).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await look(page, 'alerts');
  await open(page, '/notifications');
  const mails = page.getByLabel(/more texts fail or more people opt out than usual/);
  await expect(mails).toBeChecked();
  await mails.uncheck();
  await page.getByRole('button', { name: 'Save notifications' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await page.reload();
  await expect(mails).not.toBeChecked();
});
