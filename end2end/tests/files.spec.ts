// A page's file may not come: after an upgrade an open tab asks for names that are gone, and any answer can be lost.
import { type Page } from '@playwright/test';
import { expect, isLive, newBusiness, newCustomer, open, test } from '../helpers';

const FILES = /\/pkg\/(split|chunk)_/;
const go = (page: Page, name: string) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();
const heading = (page: Page, name: string) => expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
const missing = (page: Page) => page.getByRole('alert').filter({ hasText: 'This page could not be loaded.' });

/** Counts how often a whole page is asked for. */
function loads(page: Page) {
  const paths: string[] = [];
  page.on('request', (request) => request.isNavigationRequest() && paths.push(new URL(request.url()).pathname));
  return paths;
}

test('a file that is lost once costs a full load', async ({ page, context }) => {
  await newBusiness(page);
  const ada = await newCustomer(page);
  // That a file is missing stands in the console, as it should.
  const tab = await context.newPage();
  await open(tab, '/inbox');
  let lost = 0;
  await tab.route(FILES, (route) => (lost++ === 0 ? route.abort() : route.continue()));
  const asked = loads(tab);
  await go(tab, 'Contacts');
  await heading(tab, 'Contacts');
  await isLive(tab);
  expect(asked).toEqual(['/contacts']);
  await tab.getByRole('link', { name: ada.name }).click();
  await heading(tab, ada.name);
  await go(tab, 'Tasks');
  await heading(tab, 'Tasks');
  expect(asked, 'from there it goes on as before').toEqual(['/contacts']);
  await expect(missing(tab)).toHaveCount(0);
});

test('where no file ever comes, pages are the server’s, and it is said', async ({ page, context }) => {
  await newBusiness(page);
  const tab = await context.newPage();
  await open(tab, '/inbox');
  await tab.route(FILES, (route) => route.abort());
  const asked = loads(tab);
  await go(tab, 'Contacts');
  await expect(missing(tab)).toBeVisible();
  await heading(tab, 'Contacts');
  expect(asked, 'once more, and then no more').toEqual(['/contacts', '/contacts']);
  await go(tab, 'Reports');
  await expect(missing(tab)).toBeVisible();
  await heading(tab, 'Reports');
  expect(asked.slice(2)).toEqual(['/reports', '/reports']);
  await go(tab, 'Inbox');
  await expect(missing(tab)).toBeVisible();
  await heading(tab, 'Inbox');
  await tab.goBack();
  await expect(missing(tab)).toBeVisible();

  await tab.unroute(FILES);
  await missing(tab).getByRole('link', { name: 'Reload' }).click();
  await isLive(tab);
  await heading(tab, 'Reports');
  await expect(missing(tab)).toHaveCount(0);
});
