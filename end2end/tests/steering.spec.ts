// What keeps texts back, and what staff do about it: banners, people on hold, limits and budget.
import { OUR_NUMBER, appears, details, expect, inDays, look, newBusiness, newConversation, newCustomer, open, person, scripted, send, setLimits, test } from '../helpers';

const WISH = 'please take me off your list';

test('a budget warns and then says that reminders wait, on every page', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  // A text costs 0.79 cents, now and when the price comes in later: with nine more than 80
  // percent is used, and after ten there is no room for another.
  await setLimits(page, { budget: '0.08' });
  await newConversation(page, ada);
  const notices = page.getByRole('region', { name: 'Notices' });
  await expect(notices).toBeHidden();
  let loads = 0;
  page.on('load', () => loads++);

  for (let n = 1; n <= 9; n++) {
    const text = `Text ${n}.`;
    await send(page, text);
    await sim.received(ada.phone, text);
  }
  await appears(page, notices.locator('[data-notice=budget_alert]'));
  await expect(notices.getByRole('alert'), 'a warning does not interrupt').toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Send' }), 'the composer is still in view').toBeInViewport();

  await send(page, 'The tenth');
  await sim.received(ada.phone, 'The tenth');
  const used = notices.locator('[data-notice=budget_used]');
  await appears(page, used);
  await expect(used).toContainText('Raise the budget in Settings');
  await expect(notices.locator('[data-notice=budget_alert]')).toHaveCount(0);
  if (scripted()) {
    await expect(notices.getByRole('alert'), 'what is urgent is read out when it comes').toHaveCount(1);
    expect(loads, 'without loading the page again').toBe(0);
  }
  await look(page, 'banner-inbox');

  await open(page, '/tasks');
  await expect(used).toBeVisible();
  await expect(notices.getByRole('alert'), 'what was there before is not read out').toHaveCount(0);
  await look(page, 'banner-tasks');
  await open(page, '/settings/limits');
  await page.getByLabel('Monthly budget in US dollars').fill('1,000');
  await page.getByRole('button', { name: 'Save limits' }).click();
  await appears(page, page.getByText('of $1,000.00, 0 %'));
  await expect(notices).toBeHidden();
});

test('somebody who asks for no more texts is on hold until staff decide', { tag: '@form' }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'See you on Friday.');
  await sim.received(ada.phone, 'See you on Friday.');
  const question = page.getByRole('region', { name: 'This person seems to have asked for no more texts.' });

  await sim.text(ada.phone, OUR_NUMBER, WISH);
  await appears(page, question);
  await expect(question.getByText(WISH)).toBeVisible();
  await expect(page.getByLabel('Reply', { exact: true })).toBeHidden();
  await look(page, 'hold-thread');
  await page.reload();
  await expect(question, 'a page that comes with the question works, too').toBeVisible();
  await details(page);
  await expect(person(page).locator('[data-task=opt_out]')).toContainText('Possible opt-out');
  await expect(person(page).getByRole('button', { name: 'Done' }), 'it is not ticked off').toHaveCount(0);

  await open(page, '/inbox');
  const row = page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: ada.name });
  await expect(row.getByText('On hold')).toBeVisible();
  await look(page, 'hold-inbox');
  await open(page, '/tasks');
  const task = page.locator('[data-task=opt_out]');
  await expect(task).toContainText(ada.name);
  await look(page, 'hold-tasks');
  await task.getByRole('link', { name: 'Decide', exact: true }).click();
  await question.getByRole('button', { name: 'Keep texting' }).click();
  await appears(page, page.getByLabel('Reply', { exact: true }));
  await expect(question).toBeHidden();
  await send(page, 'All right, we keep you posted.');
  await sim.received(ada.phone, 'All right');
});

test('on the person’s page they are opted out, with their own words as evidence', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Hello Ada');
  await sim.received(ada.phone, 'Hello Ada');
  await open(page, `/contacts/${ada.id}`);
  await sim.text(ada.phone, OUR_NUMBER, WISH);
  const question = page.locator('[data-hold]');
  await appears(page, question);
  await expect(question).toContainText(WISH);
  await look(page, 'hold-contact');

  await question.getByRole('button', { name: 'Opt them out' }).click();
  await appears(page, page.locator('[data-consent="Opted out"]').first());
  await expect(question).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Consent history' })).toContainText(`Text "${WISH}"`);
  await open(page, '/tasks?status=done');
  await expect(page.locator('[data-task=opt_out]')).toContainText('by Robin Okafor');
});

