// Reviews: where customers write them, how they are asked, and who was asked.
import { expect, look, newBusiness, open, test } from '../helpers';

const GOOGLE = 'https://search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsRUsoyG83frY4';

test('a platform is added, looked at, and taken away', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/reviews');
  await expect(page.getByText('Nobody is asked yet', { exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'Add a platform' }).click();
  const platforms = page.getByRole('region', { name: 'Where reviews are written' });
  await expect(platforms.getByText('Nowhere yet')).toBeVisible();

  await platforms.getByLabel('Platform').selectOption('google');
  await platforms.getByLabel('Name').fill('Google, Main Street');
  await platforms.getByLabel('Link, or secret address').fill('https://www.google.com/maps/place/Salon');
  await platforms.getByRole('button', { name: 'Add platform' }).click();
  // What was typed stays, and what is wrong with it stands at its field.
  await expect(platforms.getByText('Please give the link that Google shows')).toBeVisible();
  await expect(platforms.getByLabel('Name')).toHaveValue('Google, Main Street');
  await platforms.getByLabel('Link, or secret address').fill(GOOGLE);
  await platforms.getByRole('button', { name: 'Add platform' }).click();
  await expect(platforms.getByText('Google, Main Street')).toBeVisible();
  await expect(platforms.getByRole('link', { name: 'Open it to check' })).toHaveAttribute('href', GOOGLE);
  await expect(platforms.getByLabel('Name')).toHaveValue('');
  await look(page, 'reviews-settings');

  await page.goto('/reviews');
  await expect(page.getByText('Nobody here', { exact: true })).toBeVisible();
  await look(page, 'reviews');
  await page.goto('/settings/reviews');
  await platforms.getByRole('button', { name: 'Remove' }).click();
  await expect(platforms.getByText('Nowhere yet')).toBeVisible();
});

test('asking is stopped, and the page says so', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await page.goto('/settings/reviews');
  const asking = page.getByRole('region', { name: 'How customers are asked' });
  await asking.getByLabel('How long after a visit').selectOption({ label: '2 hours' });
  await asking.getByLabel('From').fill('07:00');
  await asking.getByRole('button', { name: 'Save' }).click();
  await expect(asking.getByText('between 9:00 and 20:00')).toBeVisible();
  await asking.getByLabel('From').fill('10:00');
  await asking.getByLabel('Customers are asked for a review').uncheck();
  await asking.getByRole('button', { name: 'Save' }).click();
  await expect(asking.getByText('Saved.')).toBeVisible();
  await page.goto('/settings/reviews');
  await expect(asking.getByLabel('How long after a visit')).toHaveValue('120');
  await expect(asking.getByLabel('From')).toHaveValue('10:00');
  await expect(asking.getByLabel('Customers are asked for a review')).not.toBeChecked();
  await open(page, '/reviews');
  await expect(page.getByText('Nobody is asked at the moment.')).toBeVisible();
});
