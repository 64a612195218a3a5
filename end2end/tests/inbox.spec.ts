// The main job: customers text, staff see it happen and answer.
import { OUR_NUMBER, appears, bubble, details, expect, newBusiness, newConversation, newCustomer, newVisit, open, person, scripted, send, test } from '../helpers';

test('a reply reaches the phone and is marked delivered', { tag: '@form' }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Hello Ada, see you soon.');

  await sim.received(ada.phone, 'Hello Ada, see you soon.');
  await appears(page, bubble(page, 'Hello Ada').locator('[data-delivery=delivered]'));
  await expect(bubble(page, 'Hello Ada')).toContainText('Robin Okafor');
  await expect(page.getByLabel('Reply', { exact: true })).toHaveValue('');
});

test('a customer’s text appears in the list and is read by opening it', { tag: ['@form', '@phone'] }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Anything we should know?');
  await sim.received(ada.phone, 'Anything we should know?');

  await open(page, '/inbox');
  const row = page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: ada.name });
  await expect(row).toHaveAttribute('data-unread', '0');
  await sim.text(ada.phone, OUR_NUMBER, 'I am allergic to latex 🙏');
  await appears(page, row.filter({ hasText: 'allergic to latex 🙏' }));
  await expect(row).toHaveAttribute('data-unread', '1');
  await expect(row.getByText('1 unread')).toBeVisible();

  await row.click();
  await expect(bubble(page, 'allergic to latex')).toHaveAttribute('data-direction', 'in');
  const read = page.getByRole('button', { name: 'Mark as read' });
  // Who has no script says so; otherwise it is enough to have the thread before one's eyes.
  if (!scripted()) await read.click();
  await expect(read).toBeHidden();
  await open(page, '/inbox');
  await expect(row).toHaveAttribute('data-unread', '0');
  await expect(row.getByText('unread')).toBeHidden();
});

test('a text arrives in the open thread without loading the page again', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'When would suit you?');
  await sim.received(ada.phone, 'When would suit you?');
  let loads = 0;
  page.on('load', () => loads++);

  await sim.text(ada.phone, OUR_NUMBER, 'Friday, please');
  await expect(bubble(page, 'Friday, please')).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Main' }).getByText('unread'), 'whoever looks at it has read it').toBeHidden();
  expect(loads).toBe(0);
});

test('a reply stands in the thread before the server has answered', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/fn/reply*', async (route) => {
    await held;
    await route.continue();
  });

  await send(page, 'One moment, I will look.');
  await expect(bubble(page, 'One moment')).toContainText('Sending…');
  await expect(page.getByLabel('Reply', { exact: true })).toHaveValue('');
  answer();
  await expect(bubble(page, 'One moment').locator('[data-delivery=delivered]')).toBeVisible();
  await expect(bubble(page, 'One moment')).toHaveCount(1);
  expect((await sim.messages(ada.phone)).length).toBe(1);
});

test('a reply whose answer is lost on its way back is sent once', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  let taken = 0;
  await page.route('**/api/fn/reply*', async (route) => {
    await route.fetch();
    taken++;
    await route.abort();
  });
  await send(page, 'Can you hear me?');
  await sim.received(ada.phone, 'Can you hear me?');
  await expect(bubble(page, 'Can you hear me?').locator('[data-delivery=delivered]')).toBeVisible();
  await expect.poll(() => taken).toBe(1);
  // The browser does not know that it has arrived, and asks once more by itself.
  await expect.poll(() => page.evaluate(async () => (await (self as any).showupOutbox.all()).length)).toBe(0);
  await open(page, page.url());
  await expect(bubble(page, 'Can you hear me?')).toHaveCount(1);
  expect(await sim.messages(ada.phone)).toHaveLength(1);
});