test('the consent history is a file to take away', async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await open(page, `/contacts/${ada.id}`);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download consent history (CSV)' }).click();
  expect((await download).suggestedFilename()).toBe(`consent-${ada.id}.csv`);
  const text = await (await page.request.get(`/contacts/${ada.id}/consent.csv`)).text();
  expect(text.split('\r\n')[0]).toBe('seq,at,channel,purpose,state,source,actor,evidence,prev_hash,hash');
  expect(text).toContain(',opted_in,booking,');
});

test('limits are checked field by field and nothing typed is lost', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  await open(page, '/settings/limits');
  const texts = page.getByRole('region', { name: 'Texts', exact: true });
  await expect(texts).toContainText('There is no budget');
  await texts.getByLabel('Monthly budget in US dollars').fill('12,50');
  await texts.getByLabel('Texts per hour').fill('200000');
  await texts.getByRole('button', { name: 'Save limits' }).click();
  await expect(texts.getByLabel('Monthly budget in US dollars')).toHaveAttribute('aria-invalid', 'true');
  await expect(texts.getByLabel('Texts per hour')).toHaveAccessibleDescription(/1 to 100,000/);
  await expect(texts.getByLabel('Monthly budget in US dollars')).toHaveValue('12,50');
  await expect(texts.getByLabel('Texts per hour')).toHaveValue('200000');
  await look(page, 'settings-refused');

  await texts.getByLabel('Monthly budget in US dollars').fill('$12.50');
  await texts.getByLabel('Texts per hour').fill('2,000');
  await texts.getByRole('button', { name: 'Save limits' }).click();
  await expect(texts.getByText('Saved.')).toBeVisible();
  await expect(texts).toContainText('$0.00 of $12.50, 0 %');
  await expect(texts.getByRole('progressbar')).toBeVisible();
  await page.goto('/settings/limits');
  await expect(texts.getByLabel('Monthly budget in US dollars')).toHaveValue('12.50');
  await expect(texts.getByLabel('Texts per hour')).toHaveValue('2000');
});

test('a test mail shows whether e-mail works', { tag: '@form' }, async ({ page, sim }) => {
  const { email, business } = await newBusiness(page);
  await open(page, '/settings/email');
  const mail = page.getByRole('region', { name: 'E-mail' });
  await expect(mail).toContainText('showup@example.com');
  await mail.getByRole('button', { name: 'Send me a test mail' }).click();
  await expect(mail.getByText('It is on its way to your address.')).toBeVisible();
  await appears(page, mail.getByText('Handed over to the mail server.'));
  await expect(mail.getByRole('listitem')).toContainText('Test mail to Robin Okafor');
  const got = await sim.mails(email);
  expect(got.map(({ subject }) => subject)).toEqual([`${business}: a test mail from Showup`]);
  expect(got[0].text).toContain('/settings');
  expect(got[0].html).toContain('/settings');
  await mail.getByRole('button', { name: 'Send me a test mail' }).click();
  await expect(mail.getByRole('alert')).toContainText('less than a minute ago');
  await look(page, 'settings-email');
});

test('a location is added, changed and chosen for a visit', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await open(page, '/settings/locations');
  const places = page.getByRole('region', { name: 'Locations' });
  await expect(places).toContainText('Without locations');
  const adding = places.locator('details', { hasText: 'Add a location' });
  await adding.getByText('Add a location').click();
  await adding.getByLabel('Location name').fill('Uptown');
  await adding.getByLabel('Address').fill('1 Main Street');
  await adding.getByLabel('Number').fill('+1 415 555 0199');
  await adding.getByRole('button', { name: 'Save location' }).click();
  await expect(adding.getByLabel('Number')).toHaveAttribute('aria-invalid', 'true');
  await expect(adding.getByLabel('Number')).toHaveAccessibleDescription(/not one of your business's numbers/);
  await expect(adding.getByLabel('Location name')).toHaveValue('Uptown');
  await look(page, 'location-refused');
  await adding.getByLabel('Number').fill('');
  await adding.getByRole('button', { name: 'Save location' }).click();
  const uptown = places.getByRole('listitem');
  await expect(uptown).toContainText('1 Main Street');

  await uptown.getByText('Change').click();
  await uptown.getByLabel('Location name').fill('North');
  await uptown.getByRole('button', { name: 'Save location' }).click();
  await expect(uptown).toContainText('North');
  await look(page, 'location');

  await open(page, `/appointments/new?contact=${ada.id}`);
  await page.getByLabel('Date and time').fill(inDays(3));
  await page.getByLabel('Location').selectOption('North');
  await page.getByRole('button', { name: 'Save appointment' }).click();
  await expect(page.getByRole('definition').filter({ hasText: 'North' })).toBeVisible();
  await look(page, 'visit-with-location');
});
