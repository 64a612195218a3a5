import { showup } from './showup.mjs';

const phone = encodeURIComponent('+14155550171');
const [ann] = (await showup('GET', `/contacts?search=${phone}`)).data;

const wanted = { contact_id: ann.id, external_id: 'crm-4711', starts_at: '2027-01-05T15:00:00Z', minutes: 30 };
const visit = await showup('POST', '/appointments', wanted);

const moved = await showup('PATCH', `/appointments/${visit.id}`, { starts_at: '2027-01-06T15:00:00Z', tell: true });
console.log(moved.starts_at);

const cancelled = await showup('POST', `/appointments/${visit.id}/cancel`);
console.log(cancelled.status);
