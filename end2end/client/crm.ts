// What a program does with a client that is generated from the document of the API. It is checked by tsc and never run: names, bodies and
// answers must be those of the document.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

export async function bookMoveCancel(baseUrl: string, key: string): Promise<string> {
  const showup = createClient<paths>({ baseUrl: `${baseUrl}/api/v1`, headers: { Authorization: `Bearer ${key}` } });
  const made = await showup.POST('/contacts', {
    params: { header: { 'Idempotency-Key': 'ann-4711' } },
    body: { name: 'Ann Lee', phone: '+14155550171', opt_in: { channel: 'sms', source: 'booking form' } },
  });
  if (made.error) throw new Error(said(made.error));
  const booked = await showup.POST('/appointments', { body: { contact_id: made.data.id, starts_at: '2027-01-05T15:00:00Z', minutes: 30 } });
  if (booked.error) throw new Error(said(booked.error));
  const path = { params: { path: { id: booked.data.id } } };
  const moved = await showup.PATCH('/appointments/{id}', { ...path, body: { starts_at: '2027-01-06T15:00:00Z' } });
  if (moved.error) throw new Error(said(moved.error));
  const cancelled = await showup.POST('/appointments/{id}/cancel', path);
  if (cancelled.error) throw new Error(said(cancelled.error));
  return cancelled.data.status;
}

/** Everything that has changed since then, page after page. */
export async function changedSince(baseUrl: string, key: string, since: string): Promise<components['schemas']['AppointmentView'][]> {
  const showup = createClient<paths>({ baseUrl: `${baseUrl}/api/v1`, headers: { Authorization: `Bearer ${key}` } });
  const all = [];
  let cursor: string | undefined;
  do {
    const page = await showup.GET('/appointments', { params: { query: { updated_since: since, cursor } } });
    if (page.error) throw new Error(said(page.error));
    all.push(...page.data.data);
    cursor = page.data.next_cursor ?? undefined;
  } while (cursor);
  return all;
}

/** What can't be written to the API does not compile. */
export async function misunderstood(baseUrl: string) {
  const showup = createClient<paths>({ baseUrl });
  // @ts-expect-error a phone is a text
  await showup.POST('/contacts', { body: { name: 'Ann', phone: 4155550171 } });
  // @ts-expect-error a phone is needed
  await showup.POST('/contacts', { body: { name: 'Ann' } });
  // @ts-expect-error there is no such address
  await showup.GET('/people');
}

const said = (problem: components['schemas']['Problem']) => `${problem.title}: ${problem.detail}`;
