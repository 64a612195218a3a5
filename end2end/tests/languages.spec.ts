// The language customers are texted in: chosen, hinted at, switched, and answered in.
import type { Page } from '@playwright/test';
import { type Customer, OUR_NUMBER, type Sim, appears, bubble, expect, newBusiness, newConversation, newCustomer, newVisit, open, post, send, test } from '../helpers';

test('the language of a customer and of the business are chosen', { tag: '@form' }, async ({ page }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  await open(page, `/contacts/${ada.id}`);
  const language = page.getByRole('combobox', { name: 'Language' });
  await expect(language).toHaveValue('');
  await expect(language.getByRole('option', { selected: true })).toHaveText('As your business: English');
  await language.selectOption('Spanish');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await page.reload();
  await expect(language).toHaveValue('es');

  await open(page, '/settings/business');
  const own = page.getByRole('region', { name: 'Language of texts' });
  await own.getByRole('combobox', { name: 'Language' }).selectOption('Spanish');
  await own.getByLabel('Keep texts short').uncheck();
  await own.getByRole('button', { name: 'Save language' }).click();
  await expect(own.getByText('Saved.')).toBeVisible();
  await open(page, '/contacts/new');
  await expect(language.getByRole('option', { selected: true })).toHaveText('As your business: Spanish');
  await open(page, '/settings/business');
  await expect(own.getByRole('combobox', { name: 'Language' })).toHaveValue('es');
  await expect(own.getByLabel('Keep texts short')).not.toBeChecked();
});

/** The number is shared by all tests: a text of ours makes it this business's for them. */
async function greet(page: Page, sim: Sim, customer: Customer) {
  await newConversation(page, customer);
  await send(page, 'Hello!');
  await sim.received(customer.phone, 'Hello!');
}

test('who seems to write Spanish is switched by a button, reminded in Spanish, and answers with SÍ', { tag: '@form' }, async ({ page, sim }) => {
  await newBusiness(page);
  const luz = await newCustomer(page, 'Luz Marín');
  const visit = await newVisit(page, luz);
  await greet(page, sim, luz);
  await sim.text(luz.phone, OUR_NUMBER, 'Hola, ¿me puede escribir en español por favor?');
  const hint = page.getByRole('group', { name: 'What they seem to write' });
  await appears(page, hint.getByText('Seems to write Spanish. Switch?'));
  await hint.getByRole('button', { name: 'Text them in Spanish' }).click();
  await expect(hint).toBeHidden();

  await post(page, `/appointments/${visit}`, 'remind_now', { id: visit, back: `/appointments/${visit}` });
  await sim.received(luz.phone, /le recordamos su cita: .* Responda S para confirmar o N/);
  await sim.text(luz.phone, OUR_NUMBER, 'SÍ');
  await appears(page, bubble(page, 'SÍ'));
  await open(page, `/appointments/${visit}`);
  await expect(page.getByRole('heading', { level: 1 }).locator('[data-status=confirmed]')).toBeVisible();
});

test('a hint can be left alone and does not come back', { tag: '@form' }, async ({ page, sim }) => {
  await newBusiness(page);
  const ann = await newCustomer(page);
  await greet(page, sim, ann);
  await sim.text(ann.phone, OUR_NUMBER, 'Gracias por la cita');
  const hint = page.getByRole('group', { name: 'What they seem to write' });
  await appears(page, hint);
  await hint.getByRole('button', { name: 'Leave it' }).click();
  await expect(hint).toBeHidden();
  await sim.text(ann.phone, OUR_NUMBER, 'Muchas gracias por todo, nos vemos el martes');
  await appears(page, bubble(page, 'nos vemos el martes'));
  await expect(hint).toBeHidden();
});

test('what is typed says what keeping it short saves', async ({ page }) => {
  await newBusiness(page);
  await newConversation(page, await newCustomer(page));
  await page.getByLabel('Reply', { exact: true }).fill('Buenos días, el doctor podrá verla mañana a las 9:00 a. m.; ¿está bien así?');
  await expect(page.getByText('2 parts → 1')).toBeVisible();
});
