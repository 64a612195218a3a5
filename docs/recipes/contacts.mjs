import { showup } from './showup.mjs';

const contacts = [
  { name: 'Ann Lee', phone: '+14155550171', opt_in: { channel: 'sms', source: 'booking form' } },
  { name: 'Ben Ortiz', phone: '+14155550172', tags: ['VIP'] },
];
const done = await showup('POST', '/contacts/batch', { contacts }, 'contacts-of-4-january');
for (const row of done.data) console.log(row.status);
