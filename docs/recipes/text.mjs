import { showup } from './showup.mjs';

const phone = encodeURIComponent('+14155550171');
const [ann] = (await showup('GET', `/contacts?search=${phone}`)).data;
const text = { contact_id: ann.id, body: 'Your glasses are here.' };

await showup('POST', '/messages', text, 'order-4711');
// Asked again, perhaps by another run: it is the same text.
const again = await showup('POST', '/messages', text, 'order-4711');

const now = await showup('GET', `/messages/${again.id}`);
console.log(now.body);
