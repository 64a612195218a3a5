// Texts to customers: one is made the business's own, seen on a visit while it is written, refused with its reasons, and set back.
import { axe, expect, look, newBusiness, open, test } from '../helpers';

const OWN = 'Dear {{ name }}, {{ business }} expects you on {{ date }} at {{ time }}. Y{{ token }} or N{{ token }}? STOP to opt out.';

test('a text becomes ones own, and shows how it arrives while it is written', async ({ page }) => {
  const { business } = await newBusiness(page);
  await open(page, '/settings/templates');
  await expect(page.getByRole('heading', { name: 'Texts to customers', level: 1 })).toBeVisible();
  await axe(page);
  await look(page, 'templates-list');
  await page.getByRole('link', { name: /^Reminder built in/ }).first().click();
  const arrives = page.getByRole('region', { name: 'How it arrives' });
  await expect(arrives).toContainText(`${business}: reminder of your visit on`);
  await expect(arrives).toContainText('1 part');
  const words = page.getByLabel('Words');
  await words.fill('See you {{ date }}. Reply CANCEL to cancel.');
  await expect(arrives.locator('[data-warning=reserved_word]')).toBeVisible();
  await expect(arrives.locator('[data-warning=missing_variable]')).toContainText('time');
  await words.fill(OWN);
  await expect(arrives).toContainText(`Dear Maya, ${business} expects you on`);
  await words.fill('Hi ');
  await page.getByText('What can stand in it').click();
  await page.getByRole('button', { name: 'Insert name', exact: true }).click();
  await expect(words).toHaveValue('Hi {{ name }}');
  await words.fill(OWN);
  await axe(page);
  await look(page, 'templates-editor');
  await page.getByRole('button', { name: 'Save text' }).click();
  await expect(page.getByText('Saved. From now on')).toBeVisible();
  await expect(page.getByText('Your own')).toBeVisible();
  const before = page.getByRole('region', { name: 'What it said before' });
  await expect(before.getByRole('listitem')).toHaveCount(1);
  await page.reload();
  await expect(words).toHaveValue(OWN);
});

test('a text that must not go out is refused with every reason, and what was typed stays', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await open(page, '/settings/templates?kind=reminder&channel=sms&language=en');
  await page.getByLabel('Words').fill('See you {{ date }}. Reply CANCEL to cancel.');
  await page.getByRole('button', { name: 'Save text' }).click();
  await expect(page.getByText('Please don’t ask for CANCEL').first()).toBeVisible();
  await expect(page.getByText('Please say {{ time }}').first()).toBeVisible();
  await expect(page.getByLabel('Words')).toHaveValue('See you {{ date }}. Reply CANCEL to cancel.');
});

test('it goes back to the built-in text, and what was written can be brought back', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await open(page, '/settings/templates?kind=help&channel=sms&language=en');
  const words = page.getByLabel('Words');
  await words.fill('We are here for you. STOP to opt out.');
  await page.getByRole('button', { name: 'Save text' }).click();
  await expect(page.getByText('Your own')).toBeVisible();
  await page.getByText('Back to the built-in text…').click();
  await page.getByRole('button', { name: 'Use the built-in text' }).click();
  await expect(words).toHaveValue(/messages about your appointments/);
  const before = page.getByRole('region', { name: 'What it said before' });
  await expect(before.getByRole('listitem')).toHaveCount(2);
  await before.getByRole('button', { name: 'Use this again (version 1)' }).click();
  await expect(words).toHaveValue('We are here for you. STOP to opt out.');
  await expect(before.getByRole('listitem')).toHaveCount(3);
});

test('each channel and language has a text of its own', { tag: '@phone' }, async ({ page }) => {
  await newBusiness(page);
  await open(page, '/settings/templates?kind=reminder&channel=sms&language=en');
  await page.getByRole('navigation', { name: 'Language' }).getByRole('link', { name: 'Spanish' }).click();
  await expect(page.getByLabel('Words')).toHaveValue(/le recordamos/);
  await page.getByRole('navigation', { name: 'Channel' }).getByRole('link', { name: 'E-mail' }).click();
  await expect(page.getByLabel('Subject')).toHaveValue(/Su cita/);
  await axe(page);
});