test('Enter sends, Shift+Enter begins a line, and the counter counts', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  const reply = page.getByLabel('Reply', { exact: true });

  await reply.fill('x'.repeat(161));
  await expect(page.getByText('161 characters · 2 texts')).toBeVisible();
  await reply.fill('✂');
  await expect(page.getByText('1 character · 1 text · emoji')).toBeVisible();

  await reply.fill('');
  await reply.pressSequentially('First line');
  await reply.press('Shift+Enter');
  await reply.pressSequentially('second line');
  await expect(reply).toHaveValue('First line\nsecond line');
  await expect(page.getByText('22 characters · 1 text')).toBeVisible();
  await reply.press('Enter');
  await expect(reply).toHaveValue('');
  await sim.received(ada.phone, 'First line\nsecond line');
});

test('Y turns the visit green', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newVisit(page, ada);
  await newConversation(page, ada);
  await details(page);
  const visit = person(page).locator('[data-appointment]');
  await expect(visit.locator('[data-status=scheduled]')).toBeVisible();
  await visit.getByRole('button', { name: 'Remind now' }).click();
  await sim.received(ada.phone, /Reply Y to confirm or N/);
  let loads = 0;
  page.on('load', () => loads++);

  await sim.text(ada.phone, OUR_NUMBER, 'Y');
  await appears(page, visit.locator('[data-status=confirmed]'));
  if (scripted()) expect(loads, 'without loading the page again').toBe(0);
  await expect(visit).toContainText('answered yes');
  await expect(visit).toContainText('Confirmed');
});

test('N makes a task for a person', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newVisit(page, ada);
  await newConversation(page, ada);
  await details(page);
  await person(page).getByRole('button', { name: 'Remind now' }).click();
  await sim.received(ada.phone, /Reply Y to confirm or N/);

  await sim.text(ada.phone, OUR_NUMBER, 'N');
  await appears(page, person(page).locator('[data-task=reschedule]'));
  await expect(person(page).locator('[data-appointment] [data-status=reschedule_requested]')).toBeVisible();
  await open(page, '/tasks');
  await expect(page.locator('[data-task=reschedule]')).toContainText(ada.name);
  await expect(page.getByRole('navigation', { name: 'Main' }).getByText('1 open')).toBeVisible();
});

test('after STOP the composer refuses with the reason, after START it is back', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await send(page, 'Your new time is Friday at 3 PM.');
  await sim.received(ada.phone, 'Your new time');
  const head = page.getByRole('region', { name: 'Conversation', exact: true });
  const refusal = page.getByRole('status').filter({ hasText: /opted out/i });

  await sim.text(ada.phone, OUR_NUMBER, 'STOP');
  await appears(page, refusal);
  await expect(refusal).toContainText('START');
  await expect(page.getByLabel('Reply', { exact: true })).toBeHidden();
  await expect(head.locator('[data-consent="Opted out"]')).toBeVisible();

  await sim.text(ada.phone, OUR_NUMBER, 'START');
  await appears(page, page.getByLabel('Reply', { exact: true }));
  await expect(head.locator('[data-consent="Agreed to texts"]')).toBeVisible();
  await expect(refusal).toBeHidden();
});

test('a text that the provider refuses says why', async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  await sim.fault({ kind: 'refuse', code: 21211, to: ada.phone });
  await send(page, 'Are you there?');

  await appears(page, bubble(page, 'Are you there?').locator('[data-delivery=failed]'));
  await expect(bubble(page, 'Are you there?')).toContainText('Failed to send');
  await expect(bubble(page, 'Are you there?')).toContainText('not a valid phone number');
  expect(await sim.messages(ada.phone)).toEqual([]);
});

test('a reply the server refuses keeps its words', { tag: '@form' }, async ({ page, sim }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await newConversation(page, ada);
  const words = 'No end. '.repeat(250).trim();
  await page.getByLabel('Reply', { exact: true }).evaluate((area) => area.removeAttribute('maxlength'));
  await send(page, words);

  await expect(page.getByText(/1,?600/).filter({ visible: true })).toBeVisible();
  if (scripted()) await expect(bubble(page, words)).toContainText('Not sent');
  else await expect(page.getByLabel('Reply', { exact: true })).toHaveValue(words);
  expect(await sim.messages(ada.phone)).toEqual([]);
});
