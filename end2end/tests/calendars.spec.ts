// A salon keeps its visits in a calendar elsewhere: it pastes the calendar's address, looks at what that brings, starts, and moves on there.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, newBusiness, test } from '../helpers';

/** A calendar server with what is put into it. */
class Calendar {
  private events = new Map<string, { title: string; start: Date }>();
  private constructor(private server: Server) {}

  static async start(): Promise<Calendar> {
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const calendar = new Calendar(server);
    server.on('request', (_, answer) => {
      answer.writeHead(200, { 'content-type': 'text/calendar' });
      answer.end(calendar.text());
    });
    return calendar;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/secret/basic.ics`;
  }

  put(uid: string, title: string, start: Date) {
    this.events.set(uid, { title, start });
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  private text(): string {
    const stamp = (at: Date) => at.toISOString().replace(/[-:]|\.\d+/g, '');
    const events = [...this.events].map(
      ([uid, { title, start }]) =>
        `BEGIN:VEVENT\r\nUID:${uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:${stamp(start)}\r\nDURATION:PT30M\r\nSUMMARY:${title}\r\nEND:VEVENT\r\n`,
    );
    return `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n${events.join('')}END:VCALENDAR\r\n`;
  }
}

/** So many days from now, at the full hour. */
function later(days: number): Date {
  const at = new Date(Date.now() + days * 86_400_000);
  at.setMinutes(0, 0, 0);
  return at;
}

test('a salon pastes its calendar’s address, looks, starts, and moves an event there', { tag: '@form' }, async ({ page }) => {
  const calendar = await Calendar.start();
  try {
    calendar.put('maya', 'Maya Lopez +14155550171', later(10));
    calendar.put('ann', 'Ann', later(11));
    calendar.put('lunch', 'Lunch', later(11));
    await newBusiness(page);
    await page.goto('/calendars');
    await expect(page.getByText('No calendar yet')).toBeVisible();
    await page.getByText('Add a calendar').click();
    await page.getByLabel('Name', { exact: true }).fill('Salon');
    await page.getByLabel('Secret address in iCal format').fill(calendar.url);
    await page.getByRole('button', { name: 'Add calendar' }).click();

    // It is read at once, and nothing is booked.
    await expect(page.getByRole('heading', { name: 'Salon', exact: true })).toBeVisible();
    await expect(async () => {
      await page.reload();
      await expect(page.getByTestId('counts')).toHaveText('2 visits in the next 60 days, 1 linked, 1 needs a number', { timeout: 1_000 });
    }).toPass({ timeout: 180_000 });
    const here = page.url();
    await page.goto('/appointments');
    await expect(page.getByText('Maya Lopez')).toHaveCount(0);

    await page.goto(here);
    await page.getByRole('button', { name: 'Start reminders' }).click();
    await expect(page.getByRole('button', { name: 'Start reminders' })).toHaveCount(0);
    await expect(async () => {
      await page.goto('/appointments');
      await expect(page.getByText('Maya Lopez').first()).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 180_000 });

    // Who comes to the other one a person says.
    await page.goto(`${here}?state=needs_number`);
    await page.getByLabel('Phone number').fill('+14155550172');
    await page.getByRole('button', { name: 'Link', exact: true }).click();
    await expect(page.getByText('Every event that may be a visit has somebody who comes.')).toBeVisible();

    // What moves there moves here.
    const other = later(20);
    calendar.put('maya', 'Maya Lopez +14155550171', other);
    const day = new Intl.DateTimeFormat('en-US', { month: 'long', day: 'numeric', timeZone: 'America/Chicago' }).format(other);
    await expect(async () => {
      await page.goto('/appointments');
      await expect(page.getByRole('main').getByText(new RegExp(day)).first()).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 180_000 });
  } finally {
    calendar.stop();
  }
});
