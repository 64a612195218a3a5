// Two texts tried against each other: how many people that takes is said first, one runs, and nobody has won early.
import { axe, expect, look, newBusiness, newCustomer, newVisit, open, test } from '../helpers';

const OTHER = 'Will you come on {{ date }} at {{ time }}? Y{{ token }} or N{{ token }}. STOP to opt out.';

test('a test of the reminder is planned, started, looked at and ended', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  await newBusiness(page);
  await open(page, '/settings/templates/tests');
  await expect(page.getByText('No tests yet')).toBeVisible();
  await axe(page);
  await open(page, '/settings/templates?kind=reminder&channel=sms&language=en');
  await page.getByRole('link', { name: 'Try another text' }).click();
  await expect(page.getByRole('heading', { name: 'Try another text', level: 1 })).toBeVisible();
  await page.getByLabel('The other text (B)').fill(OTHER);
  await page.getByLabel('Of 100 people, how many is it now?').fill('60');
  await page.getByLabel('How many would be worth it?').fill('50');
  await axe(page);
  await look(page, 'experiment-new');
  await page.getByRole('button', { name: 'Plan the test' }).click();
  // More is better, and what was typed stays.
  await expect(page.getByText('this has to be more than it is now').first()).toBeVisible();
  await expect(page.getByLabel('The other text (B)')).toHaveValue(OTHER);
  await page.getByLabel('How many would be worth it?').fill('70');
  await page.getByRole('button', { name: 'Plan the test' }).click();

  await expect(page.getByText('It takes 353 people for each text.')).toBeVisible();
  await expect(page.locator('[data-expected]')).toContainText('more than ten years');
  await page.getByRole('button', { name: 'Start the test' }).click();
  await expect(page.locator('[data-standing]')).toHaveText('Too early, 0 %');

  const ada = await newCustomer(page);
  await open(page, `/appointments/${await newVisit(page, ada)}`);
  await page.getByRole('button', { name: 'Remind now' }).click();
  const { body, from } = await sim.received(ada.phone, /STOP to opt out/);
  const arm = body.startsWith('Will you come on') ? 'b' : 'a';
  await sim.text(ada.phone, from!, 'Y');
  await page.goto('/settings/templates/tests');
  await page.getByRole('link', { name: /^Reminder ·/ }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.locator(`[data-arm=${arm}] [data-counted]`)).toContainText('1 of 1 confirmed', { timeout: 1_000 });
  }).toPass();
  await expect(page.locator('[data-standing]')).toHaveText('Too early, 0 %');
  await axe(page);
  await look(page, 'experiment-running');

  await page.getByText('End the test early…').click();
  await page.getByRole('button', { name: 'End it without a result' }).click();
  await expect(page.locator('[data-standing]')).toContainText('Nothing can be said of the two texts.');
  await look(page, 'experiment-ended', ['desktop']);
});
